//! Series that break forecasting algorithms.

use ensue_core::{Seed, Series};
use rand::{Rng, RngExt};

/// The longest series.
const LONGEST: usize = 120;

/// The kinds of nasty series, by name.
pub const NASTY_KINDS: [&str; 15] = [
    "constant",
    "all zero",
    "one spike",
    "negative",
    "one point",
    "alternating",
    "huge",
    "tiny",
    "long gaps",
    "missing at both ends",
    "nothing",
    "doubling",
    "leap",
    "counts",
    "all scales",
];

/// `count` series that break forecasting algorithms, of all [`NASTY_KINDS`] in turn: the kind is the first word of the key.
///
/// Up to 120 steps long, from step 0 to 999 on; sizes up to 1e12 and down to 1e-12, gaps of up to 60 steps. Every fourth
/// series has holes as well, and every fifth another scale, but for those that are nasty by their scale. The same seed gives
/// the same series.
///
/// ```
/// use ensue_core::Seed;
/// let series = ensue_testkit::nasty_series(Seed(1), 30);
/// assert_eq!(series[0].key(), ["constant 0"]);
/// assert!(series[1].target().iter().all(|&y| y == 0.0 || y.is_nan()));
/// ```
pub fn nasty_series(seed: Seed, count: usize) -> Vec<Series> {
    let one = |at: usize| {
        let kind = NASTY_KINDS[at % NASTY_KINDS.len()];
        let mut rng = seed.stream(&format!("nasty/{at}"));
        let mut target = target(kind, &mut rng);
        if at % 4 == 3 && target.len() > 1 {
            let holes = rng.random_range(0.05..0.7);
            target.iter_mut().filter(|_| rng.random_bool(holes)).for_each(|y| *y = f64::NAN);
        }
        let scaled = ["huge", "tiny", "all scales", "doubling"].contains(&kind);
        if at % 5 == 4 && !scaled {
            let scale = 10_f64.powi(rng.random_range(-9..=9));
            for y in &mut target {
                *y *= scale;
            }
        }
        Series::new([format!("{kind} {at}")], rng.random_range(0..1000), target)
    };
    (0..count).map(one).collect()
}

fn target(kind: &str, rng: &mut impl Rng) -> Vec<f64> {
    let n = rng.random_range(2..=LONGEST);
    let level: f64 = rng.random_range(0.1..50.0);
    // A season of seven steps and some noise.
    let mut wave = |scale: f64| -> Vec<f64> {
        let value = |t: usize| level * (1.0 + 0.3 * (t as f64 * 0.9).sin());
        (0..n).map(|t| scale * (value(t) + level * rng.random_range(-0.1..0.1))).collect()
    };
    match kind {
        "constant" => vec![level; n],
        "all zero" => vec![0.0; n],
        "one spike" => {
            let at = rng.random_range(0..n);
            let height = 10_f64.powf(rng.random_range(0.0..9.0));
            (0..n).map(|t| if t == at { height } else { 0.0 }).collect()
        }
        "negative" => wave(-1.0),
        "one point" => vec![level],
        "alternating" => (0..n).map(|t| if t % 2 == 0 { level } else { -level }).collect(),
        "huge" => wave(1e12 / 50.0),
        "tiny" => wave(1e-12),
        "long gaps" => {
            let mut series = wave(1.0);
            for _ in 0..3 {
                let from = rng.random_range(0..n);
                let to = (from + rng.random_range(1..=LONGEST / 2)).min(n);
                series[from..to].fill(f64::NAN);
            }
            series
        }
        "missing at both ends" => {
            let mut series = wave(1.0);
            let (first, last) = (rng.random_range(0..n), rng.random_range(0..n));
            series[..first.min(last)].fill(f64::NAN);
            series[first.max(last) + 1..].fill(f64::NAN);
            series
        }
        "nothing" => vec![f64::NAN; rng.random_range(0..n)],
        "doubling" => (0..n.min(40)).map(|t| level * 2_f64.powi(t as i32)).collect(),
        "leap" => {
            let (mut series, at) = (wave(1.0), rng.random_range(0..n));
            series[at..].iter_mut().for_each(|y| *y *= 1e6);
            series
        }
        "counts" => {
            (0..n).map(|_| f64::from(rng.random_range(0_u32..30).saturating_sub(25))).collect()
        }
        _ => (0..n).map(|_| 10_f64.powf(rng.random_range(-12.0..12.0))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_some_of_everything_that_is_nasty() {
        // Oracle: what the kinds promise, looked for in 500 series.
        let all = nasty_series(Seed(1), 500);
        assert_eq!(all.len(), 500);
        let some = |name: &str, holds: &dyn Fn(&[f64]) -> bool| {
            let found = all.iter().filter(|series| holds(series.target())).count();
            assert!(found >= 10, "{name}: {found}");
        };
        let largest = |y: &[f64]| y.iter().fold(0.0_f64, |most, y| most.max(y.abs()));
        let longest_gap = |y: &[f64]| {
            let runs = y.split(|y| !y.is_nan()).map(<[f64]>::len);
            if y.first().is_some_and(|y| !y.is_nan()) { runs.max().unwrap_or(0) } else { 0 }
        };
        some("empty or missing", &|y| y.iter().all(|y| y.is_nan()));
        some("one point", &|y| y.len() == 1);
        some("all zero", &|y| y.len() > 1 && y.iter().all(|&y| y == 0.0));
        some("constant", &|y| y.len() > 1 && y[0] != 0.0 && y.iter().all(|&other| other == y[0]));
        some("negative", &|y| !y.is_empty() && y.iter().all(|&y| y < 0.0));
        some("both signs", &|y| y.iter().any(|&y| y < 0.0) && y.iter().any(|&y| y > 0.0));
        some("huge", &|y| largest(y) > 1e11);
        some("tiny", &|y| largest(y) > 0.0 && largest(y) < 1e-10);
        some("long gaps", &|y| longest_gap(y) >= 20);
        assert!(all.iter().all(|series| series.target().iter().all(|y| !y.is_infinite())));
    }

    #[test]
    fn the_same_seed_gives_the_same_series() {
        // Oracle: the bits, of the same and of another seed, and of fewer series.
        let bits = |seed: u64, count: usize| -> Vec<Vec<u64>> {
            let series = nasty_series(Seed(seed), count);
            series.iter().map(|one| one.target().iter().map(|y| y.to_bits()).collect()).collect()
        };
        assert_eq!(bits(1, 60), bits(1, 60));
        assert_eq!(bits(1, 60)[..20], bits(1, 20));
        assert_ne!(bits(1, 60), bits(2, 60));
    }
}
