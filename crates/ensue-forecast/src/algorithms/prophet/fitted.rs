//! One series: the model's columns, its fit, its forecast.

use std::f64::consts::TAU;

use super::{
    equations::{Equations, Rows},
    lasso::dot,
    map::{Estimate, Priors},
    spread::{Spread, Waves},
};

/// Steps of the linearised fit of a product.
const PRODUCT_ROUNDS: usize = 200;

/// Share of such a step below which nothing is gained.
const LEAST_STEP: f64 = 1e-6;

/// A series and what is known beside it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Data<'a> {
    /// When each step begins, in days since 1970-01-01; those to forecast follow those of the history.
    pub(super) days: &'a [f64],
    /// The history; not-a-number where nothing was observed.
    pub(super) target: &'a [f64],
    /// Numbers known of every step, those to forecast too.
    pub(super) regressors: &'a [&'a [f32]],
}

/// How the model is made.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    /// Whether the trend has a slope.
    pub(super) linear: bool,
    /// Whether seasons are shares of the trend.
    pub(super) multiplicative: bool,
    /// Changepoints, at most.
    pub(super) changepoints: usize,
    /// Share of the history that they lie in.
    pub(super) range: f64,
    /// Prior scales of the slope's changes, of the seasons and of the regressors.
    pub(super) scales: (f64, f64, f64),
}

/// A season: its period in days, and how many pairs of waves it has.
pub(super) type Season = (f64, usize);

/// A fitted model, ready to say what comes.
#[derive(Debug)]
pub(super) struct Fitted<'a> {
    data: Data<'a>,
    seasons: Vec<Season>,
    /// Mean and standard deviation that each regressor is standardised by.
    standards: Vec<(f64, f64)>,
    /// First and last observed day.
    ends: (f64, f64),
    scale: f64,
    multiplicative: bool,
    /// Times of the changepoints, 0 to 1.
    changepoints: Vec<f64>,
    pub(super) estimate: Estimate,
}

impl<'a> Fitted<'a> {
    /// Fits; none where fewer than two values were observed. `seasons` says which seasons there are of a series that spans so
    /// many days and whose nearest values lie so many days apart.
    pub(super) fn new(
        data: Data<'a>,
        shape: &Shape,
        seasons: impl Fn(f64, f64) -> Vec<Season>,
    ) -> Option<Self> {
        let observed: Vec<usize> =
            (0..data.target.len()).filter(|&at| !data.target[at].is_nan()).collect();
        let (&first, &last) = (observed.first()?, observed.last()?);
        let ends = (data.days[first], data.days[last]);
        if ends.0 >= ends.1 {
            return None;
        }
        let gap = |pair: &[usize]| data.days[pair[1]] - data.days[pair[0]];
        let spacing = observed.windows(2).map(gap).fold(f64::INFINITY, f64::min);
        let seasons = seasons(ends.1 - ends.0, spacing);
        let largest = observed.iter().map(|&at| data.target[at].abs()).fold(0.0, f64::max);
        let scale = if largest == 0.0 { 1.0 } else { largest };
        let standards = data.regressors.iter().map(|row| standard(row, &observed)).collect();
        let points = if shape.linear { changepoints(observed.len(), shape) } else { Vec::new() };
        let time = |at: usize| (data.days[at] - ends.0) / (ends.1 - ends.0);
        let waves = 2 * seasons.iter().map(|(_, order)| order).sum::<usize>();
        let others = waves + data.regressors.len();
        let mut fitted = Self {
            data,
            seasons,
            standards,
            ends,
            scale,
            multiplicative: shape.multiplicative,
            changepoints: points.iter().map(|&row| time(observed[row])).collect(),
            estimate: Estimate::new(others + 2, points.len()),
        };
        let values = || observed.iter().map(|&at| data.target[at]);
        let (low, high) = bounds(values());
        if low >= high {
            fitted.estimate.columns[0] = data.target[first] / scale;
            fitted.estimate.noise = 0.0;
            return Some(fitted);
        }
        let t: Vec<f64> = observed.iter().map(|&at| time(at)).collect();
        let y: Vec<f64> = values().map(|y| y / scale).collect();
        let mut x = vec![0.0; others * observed.len()];
        for (row, &at) in observed.iter().enumerate() {
            fitted.columns(at, &mut x[row * others..][..others]);
        }
        let (change, season, regressor) = shape.scales;
        // A flat trend's slope is not believed in at all.
        let slope = if shape.linear { 5.0 } else { 1e-9 };
        let mut columns = vec![5.0, slope];
        columns.extend((0..others).map(|at| if at < waves { season } else { regressor }));
        let priors = Priors { columns, change, noise: 0.5 };
        let rows = Rows {
            t: &t,
            x: &x,
            y: &y,
            changepoints: &points,
            weights: (&[], &[]),
            weighted: waves,
        };
        fitted.fit(&rows, &priors);
        Some(fitted)
    }

