//! Work on a model, as trials draw from it.

use super::flags::Work;
use crate::cli::simulate::common::CommonFlags;
use crate::cli::simulate::run::{StepFlags, TierFlags};
use crate::cli::simulate::wall::{LevelFlags, MOST_CLIENTS};
use crate::cli::{CliError, Shell};
use crate::cluster::{Drive, Order, Slo, TaskPool, Terms, TrialLength, Wished, Wishes};
use crate::hardware::{Catalog, Chip};
use crate::model::{Model, Plan};
use crate::units::SimSpan;

/// A model, work for it, and the level of service that it is to be done at.
pub(in crate::cli) struct Field {
    common: CommonFlags,
    steps: StepFlags,
    slo: Slo,
    wishes: Wishes,
    model: Model,
    work: Work,
    pool: TaskPool,
}

impl Field {
    /// Reads what the flags name.
    pub(in crate::cli) fn read(
        common: &CommonFlags,
        level: &LevelFlags,
        (steps, tiers): (&StepFlags, &TierFlags),
        shell: &Shell,
    ) -> Result<Self, CliError> {
        let model = common.model(shell)?;
        let work = common.work.read(shell)?.with_longest_pause();
        let pool = work.pool(common.seed, model.context, MOST_CLIENTS)?;
        let (common, steps, wishes) = (common.clone(), steps.clone(), tiers.wishes());
        Ok(Self { common, steps, slo: level.slo(), wishes, model, work, pool })
    }

    /// Tasks to draw from.
    pub(in crate::cli) fn pool(&self) -> &TaskPool {
        &self.pool
    }

    /// The model on `chip` as `plan`.
    ///
    /// # Panics
    /// If the chip cannot run steps as the flags want them, which climbing a ladder of it tells.
    pub(in crate::cli) fn order<'a>(&'a self, chip: &'a Chip, plan: Plan) -> Order<'a> {
        let order = self.common.order(chip, &self.model, plan, self.work.page_tokens());
        let order = Order { longest: self.work.longest(self.model.context), ..order };
        self.steps.order(&order, false).expect("its ladder was climbed with the same flags")
    }

    /// How loads are tried; figures of stores that were not given are those of `catalog`.
    pub(in crate::cli) fn terms<'a>(&'a self, catalog: &'a Catalog) -> Terms<'a> {
        let below = self.wishes.is_on().then_some(Wished { wishes: &self.wishes, catalog });
        Terms { below, ..self.common.terms((Drive::Best, self.slo), &self.pool, &self.work) }
    }

    /// An hour of it, after the warm-up that confirms a load, in which at most `requests` are
    /// measured.
    pub(in crate::cli) fn hour(&self, requests: u64) -> TrialLength {
        let (_, confirm) = self.work.trials();
        let horizon = confirm.warmup + SimSpan::from_ms(3_600_000);
        TrialLength { warmup: confirm.warmup, horizon, requests }
    }

    /// Tasks that there are; none where they never end.
    pub(in crate::cli) fn tasks(&self) -> Option<usize> {
        match &self.work {
            Work::Recorded { tasks, .. } => Some(tasks.len()),
            Work::Generated(_) | Work::Streamed { .. } => None,
        }
    }
}
