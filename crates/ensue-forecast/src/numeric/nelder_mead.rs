//! Minimum of a function of a few variables between bounds, by its values alone.
//!
//! Nelder and Mead 1965, "A simplex method for function minimization", with the coefficients of Gao and Han 2012,
//! "Implementing the Nelder-Mead simplex algorithm with adaptive parameters", section 4: in many dimensions it expands and
//! shrinks less, so that the simplex does not collapse before it arrives. Points beyond a bound are put onto it.

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stop {
    /// Values looked at, at most; what belongs to one step is still finished.
    pub(crate) evaluations: usize,
    /// Difference between the worst and the best value of the simplex, and its middle.
    pub(crate) spread: f64,
}

/// The simplex and its room, reused from search to search: nothing is allocated while searching.
#[derive(Debug, Default)]
pub(crate) struct NelderMead {
    /// Corners, one after the other.
    corners: Vec<f64>,
    values: Vec<f64>,
    centre: Vec<f64>,
    trial: Vec<f64>,
    further: Vec<f64>,
}

impl NelderMead {
    /// Searches from `point`, whose neighbours lie one of `steps` away; gives the lowest value found and leaves its place in
    /// `point`.
    ///
    /// `steps` are not 0; those that would leave the bounds go the other way. What is not a number counts as infinite.
    pub(crate) fn minimise(
        &mut self,
        point: &mut [f64],
        steps: &[f64],
        bounds: &[(f64, f64)],
        stop: Stop,
        mut function: impl FnMut(&[f64]) -> f64,
    ) -> f64 {
        let n = point.len();
        let mut evaluations = 0;
        let mut value = |point: &[f64]| {
            evaluations += 1;
            let value = function(point);
            (if value.is_nan() { f64::INFINITY } else { value }, evaluations)
        };
        self.spread_out(point, steps, bounds);
        let mut done = 0;
        for at in 0..=n {
            (self.values[at], done) = value(&self.corners[at * n..][..n]);
        }
        // With two variables these are the classical coefficients; with one they would not shrink at all.
        let dimensions = n.max(2) as f64;
        let expand = 1.0 + 2.0 / dimensions;
        let contract = 0.75 - 0.5 / dimensions;
        let shrink = 1.0 - 1.0 / dimensions;
        loop {
            let [best, second, worst] = self.ranks();
            let (lowest, highest) = (self.values[best], self.values[worst]);
            if done >= stop.evaluations {
                point.copy_from_slice(self.corner(best));
                return lowest;
            }
            self.centre_without(worst);
            if highest - lowest <= stop.spread {
                // Corners on both sides of a minimum can be equal; then their middle is lower.
                let share = 1.0 / (n as f64 + 1.0);
                self.try_at(worst, share, bounds);
                let middle;
                (middle, done) = value(&self.trial);
                if lowest - middle > stop.spread {
                    self.replace(worst, middle);
                    continue;
                }
                point.copy_from_slice(self.corner(best));
                return lowest;
            }
            self.try_at(worst, -1.0, bounds);
            let reflected;
            (reflected, done) = value(&self.trial);
            if reflected < lowest {
                std::mem::swap(&mut self.trial, &mut self.further);
                self.try_at(worst, -expand, bounds);
                let expanded;
                (expanded, done) = value(&self.trial);
                if expanded >= reflected {
                    std::mem::swap(&mut self.trial, &mut self.further);
                }
                self.replace(worst, expanded.min(reflected));
                continue;
            }
            if reflected < self.values[second] {
                self.replace(worst, reflected);
                continue;
            }
            self.try_at(worst, if reflected < highest { -contract } else { contract }, bounds);
            let contracted;
            (contracted, done) = value(&self.trial);
            if contracted < highest.min(reflected) {
                self.replace(worst, contracted);
                continue;
            }
            for at in (0..=n).filter(|&at| at != best) {
                for i in 0..n {
                    let fixed = self.corners[best * n + i];
                    let own = &mut self.corners[at * n + i];
                    *own = fixed + shrink * (*own - fixed);
                }
                (self.values[at], done) = value(self.corner(at));
            }
        }
    }

    /// The first simplex.
    fn spread_out(&mut self, start: &[f64], steps: &[f64], bounds: &[(f64, f64)]) {
        let n = start.len();
        for room in [&mut self.centre, &mut self.trial, &mut self.further] {
            room.resize(n, 0.0);
        }
        self.values.clear();
        self.values.resize(n + 1, f64::INFINITY);
        self.corners.clear();
        for _ in 0..=n {
            let within = start.iter().zip(bounds).map(|(x, &(low, high))| x.clamp(low, high));
            self.corners.extend(within);
        }
        for (i, (step, &(low, high))) in steps.iter().zip(bounds).enumerate() {
            let x = &mut self.corners[(i + 1) * n + i];
            let there = *x + step;
            *x = if (low..=high).contains(&there) { there } else { (*x - step).clamp(low, high) };
        }
    }

