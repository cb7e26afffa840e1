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
    /// The fleet of `scenario`: so many replicas that decode, with these limits and KV pages, and
    /// so many that prefill. KV is handed over on the chips' fabric where that joins them all,
    /// else on their network.
    pub(super) fn fleet<'a>(
        &'a self,
        scenario: &Scenario,
        (decoding, limits, pages): (u32, Limits, u64),
        prefilling: u32,
    ) -> Result<Fleet<Server<'a>>, String> {
        let (prefill, pool) = self
            .prefill
            .as_deref()
            .zip(scenario.prefilled_by())
            .expect("the layout states who prefills");
        let (for_prompts, prompt_pages) = prefill.room(&pool)?;
        let (serving, giving) = (self.order(scenario, limits), prefill.order(&pool, for_prompts));
        let wire = Wire::between((&giving, prefilling), (&serving, decoding), None)
            .map_err(|error| error.to_string())?;
        let replicas = |count: u32, server: Server<'a>, limits, pages| -> Vec<_> {
            (0..count).map(|_| Replica::new(server, limits, pages, None)).collect()
        };
        let routing = Routing::default();
        let decode = replicas(decoding, self.server(scenario), limits, pages);
        let prefill = replicas(prefilling, prefill.server(&pool), for_prompts, prompt_pages);
        let handing = Prefilling::of(&serving, &wire, routing);
        Ok(Fleet::new(decode, routing).with_prefill(prefill, handing))
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
