//! From the vectors that items have to what their fields say of them.
//!
//! Training fits an item's own vector and those of its fields together, event by event, so that what a field learns is what
//! the few items with most events have in common. An item that nobody has had yet is not one of those. After training the
//! vectors of the fields are therefore set anew, by a ridge regression of the items' whole vectors (and biases) on their
//! fields in which an item counts little more for a thousand events than for a hundred (Gantner et al., *Learning
//! Attribute-to-Feature Mappings for Cold-Start Recommendations*, ICDM 2010):
//!
//! ```text
//! minimise over E   sum_i w_i |t_i - F_i E|^2 + penalty |E|^2        w_i = n_i / (n_i + HALF)
//! ```
//!
//! `t_i` is vector and bias of item `i`, `n_i` its events, `F_i` its bag. An item's own vector becomes what is left of
//! `t_i`, so that its scores stay. Solved by conjugate gradients: cost follows the entries of the bags.

use crate::features::Bags;

/// Events at which an item counts half.
const HALF: f64 = 100.0;

/// Strength of the ridge, in items.
const PENALTY: f64 = 10.0;

/// Most steps of the solver; each is exact in one more direction.
const STEPS: usize = 200;

/// Vectors of the fields, `[rows, width]` row-major.
///
/// `targets` `[items, width]` row-major, `counts` `[items]`.
pub(super) fn field_vectors(
    bags: &Bags,
    rows: usize,
    targets: &[f32],
    width: usize,
    counts: &[u32],
) -> Vec<f32> {
    let weights: Vec<f64> = counts.iter().map(|&n| f64::from(n) / (f64::from(n) + HALF)).collect();
    let items = || (0..counts.len()).filter(|&item| counts[item] > 0);
    let mut found = vec![0.0f32; rows * width];
    for column in 0..width {
        // Normal equations (F'WF + penalty) e = F'W t.
        let mut right = vec![0.0; rows];
        for item in items() {
            let target = f64::from(targets[item * width + column]);
            for &(row, value) in bags.of(item as u32) {
                right[row as usize] += weights[item] * f64::from(value) * target;
            }
        }
        let product = |e: &[f64]| -> Vec<f64> {
            let mut out: Vec<f64> = e.iter().map(|e| PENALTY * e).collect();
            for item in items() {
                let bag = bags.of(item as u32);
                let sum: f64 =
                    bag.iter().map(|&(row, value)| f64::from(value) * e[row as usize]).sum();
                for &(row, value) in bag {
                    out[row as usize] += weights[item] * f64::from(value) * sum;
                }
            }
            out
        };
        for (row, value) in conjugate_gradients(product, right).into_iter().enumerate() {
            found[row * width + column] = value as f32;
        }
    }
    found
}

/// Solves `A x = b` for a symmetric positive definite `A` (Hestenes & Stiefel 1952).
fn conjugate_gradients(product: impl Fn(&[f64]) -> Vec<f64>, b: Vec<f64>) -> Vec<f64> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut x = vec![0.0; b.len()];
    let mut direction = b.clone();
    let mut rest = b;
    let mut size = dot(&rest, &rest);
    let enough = size * 1e-16;
    for _ in 0..STEPS {
        if size <= enough || size == 0.0 {
            break;
        }
        let image = product(&direction);
        let step = size / dot(&direction, &image);
        for ((x, rest), (d, i)) in x.iter_mut().zip(&mut rest).zip(direction.iter().zip(&image)) {
            *x += step * d;
            *rest -= step * i;
        }
        let next = dot(&rest, &rest);
        for (d, r) in direction.iter_mut().zip(&rest) {
            *d = r + next / size * *d;
        }
        size = next;
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    // Oracle: the normal equations of two fields and a constant, solved by hand for one column: at the minimum the gradient
    // F'W(F e - t) + penalty e is zero in every row.
    #[test]
    fn the_gradient_is_zero_at_the_solution() {
        let mut bags = Bags::default();
        for bag in [
            &[(0, 1.0), (2, 1.0)][..],
            &[(1, 1.0), (2, 1.0)],
            &[(0, 1.0), (1, 1.0), (2, 1.0)],
            &[(2, 1.0)],
        ] {
            bags.push(bag.iter().copied());
        }
        let targets = [3.0f32, 0.5, 1.0, -1.0, 4.5, 0.25, 100.0, 100.0];
        let counts = [10, 30, 90, 0];
        let found = field_vectors(&bags, 3, &targets, 2, &counts);
        for column in 0..2 {
            for row in 0..3u32 {
                let mut gradient = PENALTY * f64::from(found[row as usize * 2 + column]);
                for item in 0..3usize {
                    let bag = bags.of(item as u32);
                    let Some(&(_, value)) = bag.iter().find(|&&(r, _)| r == row) else { continue };
                    let sum: f64 = bag
                        .iter()
                        .map(|&(r, v)| f64::from(v) * f64::from(found[r as usize * 2 + column]))
                        .sum();
                    let weight = f64::from(counts[item]) / (f64::from(counts[item]) + HALF);
                    let miss = sum - f64::from(targets[item * 2 + column]);
                    gradient += weight * f64::from(value) * miss;
                }
                assert!(gradient.abs() < 1e-5, "row {row}, column {column}: {gradient}");
            }
        }
    }
}
