//! Round ticks, and words for numbers.

/// One axis: its ends and the ticks on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    low: f64,
    high: f64,
    pub(in crate::charts) ticks: Vec<f64>,
    /// What stands at the ticks, where it is not their numbers.
    words: Vec<String>,
}

impl Axis {
    fn new(low: f64, high: f64, ticks: Vec<f64>) -> Self {
        Self { low, high, ticks, words: Vec::new() }
    }

    /// An axis from `low` to `high`, which must be larger, with words at some places between them.
    pub fn with_words(low: f64, high: f64, words: Vec<(f64, String)>) -> Self {
        let (ticks, words) = words.into_iter().unzip();
        Self { low, high, ticks, words }
    }

    /// The ticks and what stands there.
    pub(in crate::charts) fn marked(&self) -> Vec<(f64, String)> {
        let words = |(at, &tick): (usize, &f64)| {
            (tick, self.words.get(at).cloned().unwrap_or_else(|| label(tick)))
        };
        self.ticks.iter().enumerate().map(words).collect()
    }

    /// An axis that holds all values, with some `count` ticks at round numbers: 1, 2 or 5 times a power of ten.
    ///
    /// Source: Heckbert, "Nice Numbers for Graph Labels", Graphics Gems (1990), page 61.
    pub fn over(low: f64, high: f64, count: f64) -> Self {
        // Beyond this, differences would overflow; nobody can read such a chart anyway.
        let (mut low, mut high) = (low.clamp(-1e300, 1e300), high.clamp(-1e300, 1e300));
        // A single value gets some room, and so do values that differ by rounding only.
        let room = low.abs().max(high.abs()) * 1e-9;
        if high - low <= room {
            let half = if room > 0.0 { low.abs().max(high.abs()) * 0.1 } else { 0.5 };
            (low, high) = (low - half, high + half);
        }
        let step = nice((high - low) / count);
        let (first, last) = ((low / step).floor(), (high / step).ceil());
        let ticks = (0..=(last - first) as u64).map(|index| (first + index as f64) * step);
        Self::new(first * step, last * step, ticks.collect())
    }

    /// An axis of whole numbers from `low` to `high`, without ticks between them and without room beside them.
    pub fn whole(low: u64, high: u64) -> Self {
        let (low, high) = (low as f64, (high as f64).max(low as f64 + 1.0));
        let step = nice((high - low) / 8.0).max(1.0);
        let first = (low / step).ceil();
        let count = ((high / step).floor() - first).max(0.0) as u64;
        Self::new(low, high, (0..=count).map(|index| (first + index as f64) * step).collect())
    }

    /// Where a value lies between the ends, 0 to 1; a value beyond lies at the end.
    pub(in crate::charts) fn place(&self, value: f64) -> f64 {
        ((value.clamp(-1e300, 1e300) - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }
}

/// The round number nearest above a step.
fn nice(step: f64) -> f64 {
    let power = 10_f64.powf(step.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| step <= factor * power * (1.0 + 1e-9));
    factor.unwrap_or(10.0) * power
}

/// A number in four significant digits, short.
pub fn label(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || !size.is_finite() {
        return if size == 0.0 { "0".to_owned() } else { "–".to_owned() };
    }
    if (1e-4..1e6).contains(&size) {
        let decimals = (3 - size.log10().floor() as i32).clamp(0, 7) as usize;
        return trimmed(&format!("{value:.decimals$}"));
    }
    let text = format!("{value:.3e}");
    let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
    format!("{}e{power}", trimmed(digits))
}

fn trimmed(digits: &str) -> String {
    if digits.contains('.') {
        digits.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        digits.to_owned()
    }
}

/// The ends of what is worth showing: all but values that are much worse than most.
///
/// `losses` (lower is better) are cut at the upper quartile plus three times the distance of the quartiles, Tukey's
/// outer fence ("Exploratory Data Analysis", 1977, section 2D), so that one trial that diverged does not press all
/// others flat. None when there is nothing finite.
pub(in crate::charts) fn worth_showing(losses: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let mut sorted: Vec<f64> = losses.filter(|loss| loss.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (*sorted.first()?, *sorted.last()?);
    let (lower, upper) = (sorted[sorted.len() / 4], sorted[sorted.len() * 3 / 4]);
    let fence = upper + 3.0 * (upper - lower);
    // With few values, or most of them equal, the quartiles say nothing.
    let fenced = sorted.len() >= 8 && upper > lower && fence.is_finite();
    Some((low, if fenced { high.min(fence) } else { high }))
}
