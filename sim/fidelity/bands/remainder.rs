//! What no cause explains: scheduling, unstated settings, versions.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// Half the width of a normal law's 80 %, in standard deviations.
const HALF: f64 = 1.281_551_565_5;

/// Standard deviations of logarithms by figure, from serving points whose groups judge no fit.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remainders {
    #[expect(dead_code, reason = "stated in the file; read by people")]
    source: String,
    figures: BTreeMap<String, Remainder>,
}

/// One figure's.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Remainder {
    deviation: f64,
    #[expect(dead_code, reason = "stated in the file; read by people")]
    fitted: String,
}

impl Remainders {
    /// Those that memwall ships.
    pub fn embedded() -> &'static Self {
        static FILE: LazyLock<Remainders> = LazyLock::new(|| {
            let text = include_str!("../../../hw-specs/calibration/remainders.toml");
            toml::from_str(text).expect("the shipped file is well-formed; a test reads it")
        });
        &FILE
    }

    /// The deviation of the remainder of `figure`: `tpot`, `ttft`, `throughput`.
    pub fn deviation(&self, figure: &str) -> f64 {
        self.figures.get(figure).map_or(0.0, |remainder| remainder.deviation)
    }
}

/// Half the width of the 80 % band of a figure's logarithm.
pub fn half_width(explained: f64, remainder: f64) -> f64 {
    HALF * libm::hypot(explained, remainder)
}

/// The remainder with which bands hold four in five of `misses`, each the deviation that is
/// explained and the error's logarithm; zero if they do without one.
pub fn remainder_of(misses: &[(f64, f64)]) -> f64 {
    let needed = |&(explained, error): &(f64, f64)| {
        let reach = error / HALF;
        reach * reach - explained * explained
    };
    let mut needed: Vec<f64> = misses.iter().map(needed).collect();
    needed.sort_by(f64::total_cmp);
    crate::des::quantile(&needed, 0.8).map_or(0.0, |square| libm::sqrt(square.max(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::des::Streams;

    #[test]
    fn the_remainder_that_made_the_misses_is_found_and_covers_them() {
        let mut stream = Streams::new(7).named("misses", 0);
        let misses: Vec<(f64, f64)> = (0..20_000)
            .map(|i| {
                let explained = 0.05 + 0.1 * f64::from(i % 3);
                (explained, libm::hypot(explained, 0.2) * stream.normal())
            })
            .collect();
        let found = remainder_of(&misses);
        assert!((found / 0.2 - 1.0).abs() < 0.05, "{found}");
        let held =
            misses.iter().filter(|(explained, error)| error.abs() <= half_width(*explained, found));
        let share = held.count() as f64 / misses.len() as f64;
        assert!((share - 0.8).abs() < 0.001, "{share}");
    }

    #[test]
    fn small_misses_leave_none() {
        assert!(remainder_of(&[(0.1, 0.01), (0.1, -0.02)]).abs() < f64::EPSILON);
        assert!(Remainders::embedded().deviation("tpot") >= 0.0);
    }
}
