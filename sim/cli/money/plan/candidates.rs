//! What replicas yield: every plan of every chip under every engine, simulated.

use crate::cli::simulate::{CommonFlags, LevelFlags, Wall};
use crate::cli::{CliError, Shell};
use crate::cost::EngineProfile;
use crate::economics::Basis;
use crate::hardware::Catalog;
use crate::planning::{AskedFor, Point};
use crate::report::WallRow;

/// A kind of replica for one of the demands, and what came of it.
pub(super) struct Candidate {
    pub(super) demand: usize,
    pub(super) engine: EngineProfile,
    pub(super) row: WallRow,
}

/// How candidates are found.
pub(super) struct Search<'a> {
    pub(super) chips: &'a [String],
    pub(super) engines: &'a [EngineProfile],
    pub(super) common: &'a CommonFlags,
    pub(super) level: &'a LevelFlags,
    pub(super) explain: bool,
}

impl Search<'_> {
    /// All candidates for `demands`, each at the best load within the service level. Equal work
    /// gives equal tasks to all of them.
    pub(super) fn candidates(
        &self,
        demands: &[AskedFor],
        shell: &Shell,
    ) -> Result<Vec<Candidate>, CliError> {
        let mut found = Vec::new();
        for (demand, asked) in demands.iter().enumerate() {
            for &engine in self.engines {
                let (model, workload) = (asked.model.as_ref(), asked.workload.as_ref());
                let common = self.common.with(model, workload, engine);
                let wall = Wall::of(self.chips.to_vec(), common).within(self.level.clone());
                let rows = wall.plan_by_plan(self.explain).rows(shell)?;
                found.extend(rows.into_iter().map(|row| Candidate { demand, engine, row }));
            }
        }
        Ok(found)
    }
}

impl Candidate {
    /// As fleets are built of it; `row` is its place in the caller's list.
    pub(super) fn point(&self, row: usize, basis: &Basis, catalog: &Catalog) -> Option<Point> {
        let chip = catalog.chip(&self.row.chip).ok()?;
        let gpus = self.row.gpus?;
        Some(Point {
            chip: self.row.chip.clone(),
            demand: self.demand,
            engine: self.engine.to_string(),
            row,
            gpus,
            tasks_per_hour: self.row.tasks_per_hour_per_gpu? * f64::from(gpus),
            hourly: basis.hourly(chip),
            facility: chip.power.facility,
        })
    }
}
