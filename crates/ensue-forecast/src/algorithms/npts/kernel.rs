//! What drawing past values at random comes to, exactly.
//!
//! `NPTS` draws the value of a step from the values before it, those already drawn among them: value `i` with probability in
//! proportion to `exp(-decay (t - i))`, within one season only. Draws from draws change nothing: the weights of two observed
//! values keep their ratio `exp(-decay (j - i))` whatever step `t` asks, so that every drawn value has the distribution
//! of the first one of its season, and a mixture of equal distributions is that distribution. It is a weight for each
//! observed value: quantiles and mean need no samples. (Where a season was never observed and two others are nearest to it,
//! draws from draws would shift a little weight between these two; here both weigh by their observed values only.)

/// A distribution over observed values.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Drawn {
    /// The values with some weight, ascending.
    values: Vec<f64>,
    /// Their cumulated weights.
    reach: Vec<f64>,
    mean: f64,
}

impl Drawn {
    /// The least value that is not exceeded with probability `level` or more.
    pub(super) fn quantile(&self, level: f64) -> f64 {
        let total = self.reach.last().copied().unwrap_or(0.0);
        // A sum of equal weights must not miss its level by rounding.
        let wanted = level * total * (1.0 - 1e-12);
        let at = self.reach.partition_point(|&reach| reach < wanted);
        self.values.get(at).or(self.values.last()).copied().unwrap_or(f64::NAN)
    }

    /// The mean.
    pub(super) fn mean(&self) -> f64 {
        self.mean
    }
}

/// A history by value and by season, from which steps are drawn.
#[derive(Debug)]
pub(super) struct History<'a> {
    target: &'a [f64],
    /// The season of each step; empty where there are none.
    seasons: &'a [u16],
    /// The observed steps by value, ascending.
    order: Vec<u32>,
    /// How fast the logarithm of a weight falls with each step back; 0 for equal weights.
    decay: f64,
}

impl<'a> History<'a> {
    /// Steps that are not-a-number are never drawn.
    pub(super) fn new(target: &'a [f64], seasons: &'a [u16], decay: f64) -> Self {
        let mut order: Vec<u32> =
            (0..target.len() as u32).filter(|&at| !target[at as usize].is_nan()).collect();
        order.sort_by(|&a, &b| target[a as usize].total_cmp(&target[b as usize]));
        Self { target, seasons, order, decay }
    }

    /// What a step of `season` is drawn from: the observed steps of that season, or of the nearest ones where it was never
    /// observed; none where nothing was.
    pub(super) fn drawn(&self, season: u16) -> Option<Drawn> {
        let distance =
            |at: u32| self.seasons.get(at as usize).map_or(0, |own| own.abs_diff(season));
        let nearest = self.order.iter().map(|&at| distance(at)).min()?;
        let members = || self.order.iter().copied().filter(|&at| distance(at) == nearest);
        let latest = members().max()?;
        let (mut values, mut reach) = (Vec::new(), Vec::new());
        let (mut total, mut sum) = (0.0, 0.0);
        for at in members() {
            // Relative to the latest one, which weighs 1: nothing overflows, and not all can vanish.
            let weight = (-self.decay * f64::from(latest - at)).exp();
            let value = self.target[at as usize];
            total += weight;
            sum += weight * value;
            values.push(value);
            reach.push(total);
        }
        let (low, high) = (*values.first()?, *values.last()?);
        Some(Drawn { values, reach, mean: (sum / total).clamp(low, high) })
    }
}
