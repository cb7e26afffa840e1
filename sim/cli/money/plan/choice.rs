//! The choice of fleets, each tried as a whole, or what keeps every one from being enough.

use rayon::prelude::*;

use super::document::Unfit;
use super::peak::{PeakHour, peak_hour};
use super::search::{Candidate, Found, Unable};
use crate::cli::{CliError, Shell};
use crate::economics::Basis;
use crate::hardware::Catalog;
use crate::planning::{Ask, Fleet, Mix, Point, Stand, Unmet, settle};
use crate::units::significant;

/// What was chosen.
pub(super) struct Choice {
    /// Of one kind each, for each demand best first.
    pub(super) single: Vec<Vec<Fleet>>,
    pub(super) mix: Option<Mix>,
    /// What fleets came to at their peak.
    hours: Vec<(Stand, PeakHour)>,
}

impl Choice {
    /// The fleets that carry `asks`.
    pub(super) fn of(
        found: &Found,
        asks: &[Ask],
        (basis, catalog): (&Basis, &Catalog),
        shell: &Shell,
    ) -> Result<Self, CliError> {
        let numbered = found.candidates.iter().enumerate();
        let points: Vec<Point> =
            numbered.filter_map(|(row, one)| one.point(row, basis, catalog)).collect();
        let mut hours: Vec<(Stand, PeakHour)> = Vec::new();
        let waiting = shell.spinner("trying whole fleets at their peak");
        let settled = settle(&points, asks, |stands| {
            let known = |stand: &Stand| hours.iter().any(|(tried, _)| tried == stand);
            let open: Vec<Stand> = stands.iter().filter(|stand| !known(stand)).copied().collect();
            let tried = open.into_par_iter().with_max_len(1);
            hours.par_extend(tried.map(|stand| (stand, found.try_out(&stand, catalog))));
            stands.iter().map(|stand| hour_of(&hours, stand).is_some_and(|h| h.meets_slo)).collect()
        });
        drop(waiting);
        let missing = settled.single.iter().find_map(|fleets| fleets.as_ref().err());
        let mix = match (settled.mix, missing) {
            (Ok(mix), _) => Some(mix),
            // Without a price nothing can be mixed by it; fleets of one kind still compare.
            (Err(_), None) if asks.len() == 1 => None,
            (Err(unmet), missing) => {
                return Err(refused(missing.unwrap_or(&unmet), &found.candidates));
            }
        };
        let single = settled.single.into_iter().map(Result::unwrap_or_default).collect();
        Ok(Self { single, mix, hours })
    }

    /// Kinds none of whose fleets keeps the level when tasks come at random.
    pub(super) fn given_up(&self, found: &Found) -> Vec<Unfit> {
        let kind = |row: usize| {
            let one = &found.candidates[row];
            let unit = one.found.as_ref().ok().map(|(unit, _)| unit.chip_names());
            (one.demand, one.engine.to_string(), unit.unwrap_or_default())
        };
        let kept: Vec<_> = self.single.iter().flatten().map(|it| kind(it.point.row)).collect();
        let mut unfit: Vec<Unfit> = Vec::new();
        for (stand, hour) in &self.hours {
            let (demand, engine, chip) = kind(stand.row);
            let is_known = |one: &Unfit| (&one.demand, &one.chip) == (&demand, &chip);
            let is_kept = kept.contains(&(demand, engine.clone(), chip.clone()));
            if hour.meets_slo || is_kept || unfit.iter().any(is_known) {
                continue;
            }
            let reason = "replicas keep the service level one by one, but at the peak, when tasks \
                          come at random, not even half as many more would";
            unfit.push(Unfit { demand, chip, engine, reason: reason.into() });
        }
        unfit
    }

    /// What came of `stand`.
    pub(super) fn hour(&self, stand: &Stand) -> Option<&PeakHour> {
        hour_of(&self.hours, stand)
    }
}

fn hour_of<'a>(hours: &'a [(Stand, PeakHour)], stand: &Stand) -> Option<&'a PeakHour> {
    hours.iter().find(|(tried, _)| tried == stand).map(|(_, hour)| hour)
}

impl Found {
    fn try_out(&self, stand: &Stand, catalog: &Catalog) -> PeakHour {
        let candidate = &self.candidates[stand.row];
        let (unit, yields) = candidate.found.as_ref().ok().expect("points are of units that yield");
        peak_hour(stand, (unit, yields), (&self.fields[candidate.field], catalog))
    }
}

/// Chips of which no plan carries a demand, each with what its largest plan lacks.
pub(super) fn unfit(candidates: &[Candidate]) -> Vec<Unfit> {
    let mut unfit: Vec<Unfit> = Vec::new();
    for one in candidates {
        let Err(Unable { row, reason }) = &one.found else { continue };
        let chip = row.chip.clone();
        let carries = |other: &Candidate| {
            let unit = other.found.as_ref().ok().map(|(unit, _)| unit);
            other.field == one.field && unit.is_some_and(|unit| unit.serving.chip == chip)
        };
        if candidates.iter().any(carries) {
            continue;
        }
        let (demand, engine) = (one.demand, one.engine.to_string());
        let named = unfit
            .iter_mut()
            .find(|other| other.demand == demand && other.engine == engine && other.chip == chip);
        match named {
            // Larger plans come later.
            Some(smaller) => smaller.reason.clone_from(reason),
            None => unfit.push(Unfit { demand, chip, engine, reason: reason.clone() }),
        }
    }
    unfit
}

/// Names the constraint that fails first.
fn refused(unmet: &Unmet, candidates: &[Candidate]) -> CliError {
    match unmet {
        Unmet::NoPoint => {
            let unable = candidates.iter().filter_map(|one| one.found.as_ref().err());
            let reasons: Vec<_> = unable.filter_map(|unable| unable.row.reason.clone()).collect();
            if !reasons.is_empty() {
                return CliError::NoneFits { reasons };
            }
            CliError::Flag {
                flag: "--slo-ttft, --slo-tpot, --slo-tpot-p99, --slo-task",
                value: "as they are".into(),
                problem: "every fleet misses them in its busiest hour, also when it has grown by \
                          half"
                    .into(),
                remedy: "relax them, or give other --chips".into(),
            }
        }
        Unmet::Together => CliError::Flag {
            flag: "--max-gpus, --max-usd-per-hour, --max-facility-kw, --available",
            value: "together".into(),
            problem: "no fleet keeps all of them, though each by itself can be kept".into(),
            remedy: "raise one, ask for less, or give other --chips".into(),
        },
        Unmet::OverBudget { what, least, limit, chip } => {
            let (flag, unit, scale) = match *what {
                "gpus" => ("--max-gpus", "GPUs", 1.0),
                "facility" => ("--max-facility-kw", "kW", 1e3),
                "available" => ("--available", "of it", 1.0),
                _ => ("--max-usd-per-hour", "dollars an hour", 1.0),
            };
            let least = if least.is_finite() {
                format!("{} {unit}", significant(least / scale, 3))
            } else {
                format!("an unknown number of {unit}")
            };
            CliError::Flag {
                flag,
                value: significant(limit / scale, 3),
                problem: format!("no fleet carries the demand within it; {chip} needs {least}"),
                remedy: "raise it, ask for less, or give other --chips".into(),
            }
        }
    }
}
