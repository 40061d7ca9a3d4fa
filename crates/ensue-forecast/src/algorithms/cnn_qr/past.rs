//! The values of one series, with the sums that make means over any stretch of them cheap.

use crate::algorithms::global::Ready;

/// Sums of values, and numbers of them, before each step and at the end.
#[derive(Debug)]
struct Sums(Vec<(f64, u32)>);

impl Sums {
    fn of(values: impl Iterator<Item = Option<f64>>) -> Self {
        let (mut sum, mut count) = (0.0, 0);
        let mut sums = vec![(sum, count)];
        sums.extend(values.map(|value| {
            if let Some(value) = value {
                (sum, count) = (sum + value, count + 1);
            }
            (sum, count)
        }));
        Self(sums)
    }

    /// Mean, and number, of the values of steps `from..to`, which may reach outside.
    fn mean(&self, from: i64, to: i64) -> Option<(f64, u32)> {
        let place = |at: i64| self.0[at.clamp(0, self.0.len() as i64 - 1) as usize];
        let ((before, none), (sum, count)) = (place(from), place(to));
        (count > none).then(|| ((sum - before) / f64::from(count - none), count - none))
    }
}

/// A series that windows are cut from.
#[derive(Debug)]
pub(super) struct Past {
    pub(super) ready: Ready,
    /// The first step that was observed.
    first: i64,
    sums: Sums,
    /// For each of some lags, sizes of the changes over it.
    changes: Vec<Sums>,
}

impl Past {
    pub(super) fn new(ready: Ready, lags: &[usize]) -> Self {
        let value = |at: usize| ready.observed[at].then(|| f64::from(ready.values[at]));
        let steps = 0..ready.values.len();
        let changes = |lag: usize| {
            let change = move |at: usize| {
                let before = value(at.checked_sub(lag)?)?;
                Some((value(at)? - before).abs())
            };
            Sums::of(steps.clone().map(change))
        };
        let changes = lags.iter().map(|&lag| changes(lag)).collect();
        let first = ready.observed.iter().position(|&observed| observed);
        let first = first.unwrap_or(ready.values.len()) as i64;
        Self { first, sums: Sums::of(steps.clone().map(value)), changes, ready }
    }

    /// Steps of the target.
    pub(super) fn len(&self) -> i64 {
        self.ready.values.len() as i64
    }

    /// The value at a step that lies within `from..to`, the last one before it where it is missing; none before the first
    /// that was observed.
    pub(super) fn at(&self, at: i64, from: i64, to: i64) -> Option<f64> {
        let known = at >= self.begin(from) && at < to.min(self.len());
        known.then(|| f64::from(self.ready.values[at as usize]))
    }

    /// Where a past from `from` on begins: not before the first step that was observed.
    pub(super) fn begin(&self, from: i64) -> i64 {
        from.max(self.first)
    }

    /// Mean of what was observed in steps `from..to`, which may reach outside the series.
    pub(super) fn mean(&self, from: i64, to: i64) -> Option<f64> {
        self.sums.mean(from, to).map(|(mean, _)| mean)
    }

    /// Mean size of the changes that end in steps `from..to`, over lag number `n`, where there are at least `few`.
    pub(super) fn change(&self, n: usize, from: i64, to: i64, few: u32) -> Option<f64> {
        self.changes[n].mean(from, to).filter(|&(_, count)| count >= few).map(|(mean, _)| mean)
    }
}
