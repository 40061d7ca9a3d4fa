//! What stands where nothing was observed.

use std::collections::VecDeque;

use super::{Featurization, Filling};

/// How many observed values before a gap its statistics look at.
const WINDOW: usize = 64;

/// The fillings of the three regions; a region without one stays as it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fillings {
    pub(super) middle: Option<Filling>,
    pub(super) back: Option<Filling>,
    pub(super) future: Option<Filling>,
}

impl Fillings {
    /// The target's: zero unless set otherwise.
    pub(super) fn of_target(set: &Featurization) -> Self {
        let zero = |filling: Option<Filling>| Some(filling.unwrap_or(Filling::Zero));
        Self { middle: zero(set.middlefill), back: zero(set.backfill), future: None }
    }

    /// A related feature's: only those set.
    pub(super) fn of_related(set: &Featurization) -> Self {
        Self { middle: set.middlefill, back: set.backfill, future: set.futurefill }
    }
}

/// Fills the gaps of `values`. The back begins at `back`, behind the last value observed, the future at
/// `future`; what lies before the first value is left alone.
pub(super) fn fill(values: &mut [f64], fillings: Fillings, back: usize, future: usize) {
    let back = back.min(future);
    let mut window = VecDeque::with_capacity(WINDOW);
    let mut at = 0;
    while at < values.len() {
        if !values[at].is_nan() {
            if window.len() == WINDOW {
                window.pop_front();
            }
            window.push_back(values[at]);
            at += 1;
            continue;
        }
        let length = values[at..].iter().take_while(|value| value.is_nan()).count();
        let gap = at..at + length;
        at = gap.end;
        if window.is_empty() {
            continue;
        }
        for (filling, region) in [
            (fillings.middle, 0..back),
            (fillings.back, back..future),
            (fillings.future, future..values.len()),
        ] {
            let (start, end) = (gap.start.max(region.start), gap.end.min(region.end));
            if let Some(filling) = filling.filter(|_| start < end) {
                let value = value(filling, &window);
                values[start..end].fill(value);
            }
        }
    }
}

fn value(filling: Filling, window: &VecDeque<f64>) -> f64 {
    let values = || window.iter().copied();
    match filling {
        Filling::Zero => 0.0,
        Filling::Nan => f64::NAN,
        Filling::Value(value) => value,
        Filling::Mean => mean(window),
        Filling::Min => values().fold(f64::INFINITY, f64::min),
        Filling::Max => values().fold(f64::NEG_INFINITY, f64::max),
        Filling::Median => {
            let mut sorted: Vec<f64> = values().collect();
            sorted.sort_by(f64::total_cmp);
            let middle = sorted.len() / 2;
            if sorted.len() % 2 == 1 {
                sorted[middle]
            } else {
                f64::midpoint(sorted[middle - 1], sorted[middle])
            }
        }
    }
}

/// Between the smallest and the largest, also where the sum is more than a number can hold.
fn mean(window: &VecDeque<f64>) -> f64 {
    let count = window.len() as f64;
    let mean = window.iter().sum::<f64>() / count;
    if mean.is_finite() {
        return mean;
    }
    // Parts of rounded size can add up to a little more than the largest number.
    let parts: f64 = window.iter().map(|value| value / count).sum();
    parts.clamp(f64::MIN, f64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GAP: f64 = f64::NAN;

    fn filled(
        values: &[f64],
        fillings: [Option<Filling>; 3],
        back: usize,
        future: usize,
    ) -> String {
        let mut values = values.to_vec();
        let [middle, back_filling, future_filling] = fillings;
        fill(
            &mut values,
            Fillings { middle, back: back_filling, future: future_filling },
            back,
            future,
        );
        values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    // Oracle: the regions' table of the developer guide; front, middle, back and future hold one gap each.
    #[test]
    fn each_region_has_its_own_filling() {
        let values = [GAP, 1.0, GAP, 3.0, GAP, GAP, GAP];
        let all = [Some(Filling::Value(7.0)), Some(Filling::Value(8.0)), Some(Filling::Value(9.0))];
        assert_eq!(filled(&values, all, 4, 6), "NaN 1 7 3 8 8 9");
        assert_eq!(filled(&values, [None; 3], 4, 6), "NaN 1 NaN 3 NaN NaN NaN");
        assert_eq!(filled(&values, [all[0], None, None], 4, 6), "NaN 1 7 3 NaN NaN NaN");
        assert_eq!(filled(&values, [None, None, all[2]], 4, 6), "NaN 1 NaN 3 NaN NaN 9");
        // Values in the future leave no back; a gap among them is the future's.
        let values = [1.0, GAP, 3.0, GAP, 5.0, GAP];
        assert_eq!(filled(&values, all, 5, 3), "1 7 3 9 5 9");
        let nan = [Some(Filling::Nan); 3];
        assert_eq!(filled(&values, nan, 5, 3), "1 NaN 3 NaN 5 NaN");
    }

    // Oracle: worked out by hand; filled values do not count as observed.
    #[test]
    fn statistics_are_those_of_the_observed_values_before_the_gap() {
        let values = [4.0, 1.0, GAP, GAP, 10.0, GAP, 100.0];
        for (filling, expected) in [
            (Filling::Zero, "4 1 0 0 10 0 100"),
            (Filling::Mean, "4 1 2.5 2.5 10 5 100"),
            (Filling::Median, "4 1 2.5 2.5 10 4 100"),
            (Filling::Min, "4 1 1 1 10 1 100"),
            (Filling::Max, "4 1 4 4 10 10 100"),
        ] {
            assert_eq!(filled(&values, [Some(filling); 3], 7, 7), expected, "{filling:?}");
        }
    }

    // Oracle: by hand; the mean of equal values is that value, however large, of opposite ones 0. Sums
    // of these are infinite.
    #[test]
    fn statistics_of_the_largest_numbers_are_finite() {
        let last = |values: &[f64], filling| {
            let mut values = [values, &[GAP]].concat();
            let (all, end) = (Some(filling), values.len());
            fill(&mut values, Fillings { middle: all, back: all, future: all }, end, end);
            values[end - 1]
        };
        for filling in [Filling::Mean, Filling::Median] {
            for count in [2, 3, 7, 49, 64] {
                for extreme in [f64::MAX, f64::MIN] {
                    let found = last(&vec![extreme; count], filling);
                    let error = (found / extreme - 1.0).abs();
                    assert!(error < 1e-14, "{filling:?} of {count}: {found}");
                }
            }
            assert_eq!(last(&[1e308, 1e308], filling), 1e308);
            let opposite = [f64::MAX, f64::MAX, f64::MIN, f64::MIN];
            assert_eq!(last(&opposite, filling), 0.0, "{filling:?}");
        }
    }

    // Oracle: of 0, 1, .., 99 the latest 64 are 36 to 99: mean 67.5, smallest 36.
    #[test]
    fn statistics_look_back_64_values() {
        let values: Vec<f64> = (0..100).map(f64::from).chain([GAP]).collect();
        let last = |filling| {
            let mut values = values.clone();
            let all = Some(filling);
            fill(&mut values, Fillings { middle: all, back: all, future: all }, 100, 101);
            values[100]
        };
        assert_eq!(
            [last(Filling::Mean), last(Filling::Median), last(Filling::Min)],
            [67.5, 67.5, 36.0]
        );
    }
}
