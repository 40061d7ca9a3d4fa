//! How the demand of a step spreads around its rate.

/// Rates up to this are counted one by one.
const MOST_COUNTED: f64 = 100.0;

/// A count is not said to be more than this often the largest that was observed.
const FAR: f64 = 10.0;

/// The demand of a step.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Spread {
    /// Never anything.
    Nothing,
    /// A negative binomial count with this mean; `size` is r of `variance = mean + mean² / r`, infinite for a Poisson count.
    Count { mean: f64, size: f64, most: f64 },
    /// With this probability one of these demands, ascending and equally likely; otherwise 0.
    Demand { probability: f64, demands: Vec<f64> },
}

impl Spread {
    /// A spread around `rate` that the history suggests.
    ///
    /// Whole numbers of a rate of at most 100 are a negative binomial count, whose variance relative to its mean is that of
    /// the history. Anything else is, as in Croston's model, with some probability one of the demands of the past; the
    /// probability makes `rate` the mean, and where it would be above 1 the demands are scaled.
    pub(super) fn around(rate: f64, values: &[f64]) -> Self {
        let mut demands: Vec<f64> = values.iter().copied().filter(|&value| value != 0.0).collect();
        demands.sort_by(f64::total_cmp);
        let (Some(&least), Some(&most)) = (demands.first(), demands.last()) else {
            return Self::Nothing;
        };
        let whole = demands.iter().all(|demand| demand.fract() == 0.0);
        if whole && least > 0.0 && rate > 0.0 && rate <= MOST_COUNTED {
            let (mean, variance) = moments(values);
            let size = mean * mean / (variance - mean);
            let size = if variance > mean { size } else { f64::INFINITY };
            return Self::Count { mean: rate, size, most: FAR * most };
        }
        let mean = demands.iter().sum::<f64>() / demands.len() as f64;
        let share = demands.len() as f64 / values.len() as f64;
        // Demands of both signs have no size to speak of: then the history's share of demands stays.
        let probability = if least * most > 0.0 { rate / mean } else { share };
        if probability > 1.0 {
            for demand in &mut demands {
                *demand *= probability;
            }
        }
        Self::Demand { probability: probability.min(1.0), demands }
    }

    /// The mean.
    pub(super) fn mean(&self) -> f64 {
        match self {
            Self::Nothing => 0.0,
            Self::Count { mean, .. } => *mean,
            Self::Demand { probability, demands } => {
                probability * (demands.iter().sum::<f64>() / demands.len() as f64)
            }
        }
    }

    /// The least demand that is not exceeded with probability `level` or more.
    pub(super) fn quantile(&self, level: f64) -> f64 {
        match self {
            Self::Nothing => 0.0,
            Self::Count { mean, size, most } => counted(level, *mean, *size, *most),
            Self::Demand { probability, demands } => {
                let each = probability / demands.len() as f64;
                let negative = demands.partition_point(|&demand| demand < 0.0);
                // A sum of equal parts must not miss its level by rounding.
                let wanted = level * (1.0 - 1e-12);
                let below = each * negative as f64;
                if wanted > below && wanted <= below + (1.0 - probability) {
                    return 0.0;
                }
                let zeros = if wanted > below { 1.0 - probability } else { 0.0 };
                let at = ((wanted - zeros) / each).ceil() as usize;
                demands[at.clamp(1, demands.len()) - 1]
            }
        }
    }
}

/// Mean and variance of the sample.
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, squares / (n - 1.0).max(1.0))
}

/// Quantile of a negative binomial count, from 0 up to `most`.
///
/// ```text
/// P(0) = (r / (r + m))^r        P(k + 1) = P(k) (k + r) / (k + 1) * m / (r + m)        r infinite: exp(-m), m / (k + 1)
/// ```
fn counted(level: f64, mean: f64, size: f64, most: f64) -> f64 {
    let poisson = size.is_infinite();
    let mut probability =
        if poisson { (-mean).exp() } else { (-size * (mean / size).ln_1p()).exp() };
    let mut reach = probability;
    let mut count = 0.0;
    while reach < level && count < most {
        let ratio = if poisson { mean } else { (count + size) * mean / (size + mean) };
        count += 1.0;
        probability *= ratio / count;
        reach += probability;
    }
    count
}
