//! A density over some axes of the unit cube, with a kernel at each of a set of points.

use std::f64::consts::TAU;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::normal;
use crate::{Domain, space::choice};

/// The density of one hyperparameter in a component.
#[derive(Debug, Clone, Copy)]
enum Kernel {
    /// Normal with this mean and standard deviation, cut off outside 0 to 1, where it has this mass inside.
    Normal { mean: f64, sd: f64, mass: f64 },
    /// One choice with its own probability, the others with another.
    Choice { index: usize, own: f64, other: f64 },
}

impl Kernel {
    fn normal(mean: f64, sd: f64) -> Self {
        Self::Normal { mean, sd, mass: normal::mass(-mean / sd, (1.0 - mean) / sd) }
    }

    fn even(choices: usize) -> Self {
        let even = 1.0 / choices as f64;
        Self::Choice { index: 0, own: even, other: even }
    }
}

/// A mixture of products of kernels.
#[derive(Debug)]
pub(super) struct Parzen<'a> {
    axes: &'a [&'a Domain],
    /// Of each component; they sum to 1.
    weights: Vec<f64>,
    /// Of each component, one kernel an axis.
    kernels: Vec<Vec<Kernel>>,
}

impl<'a> Parzen<'a> {
    /// A component for each point with its weight, and one over the whole cube, whose weight is `prior`: centred
    /// normals as wide as the cube, and even choices.
    ///
    /// A choice has probability proportional to 1 + `prior` / components where the point has it, `prior` / components
    /// where not.
    pub(super) fn new(axes: &'a [&'a Domain], points: &[(Vec<f64>, f64)], prior: f64) -> Self {
        let components = points.len() + 1;
        let sum = points.iter().map(|(_, weight)| weight).sum::<f64>() + prior;
        let weights = points.iter().map(|(_, weight)| *weight).chain([prior]);
        let mut kernels = vec![Vec::with_capacity(axes.len()); components];
        for (axis, domain) in axes.iter().enumerate() {
            let column: Vec<f64> = points.iter().map(|(point, _)| point[axis]).collect();
            let (own, wide): (Vec<Kernel>, Kernel) = if let Some(n) = domain.choices() {
                let share = prior / components as f64;
                let whole = 1.0 + share * n as f64;
                let (own, other) = ((1.0 + share) / whole, share / whole);
                let kernel = |&unit: &f64| Kernel::Choice { index: choice(unit, n), own, other };
                (column.iter().map(kernel).collect(), Kernel::even(n))
            } else {
                let sds = bandwidths(&column);
                let kernels = column.iter().zip(sds).map(|(&mean, sd)| Kernel::normal(mean, sd));
                (kernels.collect(), Kernel::normal(0.5, 1.0))
            };
            for (kernels, kernel) in kernels.iter_mut().zip(own.into_iter().chain([wide])) {
                kernels.push(kernel);
            }
        }
        Self { axes, weights: weights.map(|weight| weight / sum).collect(), kernels }
    }

    /// A point drawn from it; whole numbers and choices lie in the middle of their shares of the axis.
    pub(super) fn draw(&self, random: &mut ChaCha8Rng) -> Vec<f64> {
        let component = pick(&self.weights, random);
        let place = |(kernel, domain): (&Kernel, &&Domain)| match *kernel {
            Kernel::Normal { mean, sd, .. } => {
                let unit = normal::draw_within_unit(mean, sd, random);
                domain.cell(unit).map_or(unit, |(low, high)| f64::midpoint(low, high))
            }
            Kernel::Choice { index, own, other } => {
                let n = domain.choices().unwrap_or(1);
                let mut weights = vec![other; n];
                weights[index] = own;
                (pick(&weights, random) as f64 + 0.5) / n as f64
            }
        };
        self.kernels[component].iter().zip(self.axes).map(place).collect()
    }

    /// Logarithm of the density at a point: of real numbers per length of the axis, of whole numbers and choices their
    /// probability.
    pub(super) fn ln_density(&self, point: &[f64]) -> f64 {
        let cells: Vec<_> =
            self.axes.iter().zip(point).map(|(axis, &unit)| axis.cell(unit)).collect();
        let kernel = |(axis, kernel): (usize, &Kernel)| match *kernel {
            Kernel::Normal { mean, sd, mass } => {
                if let Some((low, high)) = cells[axis] {
                    let inside = normal::mass((low - mean) / sd, (high - mean) / sd);
                    (inside / mass).max(f64::MIN_POSITIVE).ln()
                } else {
                    let at_mean = -0.5 * TAU.ln() - (sd * mass).ln();
                    at_mean - 0.5 * ((point[axis] - mean) / sd).powi(2)
                }
            }
            Kernel::Choice { index, own, other } => {
                let n = self.axes[axis].choices().unwrap_or(1);
                if choice(point[axis], n) == index { own.ln() } else { other.ln() }
            }
        };
        let component = |(weight, kernels): (&f64, &Vec<Kernel>)| {
            weight.ln() + kernels.iter().enumerate().map(kernel).sum::<f64>()
        };
        let terms: Vec<f64> = self.weights.iter().zip(&self.kernels).map(component).collect();
        let largest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if largest == f64::NEG_INFINITY {
            return largest;
        }
        largest + terms.iter().map(|term| (term - largest).exp()).sum::<f64>().ln()
    }
}

