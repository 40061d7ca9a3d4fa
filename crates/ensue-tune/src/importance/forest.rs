//! Regression trees on the unit cube, of which variances are exact.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// A part of the cube where the tree says one value.
#[derive(Debug)]
struct Leaf {
    low: Vec<f64>,
    high: Vec<f64>,
    value: f64,
}

impl Leaf {
    fn volume(&self) -> f64 {
        self.low.iter().zip(&self.high).map(|(low, high)| high - low).product()
    }
}

/// A regression tree: leaves that fill the cube.
#[derive(Debug)]
pub(super) struct Tree {
    leaves: Vec<Leaf>,
}

impl Tree {
    /// A tree that says every value of a sample drawn with replacement; the mean of those at one place.
    pub(super) fn grow(points: &[Vec<f64>], values: &[f64], random: &mut ChaCha8Rng) -> Self {
        let n = points.len();
        let sample: Vec<usize> = (0..n).map(|_| random.random_range(0..n)).collect();
        let axes = points.first().map_or(0, Vec::len);
        let mut leaves = Vec::new();
        let mut open = vec![(sample, vec![0.0; axes], vec![1.0; axes])];
        while let Some((mut rows, low, high)) = open.pop() {
            let Some((axis, at)) = best_split(points, values, &mut rows) else {
                let value = rows.iter().map(|&row| values[row]).sum::<f64>() / rows.len() as f64;
                leaves.push(Leaf { low, high, value });
                continue;
            };
            let (left, right) = rows.into_iter().partition(|&row| points[row][axis] < at);
            let (mut middle_high, mut middle_low) = (high.clone(), low.clone());
            middle_high[axis] = at;
            middle_low[axis] = at;
            open.push((left, low, middle_high));
            open.push((right, middle_low, high));
        }
        Self { leaves }
    }

    fn mean(&self) -> f64 {
        self.leaves.iter().map(|leaf| leaf.value * leaf.volume()).sum()
    }

    /// Variance over the cube.
    pub(super) fn variance(&self) -> f64 {
        let mean = self.mean();
        self.leaves.iter().map(|leaf| (leaf.value - mean).powi(2) * leaf.volume()).sum()
    }

    /// Variance along an axis of the mean over all others.
    pub(super) fn marginal_variance(&self, axis: usize) -> f64 {
        let mean = self.mean();
        // The mean over the others is constant between the ends of leaves: each adds to it from its low end to its
        // high.
        let mut changes: Vec<(f64, f64)> = Vec::with_capacity(2 * self.leaves.len());
        for leaf in &self.leaves {
            let (low, high) = (leaf.low[axis], leaf.high[axis]);
            let share = (leaf.value - mean) * leaf.volume() / (high - low);
            changes.extend([(low, share), (high, -share)]);
        }
        changes.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut from, mut value, mut sum) = (0.0, 0.0, 0.0);
        for (at, change) in changes {
            sum += (at - from) * value * value;
            from = at;
            value += change;
        }
        sum
    }
}

/// The axis and the place, halfway between two points, where a split leaves the least squares; `None` where all values
/// or all points are equal. Sorts the rows as it likes.
fn best_split(points: &[Vec<f64>], values: &[f64], rows: &mut [usize]) -> Option<(usize, f64)> {
    let n = rows.len() as f64;
    let mean = rows.iter().map(|&row| values[row]).sum::<f64>() / n;
    if rows.iter().all(|&row| values[row] == values[rows[0]]) {
        return None;
    }
    let mut best: Option<(f64, usize, f64)> = None;
    let axes = 0..points[rows[0]].len();
    for axis in axes {
        rows.sort_by(|&a, &b| points[a][axis].total_cmp(&points[b][axis]).then(a.cmp(&b)));
        let mut left = 0.0;
        for (i, pair) in rows.windows(2).enumerate() {
            left += values[pair[0]] - mean;
            let (a, b) = (points[pair[0]][axis], points[pair[1]][axis]);
            let at = f64::midpoint(a, b);
            if a < at && at <= b {
                // Deviations sum to 0, so the right side's sum is the negative of the left's.
                let count = i as f64 + 1.0;
                let gain = left * left * (1.0 / count + 1.0 / (n - count));
                if best.is_none_or(|(most, ..)| gain > most) {
                    best = Some((gain, axis, at));
                }
            }
        }
    }
    best.map(|(_, axis, at)| (axis, at))
}
