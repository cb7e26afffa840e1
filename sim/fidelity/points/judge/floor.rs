//! What no model can beat that knows no more than a scenario: how far twins are apart.

use std::collections::BTreeMap;

use crate::des::quantile;
use crate::fidelity::points::point::{Family, Point};
use crate::fidelity::points::scenario::Scenario;

/// What twins differ in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Twins {
    /// Nothing that is stated: one thing measured again.
    Nothing,
    /// The engine's release.
    Release,
    /// The answer's length, on which a time to first token cannot depend.
    Answer,
}

impl Twins {
    const ALL: [Self; 3] = [Self::Nothing, Self::Release, Self::Answer];

    /// In reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing stated",
            Self::Release => "the release",
            Self::Answer => "the answer's length",
        }
    }
}

/// How far twins are from their own geometric mean, which is what the best of models would say.
#[derive(Clone, Debug, PartialEq)]
pub struct Floor {
    /// Which figure: `tpot_ms`; times to first token of light loads alone, as they are scored.
    pub metric: &'static str,
    /// What they differ in.
    pub twins: Twins,
    /// `all`, or an engine.
    pub engine: String,
    /// Twins; those who stand alone do not count.
    pub n: usize,
    /// Median of |mean / measured − 1|.
    pub median: f64,
    /// Its 90th percentile.
    pub p90: f64,
}

/// The floors of `points` that can be asked for, by figure, difference and engine.
pub fn floors<'a>(points: impl Iterator<Item = &'a Point>) -> Vec<Floor> {
    let known: Vec<(&Point, &Scenario)> = points
        .filter(|point| point.measured.is_finite() && point.measured > 0.0)
        .filter_map(|point| Some((point, point.ask.as_ref().ok()?)))
        .filter(|(point, ask)| point.metric.family != Family::Ttft || ask.is_light())
        .collect();
    let mut errors: BTreeMap<(Family, Twins, bool, &str), Vec<f64>> = BTreeMap::new();
    for twins in Twins::ALL {
        for (family, engine, error) in apart(&known, twins) {
            for (is_part, group) in [(false, "all"), (true, engine)] {
                errors.entry((family, twins, is_part, group)).or_default().push(error);
            }
        }
    }
    let floors = errors.into_iter().map(|((family, twins, _, engine), mut errors)| {
        errors.sort_unstable_by(f64::total_cmp);
        let at = |share| quantile(&errors, share).expect("a group has twins");
        let (metric, engine, n) = (family.name(), engine.to_owned(), errors.len());
        Floor { metric, twins, engine, n, median: at(0.5), p90: at(0.9) }
    });
    floors.collect()
}

/// How far each twin is from its twins' mean.
fn apart<'a>(known: &[(&'a Point, &Scenario)], twins: Twins) -> Vec<(Family, &'a str, f64)> {
    // Within a group of twins the logarithms of what each of them was measured at.
    let mut groups: BTreeMap<_, BTreeMap<_, Vec<f64>>> = BTreeMap::new();
    for &(point, ask) in known {
        let is_first = point.metric.family == Family::Ttft;
        if twins == Twins::Answer && !is_first {
            continue;
        }
        let version = point.tags.version.as_str();
        if twins == Twins::Release && version.is_empty() {
            continue;
        }
        let (same, own) = match twins {
            Twins::Nothing => ((ask.clone(), version), (point.row, "")),
            Twins::Release => ((ask.clone(), ""), (0, version)),
            Twins::Answer => {
                let (_, output) = ask.lengths.middle();
                let lengths = ask.lengths.without_answers();
                ((Scenario { lengths, ..ask.clone() }, version), (output as usize, ""))
            }
        };
        let what = (point.metric.family, point.metric.name.as_str(), point.tags.engine.as_str());
        let group = groups.entry((same, what)).or_default();
        group.entry(own).or_default().push(libm::log(point.measured));
    }
    let mut errors = Vec::new();
    for ((_, (family, _, engine)), group) in groups.into_iter().filter(|(_, of)| of.len() > 1) {
        let mean = |logs: &[f64]| logs.iter().sum::<f64>() / logs.len() as f64;
        let twins: Vec<f64> = group.values().map(|logs| mean(logs)).collect();
        let middle = mean(&twins);
        let off = twins.iter().map(|log| (libm::exp(middle - log) - 1.0).abs());
        errors.extend(off.map(|off| (family, engine, off)));
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fidelity::points::shipped;
    use crate::fidelity::{Reader, read_points};
    use crate::hardware::Catalog;
    use crate::model::Catalog as Models;

    fn points() -> Vec<Point> {
        let (chips, models) = (Catalog::embedded(), Models::embedded());
        let reader = Reader { chips: &chips, models: &models };
        let read = |(name, text): &(&str, &str)| read_points(name, text, reader).unwrap();
        shipped().iter().flat_map(read).collect()
    }

    #[test]
    fn twins_are_half_their_ratio_apart_and_loners_do_not_count() {
        let all = points();
        let asked = |point: &&Point| point.metric.family == Family::Tpot && point.ask.is_ok();
        let one = all.iter().find(asked).expect("there is one").clone();
        assert!(floors([&one].into_iter()).is_empty());
        let tags = |version: &str| {
            let mut tags = one.tags.clone();
            version.clone_into(&mut tags.version);
            tags
        };
        let at =
            |row, measured, version| Point { row, measured, tags: tags(version), ..one.clone() };
        let twins = [at(1, 10.0, "a"), at(2, 40.0, "b"), at(3, 40.0, "b")];
        let found = floors(twins.iter());
        let of = |kind| found.iter().find(|floor| floor.twins == kind && floor.engine == "all");
        let release = of(Twins::Release).unwrap();
        // A geometric mean of 20: one twin is half of it, the other twice.
        assert_eq!((release.n, release.metric), (2, "tpot_ms"));
        assert!((release.median - 0.75).abs() < 1e-12, "{release:?}");
        let again = of(Twins::Nothing).unwrap();
        assert!(again.n == 2 && again.p90 < 1e-12, "{again:?}");
        assert!(of(Twins::Answer).is_none());
    }
}
