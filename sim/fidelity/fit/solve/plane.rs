//! A plane through weighted values.

/// What holds slopes that the rows do not say at zero, against weights that add up to 1.
const RIDGE: f64 = 1e-3;

/// The value at the origin of the plane through `rows`, weighted least squares: weight, steps from
/// the origin, value. Without steps it is the weighted mean.
pub(in crate::fidelity::fit) fn weighted_plane(rows: &[(f64, Vec<f64>, f64)]) -> f64 {
    let total: f64 = rows.iter().map(|row| row.0).sum();
    let unknowns = 1 + rows.first().map_or(0, |row| row.1.len());
    // The normal equations: a symmetric matrix, and its right side in the last column.
    let mut equations = vec![vec![0.0; unknowns + 1]; unknowns];
    for (weight, steps, value) in rows {
        let terms = || std::iter::once(1.0).chain(steps.iter().copied());
        for (equation, a) in equations.iter_mut().zip(terms()) {
            for (sum, b) in equation.iter_mut().zip(terms().chain([*value])) {
                *sum += weight / total * a * b;
            }
        }
    }
    for (i, equation) in equations.iter_mut().enumerate().skip(1) {
        equation[i] += RIDGE;
    }
    // Eliminated from the last unknown up, the first is left. Positive definite: no pivots needed.
    for i in (1..unknowns).rev() {
        let (above, below) = equations.split_at_mut(i);
        let pivot = &below[0];
        for equation in above {
            let factor = equation[i] / pivot[i];
            for (term, by) in equation.iter_mut().zip(pivot) {
                *term -= factor * by;
            }
        }
    }
    equations[0][unknowns] / equations[0][0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plane_is_found_from_its_points_and_a_mean_without_steps() {
        let plane = |x: f64, y: f64| (1.0 + x, vec![100.0 * x, 100.0 * y], 3.0 + 5.0 * x - 2.0 * y);
        let rows = [plane(0.0, 1.0), plane(1.0, 0.0), plane(2.0, 2.0), plane(-0.5, 3.0)];
        assert!((weighted_plane(&rows) - 3.0).abs() < 1e-4, "{}", weighted_plane(&rows));
        let mean = weighted_plane(&[(1.0, vec![], 2.0), (3.0, vec![], 6.0)]);
        assert!((mean - 5.0).abs() < 1e-12, "{mean}");
    }

    #[test]
    fn a_step_that_no_row_takes_has_no_slope() {
        let rows = [(1.0, vec![1.0, 0.0], 4.0), (1.0, vec![-1.0, 0.0], 2.0)];
        assert!((weighted_plane(&rows) - 3.0).abs() < 1e-12);
    }
}
