//! Small linear algebra: least squares by Householder's QR, symmetric systems by Cholesky.

/// What is left of a column, relative to its size, that counts as nothing: it is a mixture of those before it.
const DEPENDENT: f64 = 1e-9;

/// The coefficients of `columns` that come nearest to `y` in the sum of squares; 0 for a column that is a mixture of those
/// before it.
///
/// Each column is as long as `y`. Source: Golub & Van Loan 2013, "Matrix computations", 5.3.2.
pub(crate) fn least_squares(columns: &[Vec<f64>], y: &[f64]) -> Vec<f64> {
    let mut columns = columns.to_vec();
    let mut y = y.to_vec();
    let sizes: Vec<f64> = columns.iter().map(|column| norm(column)).collect();
    // Rows are used up by independent columns only.
    let mut pivots: Vec<(usize, f64)> = Vec::with_capacity(columns.len());
    for at in 0..columns.len() {
        let row = pivots.len();
        if row >= y.len() {
            break;
        }
        let (done, rest) = columns.split_at_mut(at + 1);
        let mirror = &mut done[at][row..];
        let size = norm(mirror);
        if size <= DEPENDENT * sizes[at] || size == 0.0 {
            continue;
        }
        let pivot = if mirror[0] > 0.0 { -size } else { size };
        mirror[0] -= pivot;
        let half = -mirror[0] * pivot;
        for other in rest.iter_mut().map(|column| &mut column[row..]).chain([&mut y[row..]]) {
            let share = dot(mirror, other) / half;
            other.iter_mut().zip(mirror.iter()).for_each(|(x, v)| *x -= share * v);
        }
        pivots.push((at, pivot));
    }
    let mut found = vec![0.0; columns.len()];
    for (row, &(at, pivot)) in pivots.iter().enumerate().rev() {
        let later = pivots[row + 1..].iter().map(|&(other, _)| columns[other][row] * found[other]);
        found[at] = (y[row] - later.sum::<f64>()) / pivot;
    }
    found
}

/// Solves `matrix * x = right` in place for a symmetric matrix, given by its lower triangle row by row in `n` columns; `right`
/// becomes `x`, 0 where the matrix says nothing. The matrix becomes its Cholesky factor.
pub(crate) fn solve_symmetric(matrix: &mut [f64], right: &mut [f64]) {
    let n = right.len();
    for i in 0..n {
        for j in 0..=i {
            let sum = dot(&matrix[i * n..i * n + j], &matrix[j * n..j * n + j]);
            let left = matrix[i * n + j] - sum;
            matrix[i * n + j] = if i != j {
                if matrix[j * n + j] > 0.0 { left / matrix[j * n + j] } else { 0.0 }
            } else if left > DEPENDENT * DEPENDENT * matrix[i * n + i] {
                left.sqrt()
            } else {
                0.0
            };
        }
    }
    for i in 0..n {
        let sum = dot(&matrix[i * n..i * n + i], &right[..i]);
        let pivot = matrix[i * n + i];
        right[i] = if pivot > 0.0 { (right[i] - sum) / pivot } else { 0.0 };
    }
    for i in (0..n).rev() {
        let sum: f64 = (i + 1..n).map(|j| matrix[j * n + i] * right[j]).sum();
        let pivot = matrix[i * n + i];
        right[i] = if pivot > 0.0 { (right[i] - sum) / pivot } else { 0.0 };
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(a: &[f64]) -> f64 {
    let largest = a.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
    if largest == 0.0 {
        0.0
    } else {
        largest * a.iter().map(|x| (x / largest).powi(2)).sum::<f64>().sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_fitted_as_by_numpy() {
        // Oracle: numpy.linalg.lstsq of [1, t, t**2] to [3, 1, 4, 1, 5, 9], t = 0..5.
        let t = |power: i32| (0..6).map(|t| f64::from(t).powi(power)).collect::<Vec<_>>();
        let y = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0];
        let found = least_squares(&[t(0), t(1), t(2)], &y);
        let expected = [3.071_428_571_428_568, -1.921_428_571_428_575_3, 0.607_142_857_142_857_8];
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
    }

    #[test]
    fn a_mixture_of_other_columns_gets_nothing() {
        // Oracle: by hand: y is twice the first column, which the second repeats.
        let column = vec![1.0, 2.0, -1.0];
        let y = [2.0, 4.0, -2.0];
        let found = least_squares(&[column.clone(), column, vec![0.0; 3]], &y);
        assert!((found[0] - 2.0).abs() < 1e-14 && found[1..] == [0.0, 0.0], "{found:?}");
        assert_eq!(least_squares(&[], &y), Vec::<f64>::new());
    }

    #[test]
    fn symmetric_systems_are_solved() {
        // Oracle: by hand, [[4, 2], [2, 3]] (1, 2) = (8, 8); the second system is singular.
        let (mut matrix, mut right) = ([4.0, 0.0, 2.0, 3.0], [8.0, 8.0]);
        solve_symmetric(&mut matrix, &mut right);
        assert!((right[0] - 1.0).abs() < 1e-14 && (right[1] - 2.0).abs() < 1e-14);
        let (mut matrix, mut right) = ([4.0, 0.0, 4.0, 4.0], [8.0, 8.0]);
        solve_symmetric(&mut matrix, &mut right);
        assert_eq!(right, [2.0, 0.0]);
    }
}