/// Index drawn with these probabilities.
fn pick(probabilities: &[f64], random: &mut ChaCha8Rng) -> usize {
    let mut left = random.random::<f64>();
    let found = probabilities.iter().position(|probability| {
        left -= probability;
        left < 0.0
    });
    // Rounding may leave a rest beyond the last one.
    found.unwrap_or(probabilities.len() - 1)
}

/// Standard deviation of each point's kernel along an axis: the distance to the farther of its two neighbours, of the
/// only one at the ends; the distance to the farther end of the axis where there is no other point. Between a
/// hundredth, or 1 / (points + 2) if that is more, and 1.
///
/// Source: Bergstra et al., "Algorithms for hyper-parameter optimization", NIPS 2011, section 4.2; the
/// lower bound is what Watanabe, arXiv:2304.11127, calls magic clipping.
fn bandwidths(column: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..column.len()).collect();
    order.sort_by(|&a, &b| column[a].total_cmp(&column[b]).then(a.cmp(&b)));
    let least = 1.0 / (column.len() as f64 + 2.0).min(100.0);
    let mut sds = vec![0.0; column.len()];
    for (place, &i) in order.iter().enumerate() {
        let distance = |other: Option<&usize>| other.map(|&j| (column[i] - column[j]).abs());
        let before = distance(place.checked_sub(1).and_then(|before| order.get(before)));
        let after = distance(order.get(place + 1));
        let farther = [before, after].into_iter().flatten().reduce(f64::max);
        let alone = column[i].max(1.0 - column[i]);
        sds[i] = farther.unwrap_or(alone).clamp(least, 1.0);
    }
    sds
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;
    use crate::{Scale, Value};

    fn axes() -> [Domain; 3] {
        [
            Domain::Float { low: 0.0, high: 1.0, scale: Scale::Linear },
            Domain::Integer { low: 1, high: 5, scale: Scale::Logarithmic },
            Domain::Categorical { choices: ["a", "b", "c"].map(Value::from).to_vec() },
        ]
    }

    fn points() -> Vec<(Vec<f64>, f64)> {
        let unit = |n: i64| axes()[1].to_unit(&Value::Integer(n)).unwrap();
        vec![
            (vec![0.1, unit(1), 0.5], 1.0),
            (vec![0.3, unit(4), 0.5], 0.5),
            (vec![0.9, unit(5), 5.0 / 6.0], 2.0),
        ]
    }

    #[test]
    fn bandwidths_reach_to_neighbours() {
        // Oracle: by hand; 1 / 5 is the least of three, 1 / 3 of one, and 1 / 100 of many.
        let close = |found: Vec<f64>, expected: &[f64]| {
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
        };
        close(bandwidths(&[0.9, 0.1, 0.2]), &[0.7, 0.2, 0.7]);
        close(bandwidths(&[0.25]), &[0.75]);
        close(bandwidths(&[0.5; 200]), &[0.01; 200]);
    }

    #[test]
    fn densities_have_mass_1() {
        // Oracle: the integral over the real axis, by the midpoint rule, summed over whole numbers and choices.
        let axes = axes();
        let axes: Vec<&Domain> = axes.iter().collect();
        let parzen = Parzen::new(&axes, &points(), 1.0);
        let mut sum = 0.0;
        for real in 0..1000 {
            for n in 1..=5 {
                let whole = axes[1].to_unit(&Value::Integer(n)).unwrap();
                for choice in [1.0, 3.0, 5.0] {
                    let point = [(f64::from(real) + 0.5) / 1000.0, whole, choice / 6.0];
                    sum += parzen.ln_density(&point).exp() / 1000.0;
                }
            }
        }
        assert!((sum - 1.0).abs() < 1e-6, "{sum}");
    }

    #[test]
    fn draws_have_the_density() {
        // Oracle: the density's own probabilities of each choice and whole number, within 5 standard errors.
        let axes = axes();
        let axes: Vec<&Domain> = axes[1..].iter().collect();
        let points: Vec<_> = points().into_iter().map(|(p, w)| (p[1..].to_vec(), w)).collect();
        let parzen = Parzen::new(&axes, &points, 1.0);
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let draws: Vec<Vec<f64>> = (0..20_000).map(|_| parzen.draw(&mut random)).collect();
        for n in 1..=5 {
            for place in [1.0, 3.0, 5.0] {
                let cell = vec![axes[0].to_unit(&Value::Integer(n)).unwrap(), place / 6.0];
                let same = |draw: &&Vec<f64>| {
                    axes[0].from_unit(draw[0]) == Value::Integer(n)
                        && (draw[1] - cell[1]).abs() < 0.01
                };
                let found = draws.iter().filter(same).count() as f64 / 20_000.0;
                let p = parzen.ln_density(&cell).exp();
                assert!(
                    (found - p).abs() < 5.0 * (p / 20_000.0).sqrt(),
                    "{n} {place}: {found} {p}"
                );
            }
        }
    }
}
