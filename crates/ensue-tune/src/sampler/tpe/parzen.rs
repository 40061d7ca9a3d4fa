//! A density over some axes of the unit cube, with a kernel at each of a set of points.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::normal;
use crate::{Domain, space::choice};

/// An axis of the density.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axis<'a> {
    pub(super) domain: &'a Domain,
}

impl Axis<'_> {
    fn choices(&self) -> Option<usize> {
        match self.domain {
            Domain::Categorical { choices } => Some(choices.len()),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Kernel {
    /// Normal with this mean and standard deviation, cut off outside 0 to 1, where it has this mass inside.
    Normal { mean: f64, sd: f64, mass: f64 },
    /// This probability of this choice, the rest evenly among the others.
    Choice { index: usize, own: f64, other: f64 },
}

/// A mixture of product kernels.
#[derive(Debug)]
pub(super) struct Parzen<'a> {
    axes: &'a [Axis<'a>],
    /// Of each component; they sum to 1.
    weights: Vec<f64>,
    /// Of each component, one kernel an axis.
    kernels: Vec<Vec<Kernel>>,
}

impl<'a> Parzen<'a> {
    /// A component for each point, oldest first, and a wide one.
    pub(super) fn new(axes: &'a [Axis<'a>], points: &[&[f64]], t: &super::Tpe) -> Self {
        let n = points.len();
        let mut weights: Vec<f64> = recency(n);
        weights.push(t.prior_weight);
        let sum: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= sum);
        let mut kernels = vec![Vec::with_capacity(axes.len()); n + 1];
        for (j, axis) in axes.iter().enumerate() {
            let column: Vec<f64> = points.iter().map(|point| point[j]).collect();
            if let Some(choices) = axis.choices() {
                let share = t.cat_prior / (n as f64 + 1.0);
                let whole = 1.0 + share * choices as f64;
                let (own, other) = ((1.0 + share) / whole, share / whole);
                for (kernels, unit) in kernels.iter_mut().zip(column) {
                    kernels.push(Kernel::Choice { index: choice(unit, choices), own, other });
                }
                let even = 1.0 / choices as f64;
                kernels[n].push(Kernel::Choice { index: 0, own: even, other: even });
            } else {
                for ((kernels, &mean), sd) in
                    kernels.iter_mut().zip(&column).zip(sds(&column, axes.len(), t))
                {
                    kernels.push(gaussian(mean, sd));
                }
                kernels[n].push(gaussian(0.5, 1.0));
            }
        }
        Self { axes, weights, kernels }
    }

    /// A point drawn from it.
    pub(super) fn draw(&self, random: &mut ChaCha8Rng) -> Vec<f64> {
        let mut left = random.random::<f64>();
        let component = self.weights.iter().position(|weight| {
            left -= weight;
            left < 0.0
        });
        let kernels = &self.kernels[component.unwrap_or(self.weights.len() - 1)];
        let place = |(kernel, axis): (&Kernel, &Axis<'_>)| match *kernel {
            Kernel::Normal { mean, sd, .. } => {
                let unit = normal::draw_within_unit(mean, sd, random);
                axis.domain.cell(unit).map_or(unit, |(low, high)| 0.5 * (low + high))
            }
            Kernel::Choice { index, own, other } => {
                let n = axis.choices().unwrap_or(1);
                let mut left = random.random::<f64>() - own;
                let others = (0..n).filter(|&i| i != index);
                let drawn = if left < 0.0 {
                    Some(index)
                } else {
                    others.into_iter().find(|_| {
                        left -= other;
                        left < 0.0
                    })
                };
                (drawn.unwrap_or(index) as f64 + 0.5) / n as f64
            }
        };
        kernels.iter().zip(self.axes).map(place).collect()
    }

    /// Logarithm of the density at a point.
    pub(super) fn ln_density(&self, point: &[f64]) -> f64 {
        let cells: Vec<_> =
            self.axes.iter().zip(point).map(|(axis, &u)| axis.domain.cell(u)).collect();
        let terms = self.weights.iter().zip(&self.kernels).map(|(weight, kernels)| {
            let mut sum = weight.ln();
            for (j, kernel) in kernels.iter().enumerate() {
                sum += match *kernel {
                    Kernel::Normal { mean, sd, mass } => match cells[j] {
                        Some((low, high)) => {
                            let inside = normal::mass((low - mean) / sd, (high - mean) / sd);
                            (inside / mass).max(f64::MIN_POSITIVE).ln()
                        }
                        None => -0.5 * ((point[j] - mean) / sd).powi(2) - (sd * mass).ln(),
                    },
                    Kernel::Choice { index, own, other } => {
                        let n = self.axes[j].choices().unwrap_or(1);
                        if choice(point[j], n) == index { own.ln() } else { other.ln() }
                    }
                };
            }
            sum
        });
        let terms: Vec<f64> = terms.collect();
        let largest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        largest + terms.iter().map(|term| (term - largest).exp()).sum::<f64>().ln()
    }
}

fn gaussian(mean: f64, sd: f64) -> Kernel {
    Kernel::Normal { mean, sd, mass: normal::mass(-mean / sd, (1.0 - mean) / sd) }
}

fn recency(n: usize) -> Vec<f64> {
    const FLAT: usize = 25;
    let old = n.saturating_sub(FLAT);
    let ramp = |i: usize| {
        let low = 1.0 / n as f64;
        if old > 1 { low + (1.0 - low) * i as f64 / (old as f64 - 1.0) } else { low }
    };
    (0..n).map(|i| if i < old { ramp(i) } else { 1.0 }).collect()
}

fn sds(column: &[f64], axes: usize, t: &super::Tpe) -> Vec<f64> {
    let n = column.len() as f64;
    let min = t.min_sd.max(1.0 / (n + 2.0).min(t.clip));
    match t.bandwidth {
        0 => vec![(t.factor * n.powf(-1.0 / (axes as f64 + 4.0))).max(min); column.len()],
        1 => {
            let mut order: Vec<usize> = (0..column.len()).collect();
            order.sort_by(|&a, &b| column[a].total_cmp(&column[b]));
            let mut out = vec![0.0; column.len()];
            let m = order.len();
            for (k, &i) in order.iter().enumerate() {
                let left = if k > 0 {
                    column[i] - column[order[k - 1]]
                } else if m > 1 {
                    0.0
                } else {
                    column[i]
                };
                let right = if k + 1 < m {
                    column[order[k + 1]] - column[i]
                } else if m > 1 {
                    0.0
                } else {
                    1.0 - column[i]
                };
                out[i] = (t.factor * left.max(right)).clamp(min, 1.0);
            }
            out
        }
        _ => {
            let mean = column.iter().sum::<f64>() / n;
            // Shrunk towards a prior of one observation with the uniform's spread.
            let ss = column.iter().map(|x| (x - mean).powi(2)).sum::<f64>() + t.shrink / 12.0;
            let sd = (ss / (n - 1.0 + t.shrink).max(1.0)).sqrt();
            vec![(t.factor * sd * n.powf(-1.0 / (axes as f64 + 4.0))).clamp(min, 1.0); column.len()]
        }
    }
}
