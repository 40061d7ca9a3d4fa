//! The state at the end of a series, and its covariance: the plain Kalman filter, once for each series.

/// An ARMA process in Harvey's state space form, driven by noise of variance 1.
#[derive(Debug, Clone)]
pub(super) struct State {
    /// The autoregression, as long as the state.
    ar: Vec<f64>,
    /// Response of each entry to the noise of its step.
    noise: Vec<f64>,
    /// The entries as forecast for the next step: what they add to the observations `0, 1, ...` steps after it.
    pub(super) mean: Vec<f64>,
    /// Their covariance, row by row.
    pub(super) covariance: Vec<f64>,
}

/// The error of a step's forecast and its variance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Surprise {
    /// The error.
    pub(super) error: f64,
    /// Its variance, in units of that of the noise.
    pub(super) variance: f64,
}

impl State {
    /// The stationary state of `1 - ar_1 B - ...` and `1 - negated_1 B - ...`; both whole polynomials.
    pub(super) fn stationary(ar: &[f64], negated: &[f64]) -> Self {
        let size = ar.len().max(negated.len() + 1);
        let mut ar = ar.to_vec();
        ar.resize(size, 0.0);
        let mut noise: Vec<f64> = [1.0].into_iter().chain(negated.iter().map(|b| -b)).collect();
        noise.resize(size, 0.0);
        let covariance = stationary_covariance(&ar, &noise);
        Self { ar, noise, mean: vec![0.0; size], covariance }
    }

    /// Entries.
    pub(super) fn size(&self) -> usize {
        self.ar.len()
    }

    /// Runs over `y`; calls `seen` with every step's surprise.
    pub(super) fn observe(&mut self, y: &[f64], mut seen: impl FnMut(Surprise)) {
        let size = self.size();
        let mut next = vec![0.0; size * size];
        let mut gain = vec![0.0; size];
        let mut settled = false;
        for &y in y {
            let variance = self.covariance[0];
            let error = y - self.mean[0];
            seen(Surprise { error, variance });
            let row = |i: usize| if i + 1 < size { self.covariance[(i + 1) * size] } else { 0.0 };
            let observed = self.mean[0];
            for (i, gain) in gain.iter_mut().enumerate() {
                *gain = self.ar[i] * variance + row(i);
                let above = self.mean.get(i + 1).copied().unwrap_or(0.0);
                self.mean[i] = self.ar[i] * observed + above + *gain * error / variance;
            }
            if settled {
                continue;
            }
            let mut moved = 0.0_f64;
            for i in 0..size {
                for j in 0..=i {
                    let at = i * size + j;
                    next[at] = self.carried(i, j) + self.noise[i] * self.noise[j]
                        - gain[i] * gain[j] / variance;
                    moved = moved.max((next[at] - self.covariance[at]).abs());
                }
            }
            for i in 0..size {
                for j in 0..=i {
                    self.covariance[i * size + j] = next[i * size + j];
                    self.covariance[j * size + i] = next[i * size + j];
                }
            }
            settled = moved < 1e-14;
        }
    }

    /// An entry of the covariance, carried one step on.
    fn carried(&self, i: usize, j: usize) -> f64 {
        let size = self.size();
        let at = |i: usize, j: usize| {
            if i < size && j < size { self.covariance[i * size + j] } else { 0.0 }
        };
        let (a, b) = (self.ar[i], self.ar[j]);
        a * b * at(0, 0) + a * at(0, j + 1) + b * at(i + 1, 0) + at(i + 1, j + 1)
    }
}

/// The sum of `T^k R R' (T')^k` over all `k`: each round doubles the terms.
fn stationary_covariance(ar: &[f64], noise: &[f64]) -> Vec<f64> {
    const ROUNDS: usize = 40;
    let n = ar.len();
    let mut step = vec![0.0; n * n];
    for i in 0..n {
        step[i * n] = ar[i];
        if i + 1 < n {
            step[i * n + i + 1] += 1.0;
        }
    }
    let mut sum: Vec<f64> = noise.iter().flat_map(|a| noise.iter().map(move |b| a * b)).collect();
    for _ in 0..ROUNDS {
        let half = times(&step, &sum, n);
        let mut added = 0.0_f64;
        for i in 0..n {
            for j in 0..n {
                let term: f64 = (0..n).map(|k| half[i * n + k] * step[j * n + k]).sum();
                sum[i * n + j] += term;
                added = added.max(term.abs());
            }
        }
        if added <= 1e-15 * sum[0] {
            break;
        }
        step = times(&step, &step, n);
    }
    sum
}

/// The product of two square matrices.
fn times(a: &[f64], b: &[f64], n: usize) -> Vec<f64> {
    let mut out = vec![0.0; n * n];
    for (row, out) in a.chunks_exact(n).zip(out.chunks_exact_mut(n)) {
        for (&a, b) in row.iter().zip(b.chunks_exact(n)).filter(|(a, _)| **a != 0.0) {
            out.iter_mut().zip(b).for_each(|(out, b)| *out += a * b);
        }
    }
    out
}