    /// Finds the parameters.
    fn fit(&mut self, rows: &Rows<'_>, priors: &Priors) {
        let mut equations = Equations::default();
        if self.multiplicative {
            return self.fit_product(rows, priors, &mut equations);
        }
        equations.gather(rows);
        self.estimate.find(&equations, rows.t.len(), priors);
    }

    /// The same where seasons are shares of the trend: the product is linearised around the last parameters, again and again,
    /// which is the same problem with weighted columns (Gauss-Newton). A step that does not raise the density is halved.
    fn fit_product(&mut self, rows: &Rows<'_>, priors: &Priors, equations: &mut Equations) {
        let (count, others) = (rows.t.len(), self.estimate.columns.len() - 2);
        // The level alone first, so that there is something to take shares of.
        self.estimate.columns[0] = rows.y.iter().sum::<f64>() / count as f64;
        let (mut shares, mut trends) = (vec![0.0; count], vec![0.0; count]);
        let mut response = vec![0.0; count];
        let mut from = self.estimate.parameters();
        let mut density = self.density(rows, priors);
        for _ in 0..PRODUCT_ROUNDS {
            let places = trends.iter_mut().zip(&mut shares).zip(&mut response);
            for (row, ((trends, shares), response)) in places.enumerate() {
                let (trend, share, _) = self.parts(rows.t[row], &rows.x[row * others..][..others]);
                (*trends, *shares) = (trend, 1.0 + share);
                *response = rows.y[row] + trend * share;
            }
            equations.gather(&Rows { y: &response, weights: (&shares, &trends), ..*rows });
            self.estimate.find(equations, count, priors);
            let to = self.estimate.parameters();
            let mut part = 1.0;
            let gain = loop {
                self.estimate.set(&from, &to, part);
                let gain = self.density(rows, priors) - density;
                if gain > 0.0 {
                    break gain;
                }
                part /= 2.0;
                if part < LEAST_STEP {
                    self.estimate.set(&from, &from, 0.0);
                    self.density(rows, priors);
                    return;
                }
            };
            density += gain;
            from = self.estimate.parameters();
            if gain < 1e-6 {
                return;
            }
        }
    }

    /// Sets the noise; the logarithm of the posterior density.
    fn density(&mut self, rows: &Rows<'_>, priors: &Priors) -> f64 {
        let others = self.estimate.columns.len() - 2;
        let square = |row: usize| {
            let parts = self.parts(rows.t[row], &rows.x[row * others..][..others]);
            (rows.y[row] - self.mean(parts)).powi(2)
        };
        let error = (0..rows.t.len()).map(square).sum();
        self.estimate.density(error, rows.t.len(), priors)
    }

    /// The columns beside the trend's, of a step.
    fn columns(&self, at: usize, out: &mut [f64]) {
        let mut cells = out.iter_mut();
        for &(period, order) in &self.seasons {
            let (sin, cos) = (TAU * (self.data.days[at] / period).fract()).sin_cos();
            let (mut s, mut c) = (0.0, 1.0);
            for _ in 0..order {
                // sin and cos of one more angle, by the addition theorem.
                (s, c) = (s * cos + c * sin, c * cos - s * sin);
                for (value, cell) in [s, c].into_iter().zip(cells.by_ref()) {
                    *cell = value;
                }
            }
        }
        for ((cell, row), (mean, deviation)) in cells.zip(self.data.regressors).zip(&self.standards)
        {
            *cell = (f64::from(row[at]) - mean) / deviation;
        }
    }

