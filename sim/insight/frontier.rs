//! What no other choice beats in both of two figures.

/// The places of `points` that no other point beats or equals in both figures, by falling second
/// figure and so rising first. More is better. Of equal points the first stays; points with a NaN
/// never do.
pub fn frontier(points: &[(f64, f64)]) -> Vec<usize> {
    let mut order: Vec<usize> =
        (0..points.len()).filter(|&i| !points[i].0.is_nan() && !points[i].1.is_nan()).collect();
    order.sort_by(|&a, &b| {
        let (a, b) = (points[a], points[b]);
        b.1.total_cmp(&a.1).then(b.0.total_cmp(&a.0))
    });
    let mut best = f64::NEG_INFINITY;
    order.retain(|&i| {
        let rises = points[i].0 > best;
        best = best.max(points[i].0);
        rises
    });
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_beaten_goes() {
        let points = [(1.0, 9.0), (2.0, 8.0), (2.0, 7.0), (5.0, 8.0), (9.0, 1.0), (f64::NAN, 10.0)];
        assert_eq!(frontier(&points), [0, 3, 4]);
        assert_eq!(frontier(&[(1.0, 1.0), (1.0, 1.0)]), [0]);
        assert!(frontier(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn a_point_stays_exactly_if_none_beats_it(
            points in prop::collection::vec((0..8u8, 0..8u8), 0..30),
        ) {
            let points: Vec<(f64, f64)> =
                points.into_iter().map(|(x, y)| (f64::from(x), f64::from(y))).collect();
            let kept = frontier(&points);
            for (i, point) in points.iter().enumerate() {
                let beats = |(j, other): (usize, &(f64, f64))| {
                    other.0 >= point.0 && other.1 >= point.1 && (other != point || j < i)
                };
                let is_beaten = points.iter().enumerate().any(beats);
                prop_assert_eq!(kept.contains(&i), !is_beaten);
            }
            prop_assert!(kept.is_sorted_by(|&a, &b| points[a].0 < points[b].0));
        }
    }
}
