//! One time series.

use std::sync::Arc;

/// Stands for a category that is not known, in [`Series::categories`].
pub const UNKNOWN_CATEGORY: u32 = u32::MAX;

/// One time series: a target on consecutive steps, and what is known beside it.
///
/// A clone is cheap and [`cut`](Self::cut) hides the end without copying the target, so that every
/// backtest window of a large [`Panel`](super::Panel) shares one copy of it.
///
/// ```
/// use ensue_core::series::Series;
///
/// let sales = Series::new(["tea"], 100, vec![3.0, f64::NAN, 4.0, 5.0]);
/// let past = sales.cut(1);
/// assert_eq!((past.len(), past.end()), (3, 103));
/// assert_eq!(past.hidden(), [5.0]);
/// ```
#[derive(Debug, Clone)]
pub struct Series {
    data: Arc<Data>,
    related: Arc<Vec<Vec<f32>>>,
    length: usize,
}

#[derive(Debug, Clone, Default)]
struct Data {
    key: Vec<String>,
    start: i64,
    target: Vec<f64>,
    categories: Vec<u32>,
    reals: Vec<f32>,
}

impl Series {
    /// A series of `target` from step `start` on; not-a-number where nothing was observed.
    ///
    /// `key` is the item id, then the values of the forecast dimensions in the panel's order. An
    /// item without history (cold start) has an empty target and `start` where forecasts begin.
    pub fn new(
        key: impl IntoIterator<Item = impl Into<String>>,
        start: i64,
        target: Vec<f64>,
    ) -> Self {
        let length = target.len();
        let key = key.into_iter().map(Into::into).collect();
        let data = Arc::new(Data { key, start, target, ..Data::default() });
        Self { data, related: Arc::default(), length }
    }

    /// With the related series: one row of values from step `start` on for each name of the panel.
    /// A row may end with the target (historical) or reach beyond it (forward-looking); the target
    /// counts here with what [`cut`](Self::cut) has hidden of it.
    pub fn with_related(mut self, related: Vec<Vec<f32>>) -> Self {
        self.related = Arc::new(related);
        self
    }

    /// With its category for each static feature of the panel, or [`UNKNOWN_CATEGORY`].
    pub fn with_categories(mut self, categories: Vec<u32>) -> Self {
        Arc::make_mut(&mut self.data).categories = categories;
        self
    }

    /// With its number for each static real of the panel.
    pub fn with_reals(mut self, reals: Vec<f32>) -> Self {
        Arc::make_mut(&mut self.data).reals = reals;
        self
    }

    /// The item id, then the values of the forecast dimensions.
    pub fn key(&self) -> &[String] {
        &self.data.key
    }

    /// The first step.
    pub fn start(&self) -> i64 {
        self.data.start
    }

    /// The step after the last: where a forecast begins.
    pub fn end(&self) -> i64 {
        self.data.start + self.length as i64
    }

    /// Number of steps.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there is no step at all (cold start).
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The target; not-a-number where nothing was observed.
    pub fn target(&self) -> &[f64] {
        &self.data.target[..self.length]
    }

    /// What [`cut`](Self::cut) has hidden, in order of time.
    pub fn hidden(&self) -> &[f64] {
        &self.data.target[self.length..]
    }

    /// The related series, from [`start`](Self::start) on: historical ones end with the target,
    /// forward-looking ones reach into the future.
    pub fn related(&self) -> &[Vec<f32>] {
        &self.related
    }

    /// Category for each static feature of the panel.
    pub fn categories(&self) -> &[u32] {
        &self.data.categories
    }

    /// Number for each static real of the panel.
    pub fn reals(&self) -> &[f32] {
        &self.data.reals
    }

    /// The same without the last `steps` steps (all of them when it is shorter).
    ///
    /// Historical related series end with what is left of the target, since nobody knows them in
    /// advance; those that reach beyond the whole target, hidden steps included, stay as they are.
    pub fn cut(&self, steps: usize) -> Self {
        let length = self.length.saturating_sub(steps);
        let whole = self.data.target.len();
        let end = |row: &[f32]| if row.len() > whole { row.len() } else { row.len().min(length) };
        let related = if self.related.iter().all(|row| end(row) == row.len()) {
            Arc::clone(&self.related)
        } else {
            Arc::new(self.related.iter().map(|row| row[..end(row)].to_vec()).collect())
        };
        Self { data: Arc::clone(&self.data), related, length }
    }

    /// Number of steps with a target.
    pub fn observed(&self) -> usize {
        self.target().iter().filter(|y| !y.is_nan()).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cutting_hides_and_copies_nothing() {
        // Oracle: the same address.
        let all = Series::new(["a", "b"], -2, vec![1.0, 2.0, 3.0]).with_related(vec![vec![9.0; 5]]);
        let some = all.cut(2);
        assert_eq!((some.target(), some.hidden()), (&[1.0][..], &[2.0, 3.0][..]));
        assert_eq!((some.start(), some.end(), some.key()), (-2, -1, all.key()));
        assert_eq!(some.target().as_ptr(), all.target().as_ptr());
        assert_eq!(some.related()[0].len(), 5);
        assert!(all.cut(9).is_empty());
        assert_eq!(all.cut(9).hidden().len(), 3);
    }

    #[test]
    fn a_related_series_that_is_not_known_ahead_is_cut_with_the_target() {
        // Oracle: by hand; four steps, known to the end, and one step further.
        let rows = vec![vec![1.0, 2.0, 3.0, 4.0], vec![1.0, 2.0, 3.0, 4.0, 5.0]];
        let all = Series::new(["a"], 0, vec![0.0; 4]).with_related(rows.clone());
        assert_eq!(all.cut(0).related(), rows);
        let once = all.cut(1);
        assert_eq!(once.related(), [&rows[0][..3], &rows[1]]);
        // The hidden step stays part of the target that decides which rows are historical.
        assert_eq!(once.cut(2).related(), [&rows[0][..1], &rows[1]]);
        assert_eq!(all.cut(9).related(), [&[][..], &rows[1]]);
        // Without a historical row the numbers are shared.
        let ahead = Series::new(["a"], 0, vec![0.0; 4]).with_related(rows[1..].to_vec());
        assert_eq!(ahead.cut(2).related().as_ptr(), ahead.related().as_ptr());
    }

    #[test]
    fn what_is_missing_is_not_observed() {
        // Oracle: counted by hand.
        assert_eq!(Series::new(["a"], 0, vec![f64::NAN, 0.0, 1.0]).observed(), 2);
    }
}
