//! The search: every plan of every chip under every engine, and pools of them.

use super::candidate::Candidate;
use super::pools::PoolSearch;
use crate::cli::money::flags::SubjectFlags;
use crate::cli::simulate::{Field, StepFlags, Wall};
use crate::cli::{CliError, Shell};
use crate::cost::EngineProfile;
use crate::economics::Basis;
use crate::hardware::Catalog;
use crate::planning::{AskedFor, Objective};

/// How candidates are found.
pub(in crate::cli::money::plan) struct Search<'a> {
    pub(in crate::cli::money::plan) subject: &'a SubjectFlags,
    pub(in crate::cli::money::plan) steps: &'a StepFlags,
    pub(in crate::cli::money::plan) engines: &'a [EngineProfile],
    pub(in crate::cli::money::plan) objective: Objective,
    pub(in crate::cli::money::plan) basis: &'a Basis,
    pub(in crate::cli::money::plan) catalog: &'a Catalog,
    /// Whether each replica prefills what it decodes.
    pub(in crate::cli::money::plan) is_colocated: bool,
    pub(in crate::cli::money::plan) explain: bool,
}

/// What was found, and what it was tried on.
#[derive(Default)]
pub(in crate::cli::money::plan) struct Found {
    pub(in crate::cli::money::plan) fields: Vec<Field>,
    pub(in crate::cli::money::plan) candidates: Vec<Candidate>,
}

impl Search<'_> {
    /// All candidates for `demands`, each at the best load within the service level. Equal work
    /// gives equal tasks to all of them.
    pub(in crate::cli::money::plan) fn candidates(
        &self,
        demands: &[AskedFor],
        shell: &Shell,
    ) -> Result<Found, CliError> {
        let SubjectFlags { level, common, tiers, .. } = self.subject;
        let mut found = Found::default();
        for (demand, asked) in demands.iter().enumerate() {
            for &engine in self.engines {
                let (model, workload) = (asked.model.as_ref(), asked.workload.as_ref());
                let common = common.with(model, workload, engine);
                let field = Field::read(&common, level, (self.steps, tiers), shell)?;
                let wall = Wall::of(self.subject.chips(), common).within(level.clone());
                let wall = wall.over(tiers.clone()).stepping(self.steps.clone());
                let wall = wall.plan_by_plan(self.explain);
                let place = found.fields.len();
                let of = |found| Candidate { demand, engine, field: place, found };
                let rows = wall.rows(shell)?.into_iter();
                let replicas: Vec<Candidate> =
                    rows.map(|row| of(Candidate::found(row, &level.slo()))).collect();
                let pools = if self.is_colocated {
                    Vec::new()
                } else {
                    let waiting = shell.spinner("trying pools that prefill and decode apart");
                    let pools = self.pools(&field).candidates(&replicas);
                    drop(waiting);
                    pools
                };
                found.fields.push(field);
                found.candidates.extend(replicas);
                found.candidates.extend(pools.into_iter().map(|pools| of(Ok(pools))));
            }
        }
        Ok(found)
    }

    fn pools<'a>(&'a self, field: &'a Field) -> PoolSearch<'a> {
        let Self { objective, basis, catalog, explain, .. } = *self;
        PoolSearch { field, catalog, objective, basis, explain }
    }
}
