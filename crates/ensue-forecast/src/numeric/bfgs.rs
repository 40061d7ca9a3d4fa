//! The quasi-Newton method of Broyden, Fletcher, Goldfarb and Shanno.

/// Share of the decrease promised by the slope that a step has to bring (Armijo).
const ARMIJO: f64 = 1e-4;
/// A slope below which a point counts as a minimum.
const FLAT: f64 = 1e-7;
/// Attempts to shorten one step.
const ATTEMPTS: usize = 40;

/// Where a search ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Minimum {
    /// The point.
    pub(crate) at: Vec<f64>,
    /// Its value.
    pub(crate) value: f64,
    /// Steps that were taken.
    pub(crate) steps: usize,
}

/// Goes downhill from `start`, at most `limit` steps, until nothing is won.
///
/// `value` gives the value of a point; `gradient` writes the gradient of a point, given the value there. A value that is not
/// finite is a wall: the step is shortened. None where the start is one. The search ends when two steps in a row bring less
/// than `tolerance` each. Source: Nocedal & Wright 2006, "Numerical optimization", chapters 3 and 6.
pub(crate) fn minimise<S>(
    state: &mut S,
    start: &[f64],
    (limit, tolerance): (usize, f64),
    mut value: impl FnMut(&mut S, &[f64]) -> f64,
    mut gradient: impl FnMut(&mut S, &[f64], f64, &mut [f64]),
) -> Option<Minimum> {
    let n = start.len();
    let mut at = start.to_vec();
    let mut best = value(state, &at);
    if !best.is_finite() {
        return None;
    }
    let [mut slope, mut next_slope, mut direction, mut next, mut curved] =
        [0; 5].map(|_| vec![0.0; n]);
    let mut inverse = Square::identity(n);
    let mut fresh = true;
    let mut idle = 0;
    let mut steps = 0;
    gradient(state, &at, best, &mut slope);
    while steps < limit && idle < 2 {
        if slope.iter().any(|g| !g.is_finite()) || slope.iter().all(|g| g.abs() < FLAT) {
            break;
        }
        inverse.times(&slope, &mut direction);
        for d in &mut direction {
            *d = -*d;
        }
        let mut descent = dot(&direction, &slope);
        if descent >= 0.0 {
            inverse = Square::identity(n);
            fresh = true;
            direction.iter_mut().zip(&slope).for_each(|(d, g)| *d = -g);
            descent = -dot(&slope, &slope);
        }
        // Without any knowledge of the curvature a step of length 1 is far enough.
        let mut length = if fresh { (1.0 / dot(&slope, &slope).sqrt()).min(1.0) } else { 1.0 };
        let mut found = None;
        for _ in 0..ATTEMPTS {
            for i in 0..n {
                next[i] = at[i] + length * direction[i];
            }
            if next == at {
                break;
            }
            let reached = value(state, &next);
            if reached.is_finite() && reached <= best + ARMIJO * length * descent {
                found = Some(reached);
                break;
            }
            // The lowest point of the parabola through what is known, within bounds.
            let parabola = -0.5 * descent * length * length / (reached - best - descent * length);
            let bounds = (0.1 * length, 0.5 * length);
            length =
                if parabola.is_finite() { parabola.clamp(bounds.0, bounds.1) } else { bounds.0 };
        }
        let Some(reached) = found else {
            if fresh {
                break;
            }
            inverse = Square::identity(n);
            fresh = true;
            continue;
        };
        steps += 1;
        gradient(state, &next, reached, &mut next_slope);
        idle = if best - reached < tolerance { idle + 1 } else { 0 };
        for i in 0..n {
            direction[i] = next[i] - at[i];
            slope[i] = next_slope[i] - slope[i];
        }
        inverse.update(&direction, &slope, &mut curved, fresh);
        fresh = false;
        best = reached;
        std::mem::swap(&mut at, &mut next);
        std::mem::swap(&mut slope, &mut next_slope);
    }
    Some(Minimum { at, value: best, steps })
}