    fn corner(&self, at: usize) -> &[f64] {
        &self.corners[at * self.centre.len()..][..self.centre.len()]
    }

    /// The corners with the lowest value, with the second highest, and with the highest.
    fn ranks(&self) -> [usize; 3] {
        let (mut best, mut second, mut worst) = (0, 0, 0);
        for (at, &value) in self.values.iter().enumerate() {
            if value < self.values[best] {
                best = at;
            }
            if value >= self.values[worst] {
                worst = at;
            }
        }
        for (at, &value) in self.values.iter().enumerate() {
            if at != worst && (second == worst || value > self.values[second]) {
                second = at;
            }
        }
        [best, second, worst]
    }

    fn centre_without(&mut self, worst: usize) {
        let n = self.centre.len();
        self.centre.fill(0.0);
        for (at, corner) in self.corners.chunks_exact(n).enumerate() {
            if at != worst {
                for (sum, x) in self.centre.iter_mut().zip(corner) {
                    *sum += x / n as f64;
                }
            }
        }
    }

    /// Puts into `trial` the point that lies `times` as far from the centre as the corner does.
    fn try_at(&mut self, corner: usize, times: f64, bounds: &[(f64, f64)]) {
        let n = self.centre.len();
        let corner = &self.corners[corner * n..][..n];
        for (((trial, centre), x), &(low, high)) in
            self.trial.iter_mut().zip(&self.centre).zip(corner).zip(bounds)
        {
            *trial = (centre + times * (x - centre)).clamp(low, high);
        }
    }

    /// Moves a corner to `trial`.
    fn replace(&mut self, corner: usize, value: f64) {
        let n = self.centre.len();
        self.corners[corner * n..][..n].copy_from_slice(&self.trial);
        self.values[corner] = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STOP: Stop = Stop { evaluations: 20_000, spread: 1e-15 };

    #[test]
    fn known_minima_are_found() {
        // Oracle: the minima by hand: a parabola's vertex, Rosenbrock's valley at (1, 1), a bowl of five variables whose
        // vertex lies beyond two bounds.
        let mut search = NelderMead::default();
        let mut x = [5.0];
        let free = [(f64::NEG_INFINITY, f64::INFINITY); 5];
        let value =
            search.minimise(&mut x, &[1.0], &free[..1], STOP, |x| (x[0] + 2.0).powi(2) + 3.0);
        assert!((value - 3.0).abs() < 1e-12 && (x[0] + 2.0).abs() < 1e-5, "{x:?}");

        let valley = |x: &[f64]| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2);
        let mut x = [-1.2, 1.0];
        search.minimise(&mut x, &[0.1, 0.1], &free[..2], STOP, valley);
        assert!(x.iter().all(|x| (x - 1.0).abs() < 1e-5), "{x:?}");

        let bounds = [(0.0, 1.0), (0.0, 1.0), (-9.0, 9.0), (-9.0, 9.0), (-9.0, 9.0)];
        let vertex = [2.0, -1.0, 0.5, 3.0, -4.0];
        let bowl = |x: &[f64]| {
            let each = x.iter().zip(&vertex).enumerate();
            each.map(|(i, (x, v))| (i + 1) as f64 * (x - v).powi(2)).sum()
        };
        let mut x = [0.5; 5];
        search.minimise(&mut x, &[0.2; 5], &bounds, STOP, bowl);
        for (x, expected) in x.iter().zip([1.0, 0.0, 0.5, 3.0, -4.0]) {
            assert!((x - expected).abs() < 1e-5, "{x}, not {expected}");
        }
    }

    #[test]
    fn it_stops_when_told_and_avoids_what_is_no_number() {
        // Oracle: the count of calls; the minimum 2 of what is defined.
        let mut calls = 0;
        let mut x = [9.0, 9.0];
        let stop = Stop { evaluations: 30, spread: 0.0 };
        let free = [(f64::NEG_INFINITY, f64::INFINITY); 2];
        NelderMead::default().minimise(&mut x, &[1.0, 1.0], &free, stop, |x| {
            calls += 1;
            x[0] * x[0] + x[1] * x[1]
        });
        assert!((30..=33).contains(&calls), "{calls}");
        let mut x = [9.0];
        let odd = |x: &[f64]| if x[0] < 2.0 { f64::NAN } else { x[0] };
        let value = NelderMead::default().minimise(&mut x, &[-1.0], &free[..1], STOP, odd);
        assert!((value - 2.0).abs() < 1e-9, "{value}");
    }
}
