//! Replicas that decode what others prefill.

use super::bench::Bench;
use super::server::Server;
use crate::cluster::{Fleet, Order, Prefilling, Routing, Ways, Wire};
use crate::cost::Stretch;
use crate::fidelity::points::scenario::{Drive, Scenario};
use crate::serving::{Limits, Replica};

impl Scenario {
    /// The replica that prefills, if others than those that decode do.
    pub(super) fn prefilled_by(&self) -> Option<Self> {
        let drive = Drive::Closed(self.drive.in_flight());
        self.prefill.map(|plan| Self { plan, prefill: None, drive, ..self.clone() })
    }
}

impl Bench {
    /// The fleet of `scenario`, of so many replicas that decode and so many that prefill; KV is
    /// handed over on the chips' fabric where that joins them all, else on their network.
    pub(super) fn fleet<'a>(
        &'a self,
        scenario: &Scenario,
        [decoding, prefilling]: [u32; 2],
    ) -> Result<Fleet<Server<'a>>, String> {
        let (prefill, pool) = self
            .prefill
            .as_deref()
            .zip(scenario.prefilled_by())
            .expect("the layout states who prefills");
        let (limits, prompts) = (self.room(scenario)?, prefill.room(&pool)?);
        let orders = (self.order(scenario, limits.0), prefill.order(&pool, prompts.0));
        let wire = Wire::between((&orders.1, prefilling), (&orders.0, decoding), None)
            .map_err(|error| error.to_string())?;
        let replicas = |bench: &'a Self, scenario: &Scenario, (limits, pages), count| {
            let replica = || Replica::new(bench.server(scenario), limits, pages, None);
            (0..count).map(|_| replica()).collect::<Vec<_>>()
        };
        let routing = Routing::default();
        let fleet = Fleet::new(replicas(self, scenario, limits, decoding), routing);
        let handing = Prefilling::of(&orders.0, &wire, routing);
        Ok(fleet.with_prefill(replicas(prefill, &pool, prompts, prefilling), handing))
    }

    fn order<'a>(&'a self, scenario: &Scenario, limits: Limits) -> Order<'a> {
        Order {
            chip: &self.chip,
            model: &self.model,
            plan: scenario.plan,
            precision: self.precision,
            limits,
            pricing: self.pricing,
            kv: None,
            stretch: Stretch::NONE,
            longest: scenario.lengths.longest().1,
            ways: Ways::default(),
        }
    }
}
