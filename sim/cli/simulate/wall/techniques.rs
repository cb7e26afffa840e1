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
        let refuse = |flag, problem: &str, remedy: &str| {
            Err(CliError::Flag {
                flag: "--techniques",
                value: flag,
                problem: problem.into(),
                remedy: remedy.into(),
            })
        };
        match &self.techniques {
            None => Ok(()),
            Some(_) if self.rate.is_some() => refuse(
                "with --rate".into(),
                "techniques are compared at their best load, or in a closed loop",
                "leave out --rate, or --techniques",
            ),
            Some(_) if self.concurrency.is_some() && self.plan.is_none() => refuse(
                "with --concurrency".into(),
                "combinations under one load have one plan, too",
                "give a --plan, or leave out --concurrency",
            ),
            Some(_) if self.tiers.wishes().is_on() => refuse(
                "with --kv-tiers".into(),
                "stores below HBM are a technique there",
                "leave out --kv-tiers and study kv-offload",
            ),
            Some(_) => Ok(()),
        }
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