    /// The trend at a time, as a share of the scale.
    fn trend(&self, t: f64) -> f64 {
        let [offset, slope, ..] = self.estimate.columns[..] else { return 0.0 };
        let ramps = self.changepoints.iter().zip(self.estimate.changes());
        offset + slope * t + ramps.map(|(c, change)| change * (t - c).max(0.0)).sum::<f64>()
    }

    /// Trend, seasons and regressors at a time, given the other columns there.
    fn parts(&self, t: f64, columns: &[f64]) -> (f64, f64, f64) {
        let waves = columns.len() - self.standards.len();
        let factors = &self.estimate.columns[2..];
        let seasons = dot(&columns[..waves], &factors[..waves]);
        (self.trend(t), seasons, dot(&columns[waves..], &factors[waves..]))
    }

    /// The mean that such parts make, as a share of the scale.
    fn mean(&self, (trend, seasons, regressors): (f64, f64, f64)) -> f64 {
        let seasons = if self.multiplicative { trend * seasons } else { seasons };
        trend + seasons + regressors
    }

    /// Mean and quantiles of the `horizon` steps after the history.
    pub(super) fn forecast(&self, horizon: usize, levels: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>) {
        let mut columns = vec![0.0; self.estimate.columns.len() - 2];
        let mut waves = Waves::default();
        let mut means = Vec::with_capacity(horizon);
        let mut quantiles = vec![Vec::with_capacity(horizon); levels.len()];
        let changes = self.estimate.changes();
        let count = changes.len();
        let mean_change = changes.iter().map(|x| x.abs()).sum::<f64>() / count.max(1) as f64;
        for at in self.data.target.len()..self.data.target.len() + horizon {
            let t = (self.data.days[at] - self.ends.0) / (self.ends.1 - self.ends.0);
            self.columns(at, &mut columns);
            let parts = self.parts(t, &columns);
            let mean = self.mean(parts);
            let factor = if self.multiplicative { (1.0 + parts.1).abs() } else { 1.0 };
            means.push(mean * self.scale);
            waves.prepare(&Spread {
                noise: self.estimate.noise,
                change: mean_change * factor,
                rate: count as f64,
                span: t - 1.0,
            });
            for (row, &level) in quantiles.iter_mut().zip(levels) {
                row.push((mean + waves.quantile(level)) * self.scale);
            }
        }
        (means, quantiles)
    }
}

/// Mean and standard deviation of the observed steps of a regressor; 0 and 1, which leave it as it is, where it has only one
/// value or only 0 and 1.
fn standard(row: &[f32], observed: &[usize]) -> (f64, f64) {
    let values = || observed.iter().map(|&at| f64::from(row[at]));
    let (low, high) = bounds(values());
    if low >= high || values().all(|x| [0.0, 1.0].contains(&x)) {
        return (0.0, 1.0);
    }
    let count = observed.len() as f64;
    let mean = values().sum::<f64>() / count;
    let square = values().map(|x| (x - mean).powi(2)).sum::<f64>();
    let deviation = (square / (count - 1.0)).sqrt();
    if deviation > 0.0 { (mean, deviation) } else { (0.0, 1.0) }
}

/// Lowest and highest.
fn bounds(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)))
}

/// Rows of the changepoints: evenly over the first part of the history, its first row left out.
fn changepoints(rows: usize, shape: &Shape) -> Vec<usize> {
    let part = (rows as f64 * shape.range).floor() as usize;
    let count = shape.changepoints.min(part.saturating_sub(1));
    let place =
        |at: usize| (at as f64 * (part - 1) as f64 / count as f64).round_ties_even() as usize;
    (1..=count).map(place).collect()
}
