//! The normal equations of a piecewise-linear trend and other columns, in one pass over the rows.

/// Sums of products of the columns `1`, `t`, `x` with themselves, with the ramps of the trend and with `y`.
///
/// The ramp of changepoint `c` is `max(t - c, 0)`: over the rows from `c` on it is the column `t` less `c` times the column
/// `1`. So the sums of the ramps are read off the sums of those two columns, gathered from the last row backwards: a row costs
/// the same with 25 changepoints as with none.
#[derive(Debug, Default)]
pub(super) struct Equations {
    /// Columns beside the ramps: `1`, `t`, `x`.
    pub(super) columns: usize,
    /// Ramps.
    pub(super) ramps: usize,
    /// Columns with columns and with `y`: rows of `columns + 1`, lower triangle.
    pub(super) gram: Vec<f64>,
    /// Ramps with columns: a row a ramp, and with `y` at its end.
    pub(super) mixed: Vec<f64>,
    /// Ramps with ramps, row by row.
    pub(super) ramp_gram: Vec<f64>,
    row: Vec<f64>,
}

/// What is summed up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows<'a> {
    /// Time of each row, rising, 0 to 1.
    pub(super) t: &'a [f64],
    /// Other columns, row by row.
    pub(super) x: &'a [f64],
    /// Values.
    pub(super) y: &'a [f64],
    /// Rows at whose time a ramp begins, rising.
    pub(super) changepoints: &'a [usize],
    /// What the trend's columns, and what the first `weighted` of the others are multiplied by in each row; 1 where empty.
    pub(super) weights: (&'a [f64], &'a [f64]),
    /// How many of the other columns are multiplied.
    pub(super) weighted: usize,
}

impl Equations {
    /// Sums up; what was there before is gone.
    pub(super) fn gather(&mut self, rows: &Rows<'_>) {
        let count = rows.t.len();
        let others = rows.x.len().checked_div(count).unwrap_or(0);
        let columns = others + 2;
        let width = columns + 1;
        (self.columns, self.ramps) = (columns, rows.changepoints.len());
        for (sums, size) in [
            (&mut self.gram, width * width),
            (&mut self.mixed, self.ramps * width),
            (&mut self.ramp_gram, self.ramps * self.ramps),
            (&mut self.row, width),
        ] {
            sums.clear();
            sums.resize(size, 0.0);
        }
        let mut next = self.ramps;
        for at in (0..count).rev() {
            let (trend, other) = rows.weights;
            let trend = trend.get(at).copied().unwrap_or(1.0);
            let other = other.get(at).copied().unwrap_or(1.0);
            self.row[0] = trend;
            self.row[1] = trend * rows.t[at];
            self.row[2..columns].copy_from_slice(&rows.x[at * others..][..others]);
            for cell in &mut self.row[2..][..rows.weighted] {
                *cell *= other;
            }
            self.row[columns] = rows.y[at];
            for i in 0..width {
                let factor = self.row[i];
                for (sum, x) in self.gram[i * width..][..=i].iter_mut().zip(&self.row) {
                    *sum += factor * x;
                }
            }
            if next > 0 && rows.changepoints[next - 1] == at {
                next -= 1;
                self.begin(next, rows);
            }
        }
    }

    /// Reads the sums of ramp `ramp` off those of the rows from its changepoint on.
    fn begin(&mut self, ramp: usize, rows: &Rows<'_>) {
        let width = self.columns + 1;
        let of = |i: usize, j: usize| self.gram[i.max(j) * width + i.min(j)];
        let start = |ramp: usize| rows.t[rows.changepoints[ramp]];
        let c = start(ramp);
        for column in 0..width {
            self.mixed[ramp * width + column] = of(1, column) - c * of(0, column);
        }
        for earlier in 0..=ramp {
            let from = start(earlier);
            let sum = of(1, 1) - (from + c) * of(0, 1) + from * c * of(0, 0);
            self.ramp_gram[earlier * self.ramps + ramp] = sum;
            self.ramp_gram[ramp * self.ramps + earlier] = sum;
        }
    }
}
