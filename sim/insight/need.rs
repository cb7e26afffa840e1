//! How much more of something a figure takes.

/// Nobody asks for more than so many times as much.
pub const MOST: f64 = 32.0;

/// Factors closer than this are not told apart.
const RESOLUTION: f64 = 1.03;

/// The smallest factor from 1 to [`MOST`] at which `figure` is at least `target`, to 3 %; `None` if
/// it is not even at the most. `figure` is taken to rise with its factor.
pub fn needed(target: f64, mut figure: impl FnMut(f64) -> Option<f64>) -> Option<f64> {
    let mut over = |factor: f64| {
        let found = figure(factor).filter(|&found| found > 0.0);
        found.map_or(f64::NEG_INFINITY, |found| 1.0 - target / found)
    };
    let low = End { place: 0.0, over: over(1.0) };
    if low.over >= 0.0 {
        return Some(1.0);
    }
    let high = End { place: libm::log(MOST), over: over(MOST) };
    if high.over < 0.0 {
        return None;
    }
    let mut around = Bracket { low, high, last: Side::High, tries: 0 };
    while around.width() > libm::log(RESOLUTION) {
        let place = around.next();
        around.narrow(End { place, over: over(libm::exp(place)) });
    }
    Some(libm::exp(around.high.place))
}

/// A factor that was tried, as a logarithm, and how far over the target it got: the part of the
/// time for a token that it saves beyond that.
#[derive(Clone, Copy)]
struct End {
    place: f64,
    over: f64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Low,
    High,
}

/// A factor that is too small, and one that is enough; which of them was tried last.
struct Bracket {
    low: End,
    high: End,
    last: Side,
    tries: u32,
}

impl Bracket {
    fn width(&self) -> f64 {
        self.high.place - self.low.place
    }

    /// Where to try next: as if one part of the time for a token shrank with the factor and the
    /// rest stayed (a straight line over 1/factor), a little to the side that was not tried last,
    /// so that both ends close in. Half way each fourth time, should the line mislead.
    fn next(&self) -> f64 {
        let step = libm::log(RESOLUTION);
        let half = self.low.place + self.width() / 2.0;
        if self.tries % 4 == 3 || !self.low.over.is_finite() {
            return half;
        }
        let part = self.low.over / (self.low.over - self.high.over);
        let (most, least) = (libm::exp(-self.low.place), libm::exp(-self.high.place));
        let line = -libm::log(most + part * (least - most));
        let beside = if self.last == Side::Low { 0.45 } else { -0.45 } * step;
        let margin = (0.4 * step).min(self.width() / 2.0);
        (line + beside).clamp(self.low.place + margin, self.high.place - margin)
    }

    /// Takes what was tried for one end. The other end counts half if it stays for a second time
    /// (the Illinois rule): lines would lean on it for ever.
    fn narrow(&mut self, tried: End) {
        let side = if tried.over >= 0.0 { Side::High } else { Side::Low };
        let (own, other) = match side {
            Side::Low => (&mut self.low, &mut self.high),
            Side::High => (&mut self.high, &mut self.low),
        };
        *own = tried;
        if side == self.last {
            other.over /= 2.0;
        }
        self.last = side;
        self.tries += 1;
    }
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
    fn few_factors_are_tried_of_what_levels_off() {
        let level_off = |factor: f64| 1.0 / (0.7 / factor + 0.3);
        let power = |factor: f64| libm::pow(factor, 0.7);
        for (shape, most) in [(level_off as fn(f64) -> f64, 4), (power, 8)] {
            for percent in (110..320).step_by(10) {
                let (target, mut tried) = (f64::from(percent) / 100.0, Vec::new());
                let found = needed(target, |factor| {
                    tried.push(factor);
                    Some(shape(factor))
                });
                match found {
                    None => assert!(shape(MOST) < target, "{target}"),
                    Some(found) => {
                        assert!(shape(found) >= target && shape(found / RESOLUTION) < target);
                    }
                }
                assert!(tried.len() <= most, "{target}: {tried:?}");
            }
        }
    }

    #[test]
    fn what_does_not_help_is_said() {
        assert_eq!(needed(1.5, |_| Some(1.0)), None);
        assert_eq!(needed(1.5, |_| None), None);
    }
}
