//! How much more of something a figure takes.

/// Nobody asks for more than so many times as much.
pub const MOST: f64 = 32.0;

/// Factors closer than this are not told apart.
const RESOLUTION: f64 = 1.03;

/// The smallest factor from 1 to [`MOST`] at which `figure` is at least `target`, to 3 %; `None` if
/// it is not even at the most. `figure` is taken to rise with its factor.
pub fn needed(target: f64, mut figure: impl FnMut(f64) -> Option<f64>) -> Option<f64> {
    let mut enough = |factor: f64| figure(factor).is_some_and(|found| found >= target);
    if enough(1.0) {
        return Some(1.0);
    }
    if !enough(MOST) {
        return None;
    }
    let (mut low, mut high) = (1.0, MOST);
    while high / low > RESOLUTION {
        let middle = libm::sqrt(low * high);
        if enough(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

/// The factor at which a figure reaches `target`, read off the straight lines, in logarithms,
/// between factors that were `tried`, ascending, each with its figure. The first of them if that
/// reaches it already; `None` if none does.
pub fn crossing(target: f64, tried: &[(f64, f64)]) -> Option<f64> {
    let place = tried.iter().position(|&(_, figure)| figure >= target)?;
    let (above, reached) = tried[place];
    let Some(&(below, short)) = place.checked_sub(1).map(|before| &tried[before]) else {
        return Some(above);
    };
    let part = libm::log(target / short) / libm::log(reached / short);
    Some(below * libm::pow(above / below, part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_law_is_read_off_between_its_points() {
        let tried: Vec<(f64, f64)> = [1.0, 4.0, 32.0].map(|x| (x, 7.0 * x * x)).into();
        let found = crossing(7.0 * 9.0, &tried).unwrap();
        assert!((found - 3.0).abs() < 1e-12, "{found}");
        assert_eq!(crossing(1.0, &tried), Some(1.0));
        assert_eq!(crossing(1e9, &tried), None);
    }

    #[test]
    fn a_power_law_takes_the_root() {
        for (target, exponent, expected) in [(4.0, 1.0, 4.0), (3.0, 0.5, 9.0), (0.5, 1.0, 1.0)] {
            let found = needed(target, |factor| Some(libm::pow(factor, exponent)));
            let found = found.expect("it is within reach");
            assert!((1.0..RESOLUTION).contains(&(found / expected)), "{found} for {expected}");
        }
    }

    #[test]
    fn what_does_not_help_is_said() {
        assert_eq!(needed(1.5, |_| Some(1.0)), None);
        assert_eq!(needed(1.5, |_| None), None);
    }
}
