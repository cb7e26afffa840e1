//! A deterministic search for the least of a function over the unit cube.

/// Corners of the cube are tried from the given start and from this many more.
const MORE_STARTS: usize = 2;

/// Evaluations per dimension: from a start, and for polishing the best.
const COARSE: usize = 45;
const FINE: usize = 110;

/// Restarts of the simplex around the best.
const POLISHES: usize = 2;

/// The position of the least of `f`, searched from `start` and a few fixed other places.
///
/// Nelder and Mead's simplex (The Computer Journal 7, 1965) with restarts: the sum of absolute
/// errors has kinks, which rules out gradients. Deterministic.
pub(in crate::fidelity::fit) fn minimise(f: &impl Fn(&[f64]) -> f64, start: &[f64]) -> Vec<f64> {
    let dimensions = start.len();
    let mut best = simplex(f, start, 0.15, COARSE * dimensions);
    for i in 0..MORE_STARTS {
        let found = simplex(f, &spread(start, i), 0.25, COARSE * dimensions);
        if found.1 < best.1 {
            best = found;
        }
    }
    for _ in 0..POLISHES {
        let found = simplex(f, &best.0, 0.05, FINE * dimensions);
        if found.1 < best.1 {
            best = found;
        }
    }
    best.0
}

/// The start moved by the `i`-th of a fixed sequence: its dimensions fill the cube evenly.
fn spread(start: &[f64], i: usize) -> Vec<f64> {
    let shift = |(j, &x): (usize, &f64)| {
        let step = 0.754_877_666_246_69 * (i + 1) as f64 * (j + 1) as f64;
        0.1 + 0.8 * (x + step - libm::floor(x + step))
    };
    start.iter().enumerate().map(shift).collect()
}

/// One run of at most `evaluations`; the best position and its value.
fn simplex(
    f: &impl Fn(&[f64]) -> f64,
    start: &[f64],
    size: f64,
    evaluations: usize,
) -> (Vec<f64>, f64) {
    let value = |at: Vec<f64>| {
        let at: Vec<f64> = at.into_iter().map(|x| x.clamp(0.0, 1.0)).collect();
        let value = f(&at);
        (at, if value.is_finite() { value } else { f64::MAX })
    };
    let mut corners = vec![value(start.to_vec())];
    for j in 0..start.len() {
        let mut corner = start.to_vec();
        corner[j] += if corner[j] + size > 1.0 { -size } else { size };
        corners.push(value(corner));
    }
    let mut used = corners.len();
    while used < evaluations {
        corners.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (last, dimensions) = (corners.len() - 1, start.len());
        if corners[last].1 - corners[0].1 < 1e-7 {
            break;
        }
        let mean: Vec<f64> = (0..dimensions)
            .map(|j| corners[..last].iter().map(|c| c.0[j]).sum::<f64>() / last as f64)
            .collect();
        let along = |step: f64| {
            let worst = &corners[last].0;
            value((0..dimensions).map(|j| mean[j] + step * (worst[j] - mean[j])).collect())
        };
        let reflected = along(-1.0);
        used += 1;
        let next = if reflected.1 < corners[0].1 {
            used += 1;
            Some(lesser(along(-2.0), reflected))
        } else if reflected.1 < corners[last - 1].1 {
            Some(reflected)
        } else {
            used += 1;
            let inside = along(if reflected.1 < corners[last].1 { -0.5 } else { 0.5 });
            (inside.1 < corners[last].1.min(reflected.1)).then_some(inside)
        };
        if let Some(next) = next {
            corners[last] = next;
            continue;
        }
        let centre = corners[0].0.clone();
        for corner in &mut corners[1..] {
            *corner = value(centre.iter().zip(&corner.0).map(|(c, x)| (c + x) / 2.0).collect());
        }
        used += last;
    }
    corners.sort_by(|a, b| a.1.total_cmp(&b.1));
    corners.swap_remove(0)
}

fn lesser(a: (Vec<f64>, f64), b: (Vec<f64>, f64)) -> (Vec<f64>, f64) {
    if a.1 < b.1 { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_valley_of_a_kinked_function_is_found() {
        let f = |x: &[f64]| (x[0] - 0.3).abs() + 2.0 * (x[1] - x[0] * x[0]).abs();
        let found = minimise(&f, &[0.9, 0.9]);
        assert!((found[0] - 0.3).abs() < 1e-2 && (found[1] - 0.09).abs() < 1e-2, "{found:?}");
        assert_eq!(found, minimise(&f, &[0.9, 0.9]));
    }

    #[test]
    fn bounds_hold() {
        let found = minimise(&|x: &[f64]| x[0] - x[1], &[0.5, 0.5]);
        assert!(found[0] < 1e-6 && found[1] > 1.0 - 1e-6, "{found:?}");
    }
}