/// Writes the gradient of `value` by central differences into `slope`; `point` is scratch of the same length.
pub(crate) fn central_differences<S>(
    state: &mut S,
    at: &[f64],
    point: &mut [f64],
    slope: &mut [f64],
    mut value: impl FnMut(&mut S, &[f64]) -> f64,
) {
    /// Balances rounding against curvature: about the cube root of the precision.
    const WIDTH: f64 = 1e-5;
    point.copy_from_slice(at);
    for i in 0..at.len() {
        let width = WIDTH * at[i].abs().max(1.0);
        point[i] = at[i] + width;
        let above = value(state, point);
        point[i] = at[i] - width;
        let below = value(state, point);
        point[i] = at[i];
        slope[i] = (above - below) / (2.0 * width);
    }
}

/// The estimate of the inverse of the second derivatives.
struct Square {
    n: usize,
    cells: Vec<f64>,
}

impl Square {
    fn identity(n: usize) -> Self {
        let mut cells = vec![0.0; n * n];
        (0..n).for_each(|i| cells[i * n + i] = 1.0);
        Self { n, cells }
    }

    fn times(&self, vector: &[f64], out: &mut [f64]) {
        for (row, out) in self.cells.chunks_exact(self.n).zip(out) {
            *out = dot(row, vector);
        }
    }

    /// Learns from a step and the change of the gradient along it; nothing where it bends the wrong way.
    fn update(&mut self, step: &[f64], change: &[f64], curved: &mut [f64], fresh: bool) {
        let bend = dot(step, change);
        let size = dot(change, change);
        if bend <= 1e-12 * (dot(step, step) * size).sqrt() {
            return;
        }
        if fresh {
            for cell in &mut self.cells {
                *cell *= bend / size;
            }
        }
        self.times(change, curved);
        let share = (1.0 + dot(change, curved) / bend) / bend;
        for i in 0..self.n {
            for j in 0..self.n {
                self.cells[i * self.n + j] +=
                    share * step[i] * step[j] - (curved[i] * step[j] + step[i] * curved[j]) / bend;
            }
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rosenbrock(_: &mut (), x: &[f64]) -> f64 {
        (1.0 - x[0]).powi(2) + 100.0 * (x[1] - x[0] * x[0]).powi(2)
    }

    #[test]
    fn the_valley_of_rosenbrock_is_followed_to_its_end() {
        // Oracle: the function's minimum, 0 at (1, 1), with the gradient by hand and by differences.
        let by_hand = |(): &mut (), x: &[f64], _, slope: &mut [f64]| {
            slope[1] = 200.0 * (x[1] - x[0] * x[0]);
            slope[0] = 2.0 * (x[0] - 1.0) - 2.0 * x[0] * slope[1];
        };
        let found = minimise(&mut (), &[-1.2, 1.0], (200, 1e-14), rosenbrock, by_hand).unwrap();
        let mut point = vec![0.0; 2];
        let differences = |state: &mut (), x: &[f64], _, slope: &mut [f64]| {
            central_differences(state, x, &mut point, slope, rosenbrock);
        };
        let rough = minimise(&mut (), &[-1.2, 1.0], (200, 1e-14), rosenbrock, differences).unwrap();
        for found in [found, rough] {
            assert!(found.at.iter().all(|x| (x - 1.0).abs() < 1e-5), "{found:?}");
            assert!(found.steps < 100, "{found:?}");
        }
    }

    #[test]
    fn walls_are_not_crossed() {
        // Oracle: -ln(x) + x is lowest at 1 and not a number below 0; a start behind the wall is refused.
        let value = |(): &mut (), x: &[f64]| x[0] - x[0].ln();
        let slope = |(): &mut (), x: &[f64], _, slope: &mut [f64]| slope[0] = 1.0 - 1.0 / x[0];
        let found = minimise(&mut (), &[0.001], (100, 1e-15), value, slope).unwrap();
        assert!((found.at[0] - 1.0).abs() < 1e-6, "{found:?}");
        assert!(minimise(&mut (), &[-1.0], (100, 1e-15), value, slope).is_none());
    }

    #[test]
    fn no_parameters_are_a_minimum() {
        // Oracle: the value itself.
        let found = minimise(&mut (), &[], (9, 0.0), |(), _| 4.0, |(), _, _, _| ()).unwrap();
        assert_eq!(found, Minimum { at: Vec::new(), value: 4.0, steps: 0 });
    }
}
