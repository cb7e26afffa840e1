//! What a load is tried on.

use super::best::Terms;
use crate::cluster::deploy::Deployment;
use crate::cluster::fleet::{Fleet, Routing};
use crate::cluster::run::{Load, RunPlan, RunResult, at_rate, simulate, simulate_while};
use crate::cluster::tiers::Tiering;
use crate::cost::Pricer;
use crate::des::Streams;
use crate::model::Plan;
use crate::serving::{Extent, Outcome, Replica};
use crate::units::PerSec;

/// Asked about each request that ends in the window: whether the run goes on.
pub type GoesOn<'a> = &'a mut dyn FnMut(&Outcome) -> bool;

/// Chips that answer requests as one: a replica, or several that work together.
pub trait Station {
    /// The parallel plan of a replica.
    fn plan(&self) -> Plan;

    /// Chips in all.
    fn gpus(&self) -> u32;

    /// Most requests that are answered at one time.
    fn slots(&self) -> u32;

    /// Tokens whose KV it holds.
    fn kv_tokens(&self) -> u64;

    /// Runs a closed loop of `clients` tasks that are underway when it begins, as long as `goes_on`
    /// says.
    fn run_closed(&self, clients: u32, plan: RunPlan, terms: &Terms, goes_on: GoesOn) -> RunResult;

    /// Runs tasks that arrive at `rate`, from empty caches on.
    fn run_open(&self, rate: PerSec, plan: RunPlan, terms: &Terms) -> RunResult;
}

impl Station for Deployment {
    fn plan(&self) -> Plan {
        self.plan
    }

    fn gpus(&self) -> u32 {
        self.plan.gpus()
    }

    fn slots(&self) -> u32 {
        self.limits.max_seqs
    }

    fn kv_tokens(&self) -> u64 {
        Self::kv_tokens(self)
    }

    fn run_closed(&self, clients: u32, plan: RunPlan, terms: &Terms, goes_on: GoesOn) -> RunResult {
        debug_assert_eq!(plan.load, Load::Closed { concurrency: clients });
        let mut replica = self.replica(terms.ttl).with_engine(terms.engine);
        let Some(tiering) = &self.below else {
            let tasks = terms.pool.enter(&mut replica, clients, terms.ttl);
            return simulate_while(replica, tasks, plan, &mut |_| {}, goes_on);
        };
        let mut fleet = over_stores(replica, tiering);
        // Tasks are numbered from 1 in a run.
        let warm = |client, content: &[Extent]| fleet.warm(u64::from(client) + 1, content);
        terms.pool.warm(clients, terms.ttl, warm);
        simulate_while(&mut fleet, terms.pool.loop_of(clients), plan, &mut |_| {}, goes_on)
    }

    fn run_open(&self, rate: PerSec, plan: RunPlan, terms: &Terms) -> RunResult {
        let tasks = at_rate(terms.pool.fresh(0), rate, Streams::new(terms.seed));
        let replica = self.replica(terms.ttl).with_engine(terms.engine);
        match &self.below {
            Some(tiering) => simulate(&mut over_stores(replica, tiering), tasks, plan, &mut |_| {}),
            None => simulate(replica, tasks, plan, &mut |_| {}),
        }
    }
}

/// A fleet of one over stores of its own.
fn over_stores<P: Pricer>(replica: Replica<P>, tiering: &Tiering) -> Fleet<P> {
    Fleet::new(vec![replica], Routing::default()).with_tiers(tiering.clone())
}
