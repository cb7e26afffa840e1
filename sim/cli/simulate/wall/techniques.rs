//! `--techniques`: what `ablate` finds on one chip of the ladder.

use super::command::{Rung, Wall};
use crate::cli::simulate::ablate::Ablate;
use crate::cli::{CliError, Shell};
use crate::cost::Stretch;
use crate::hardware::Catalog;
use crate::report::AblateDocument;

impl Wall {
    /// Whether `--techniques` can be answered at all: known before anything runs.
    pub(super) fn check_techniques(&self) -> Result<(), CliError> {
        let wrong = [
            (
                self.rate.is_some(),
                "with --rate",
                "techniques are compared at their best load, or in a closed loop",
                "leave out --rate, or --techniques",
            ),
            (
                self.concurrency.is_some() && self.plan.is_none(),
                "with --concurrency",
                "combinations under one load have one plan, too",
                "give a --plan, or leave out --concurrency",
            ),
            (
                self.tiers.wishes().is_on(),
                "with --kv-tiers",
                "stores below HBM are a technique there",
                "leave out --kv-tiers and study kv-offload",
            ),
            (
                self.steps.words().is_some(),
                "with steps other than by default",
                "techniques change what a step takes and draws, and are compared at full clocks",
                "leave out --power-cap, --prefill-delay, --longest-chunk and \
                 --overlap-scheduling, or --techniques",
            ),
        ];
        let found = wrong.into_iter().find(|(is_so, ..)| *is_so && self.techniques.is_some());
        found.map_or(Ok(()), |(_, value, problem, remedy)| {
            Err(CliError::Flag {
                flag: "--techniques",
                value: value.into(),
                problem: problem.into(),
                remedy: remedy.into(),
            })
        })
    }

    /// What `memwall ablate` says of the chip that was asked for, or of the first that has a
    /// result.
    pub(super) fn ablated(
        &self,
        catalog: &Catalog,
        rungs: &[Rung],
        shell: &Shell,
    ) -> Result<Option<AblateDocument>, CliError> {
        let Some(techniques) = &self.techniques else { return Ok(None) };
        let chip = match &self.techniques_on {
            Some(name) => catalog.chip(name)?.name.clone(),
            None => match rungs.iter().find(|(_, found)| found.is_ok()) {
                Some((order, _)) => order.chip.name.clone(),
                None => return Ok(None),
            },
        };
        let is_hosted =
            |(order, _): &Rung| order.chip.name == chip && order.stretch != Stretch::NONE;
        if rungs.iter().any(is_hosted) {
            return Err(CliError::Flag {
                flag: "--techniques-on",
                value: chip,
                problem: "its host is varied, which `ablate` does not do".into(),
                remedy: "name another chip of the ladder".into(),
            });
        }
        let ablate = Ablate::of(chip, self.common.clone(), self.level.clone())
            .studying(techniques.clone())
            .under(self.plan, self.concurrency);
        ablate.document(catalog, shell).map(Some)
    }
}
