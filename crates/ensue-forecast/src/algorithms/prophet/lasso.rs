//! A quadratic with an absolute-value penalty: where it is lowest.

use super::cholesky::Cholesky;

/// Rounds after which the point found so far is taken; a few for each coordinate suffice in practice.
const ROUNDS: usize = 400;

/// Finds where `x Q x / 2 - q x + penalty * sum |x|` is lowest, from where it was found before.
///
/// The active set is grown by the coordinate that breaks its condition most; with the signs held, the rest is a linear system.
/// On the way to its solution, the lowest of the points where a sign would change is taken. Exact up to rounding. Source: Lee,
/// Battle, Raina & Ng 2006, "Efficient sparse coding algorithms", algorithm 1 (feature-sign search).
#[derive(Debug)]
pub(super) struct Lasso {
    /// The point.
    pub(super) x: Vec<f64>,
    active: Vec<usize>,
    sign: Vec<f64>,
    goal: Vec<f64>,
    factor: Cholesky,
}

impl Lasso {
    /// Starts at zero.
    pub(super) fn new(size: usize) -> Self {
        Self {
            x: vec![0.0; size],
            active: Vec::with_capacity(size),
            sign: vec![0.0; size],
            goal: Vec::with_capacity(size),
            factor: Cholesky::default(),
        }
    }

    /// Goes to the lowest point. `quadratic` is symmetric and at least semi-definite, row by row.
    pub(super) fn solve(&mut self, quadratic: &[f64], linear: &[f64], penalty: f64) {
        let size = self.x.len();
        self.active.clear();
        self.active.extend((0..size).filter(|&j| self.x[j] != 0.0));
        for (sign, &x) in self.sign.iter_mut().zip(&self.x) {
            *sign = if x == 0.0 { 0.0 } else { x.signum() };
        }
        let slope = |x: &[f64], j: usize| dot(&quadratic[j * size..][..size], x) - linear[j];
        let tolerance =
            1e-9 * penalty + 1e-13 * linear.iter().fold(0.0, |most: f64, q| most.max(q.abs()));
        let mut settled = self.active.is_empty();
        for _ in 0..ROUNDS {
            let grown = settled;
            if grown {
                let broken = |j: usize| slope(&self.x, j).abs() - penalty;
                let idle = (0..size).filter(|&j| self.x[j] == 0.0);
                let worst = idle.max_by(|&a, &b| broken(a).total_cmp(&broken(b)));
                let Some(j) = worst.filter(|&j| broken(j) > tolerance) else { return };
                self.sign[j] = -slope(&self.x, j).signum();
                self.active.push(j);
            }
            match self.step(quadratic, linear, penalty) {
                Some(whole) => settled = whole,
                // It is there already; or, where the new coordinate leads nowhere, as near as rounding allows.
                None if grown => return,
                None => settled = true,
            }
        }
    }

    /// One step towards the lowest point of the active coordinates with their signs; whether it got there. None when no step
    /// leads down.
    fn step(&mut self, quadratic: &[f64], linear: &[f64], penalty: f64) -> Option<bool> {
        let size = self.x.len();
        let (active, sign) = (&self.active, &self.sign);
        let entry = |a: usize, b: usize| quadratic[active[a] * size + active[b]];
        self.factor.of(active.len(), entry);
        self.goal.clear();
        self.goal.extend(active.iter().map(|&j| linear[j] - penalty * sign[j]));
        self.factor.solve(&mut self.goal);
        // Along the way x + share * (goal - x) the quadratic is a parabola: share * slope + share^2 * curve / 2.
        let (mut slope, mut curve) = (0.0, 0.0);
        for (a, &i) in active.iter().enumerate() {
            let way = self.goal[a] - self.x[i];
            let (mut qx, mut qway) = (0.0, 0.0);
            for (b, &j) in active.iter().enumerate() {
                qx += entry(a, b) * self.x[j];
                qway += entry(a, b) * (self.goal[b] - self.x[j]);
            }
            slope += way * (qx - linear[i]);
            curve += way * qway;
        }
        let value = |share: f64| {
            let at =
                |(a, &j): (usize, &usize)| (self.x[j] + share * (self.goal[a] - self.x[j])).abs();
            let sum: f64 = active.iter().enumerate().map(at).sum();
            share * (slope + share * curve / 2.0) + penalty * sum
        };
        let (mut best, mut lowest) = (0.0, value(0.0));
        let crossing = |(a, &j): (usize, &usize)| self.x[j] / (self.x[j] - self.goal[a]);
        let shares =
            active.iter().enumerate().map(crossing).filter(|share| *share > 0.0 && *share < 1.0);
        for share in shares.chain([1.0]) {
            let found = value(share);
            if found < lowest {
                (best, lowest) = (share, found);
            }
        }
        if best == 0.0 {
            return None;
        }
        let consistent = active.iter().zip(&self.goal).all(|(&j, goal)| goal * sign[j] > 0.0);
        for (a, &j) in self.active.iter().enumerate() {
            let from = self.x[j];
            let to = from + best * (self.goal[a] - from);
            // The coordinate that stops the step is zero there, whatever rounding says.
            let stops = best < 1.0 && (from / (from - self.goal[a]) - best).abs() < 1e-14;
            self.x[j] = if stops { 0.0 } else { to };
            self.sign[j] = if self.x[j] == 0.0 { 0.0 } else { self.x[j].signum() };
        }
        self.active.retain(|&j| self.x[j] != 0.0);
        Some(best >= 1.0 && consistent)
    }
}

/// Sum of products.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
