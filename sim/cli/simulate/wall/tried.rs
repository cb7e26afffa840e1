//! Which plans are tried, and under which loads.

use super::command::{MOST_CLIENTS, Wall};
use super::work::Work;
use crate::cli::CliError;
use crate::cluster::{Drive, Order};
use crate::hardware::Chip;
use crate::model::{Model, Plan};
use crate::units::PerSec;

/// Ranks of tensor parallelism that are tried.
pub(in crate::cli::simulate) const TENSOR: [u32; 4] = [1, 2, 4, 8];
/// Groups of attention-DP that are tried for routed experts.
pub(in crate::cli::simulate) const WIDE: [u32; 3] = [8, 16, 32];

/// What a rung of the ladder is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Rungs {
    /// A chip at the best of its plans.
    #[default]
    Chips,
    /// A plan of a chip.
    Plans,
}

impl Wall {
    /// The order for `model` on `chip`, in the plan that was asked for if one was.
    pub(super) fn order<'a>(
        &self,
        chip: &'a Chip,
        model: &'a Model,
        work: &Work,
    ) -> Result<Order<'a>, CliError> {
        let plan = self.plan.unwrap_or(Plan::tp(1));
        let order = self.common.order(chip, model, plan, work.page_tokens());
        let order = Order { longest: work.longest(model.context), ..order };
        self.steps.order(&order, self.explain)
    }

    /// Most tasks in flight that are tried.
    pub(super) fn most_clients(&self) -> u32 {
        match self.drive() {
            Drive::Best => MOST_CLIENTS,
            Drive::Concurrency(clients) => clients,
            Drive::Rate(_) => 0,
        }
    }

    /// The load.
    pub(super) fn drive(&self) -> Drive {
        match (self.concurrency, self.rate) {
            (Some(clients), _) => Drive::Concurrency(clients),
            (None, Some(rate)) => Drive::Rate(PerSec::new(rate)),
            (None, None) => Drive::Best,
        }
    }

    /// The rungs of `order`'s chip: one, or one for each plan.
    pub(super) fn rungs_of<'a>(&self, order: &Order<'a>) -> Vec<Order<'a>> {
        if self.rungs == Rungs::Chips {
            return vec![*order];
        }
        let plans = self.plans(order).into_iter();
        plans.map(|plan| Order { plan, ..*order }).collect()
    }

    /// The plans to try on a rung.
    pub(super) fn plans_of(&self, order: &Order) -> Vec<Plan> {
        match self.rungs {
            Rungs::Chips => self.plans(order),
            Rungs::Plans => vec![order.plan],
        }
    }

    /// The plans to try: tensor parallelism up to a box, and, for routed experts, attention-DP with
    /// the experts over all ranks, up to half a rack.
    pub(super) fn plans(&self, order: &Order) -> Vec<Plan> {
        if let Some(plan) = self.plan {
            return vec![plan];
        }
        let domain = order.chip.scale_up.as_ref().map_or(1, |link| link.domain);
        let dense = TENSOR.map(Plan::tp);
        let wide = WIDE.map(|ranks| Plan { ep: ranks, dp: ranks, ..Plan::tp(1) });
        let wide = wide.into_iter().filter(|_| order.model.has_routed_experts());
        dense.into_iter().chain(wide).filter(|plan| plan.gpus() <= domain).collect()
    }

    /// The plans to try where none within a domain has a result: pipelines of whole domains, and
    /// attention-DP across them.
    pub(super) fn plans_across(&self, order: &Order) -> Vec<Plan> {
        let domain = order.chip.scale_up.as_ref().map_or(1, |link| link.domain);
        if self.plan.is_some() || self.rungs == Rungs::Plans {
            return Vec::new();
        }
        let staged = [2, 4].map(|pp| Plan { pp, ..Plan::tp(domain.min(8)) });
        // Stages have schedulers of their own.
        let staged = staged.into_iter().filter(|_| !order.stretch.schedules_beside());
        let wide = [(1, 16), (2, 8), (1, 32)].map(|(tp, groups)| Plan {
            ep: groups,
            dp: groups,
            ..Plan::tp(tp)
        });
        let wide = wide.into_iter().filter(|_| order.model.has_routed_experts());
        staged.chain(wide).filter(|plan| plan.gpus() > domain).collect()
    }
}
