//! What a fleet has to show besides what every service does.

use super::below::Ground;
use super::replicas::Fleet;
use crate::cluster::deploy::PartKind;
use crate::cluster::run::Summary;
use crate::cluster::tiers::TierFigures;
use crate::cost::Pricer;
use crate::serving::{Meter, RankFigures};
use crate::units::Bytes;

/// Measurements of a fleet in the window.
#[derive(Clone, Debug, Default)]
pub struct FleetFigures {
    /// The pools: the one that serves or decodes, then the one that prefills, if there is one.
    pub pools: Vec<PoolFigures>,
    /// KV that was handed over; none without a pool that prefills.
    pub handoff: Option<HandoffFigures>,
    /// What failed; none if nothing can.
    pub faults: Option<FaultFigures>,
    /// Tool calls on host cores; none where cores are without number.
    pub tools: Option<ToolFigures>,
    /// KV below HBM; none where there is no store for it.
    pub tiers: Option<TierFigures>,
    /// Pages of prompts that caches of the same size would find that know the future; none if not
    /// asked for.
    pub clairvoyant_pages: Option<u64>,
}

/// Measurements of one pool.
#[derive(Clone, Debug, Default)]
pub struct PoolFigures {
    /// Replicas.
    pub replicas: u32,
    /// Measurements of all of them.
    pub meter: Meter,
    /// The router before it.
    pub routing: RoutingFigures,
    /// Requests sent to each replica.
    pub sent: Vec<u64>,
    /// KV pages of all replicas.
    pub kv_pages: u64,
    /// Pages evicted in the whole run for want of room.
    pub evicted_pages: u64,
    /// How evenly groups of ranks were loaded, where they have sequences of their own.
    pub ranks: Option<RankFigures>,
}

/// What a router achieved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoutingFigures {
    /// Requests it sent.
    pub requests: u64,
    /// Prompt tokens of those that have left their replica.
    pub prompt_tokens: u64,
    /// Of those, found in the cache of the replica that was chosen.
    pub found_tokens: u64,
}

impl RoutingFigures {
    /// Share of the prompt tokens that lay in the cache of the replica that was chosen.
    pub fn hit_rate(&self) -> Option<f64> {
        (self.prompt_tokens > 0).then(|| self.found_tokens as f64 / self.prompt_tokens as f64)
    }
}

/// What passed from the replicas that prefill to those that decode.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HandoffFigures {
    /// Prompts handed over.
    pub count: u64,
    /// Prompts that were short enough to be prefilled where they are decoded.
    pub local: u64,
    /// Bytes sent.
    pub bytes: Bytes,
    /// Prompt tokens whose KV was already there.
    pub spared_tokens: u64,
    /// From the first token until pages were free at the other end, in milliseconds.
    pub wait: Option<Summary>,
    /// From there until all KV had arrived, in milliseconds.
    pub transfer: Option<Summary>,
}

/// What tool calls waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ToolFigures {
    /// Cores.
    pub cores: u32,
    /// Tool calls begun.
    pub calls: u64,
    /// Core-seconds of the calls that were begun.
    pub busy_s: f64,
    /// Waits for a core, in milliseconds.
    pub wait: Option<Summary>,
}

/// What failures cost, over the whole run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FaultFigures {
    /// Replicas that failed, and parts.
    pub failures: u64,
    /// Of these, chips, stacks, links and NICs that failed by drawn times.
    pub parts: [u64; PartKind::ALL.len()],
    /// Requests that went to another replica, or waited for one.
    pub migrated: u64,
    /// Tokens whose KV was lost with them.
    pub lost_tokens: u64,
    /// Replica-seconds that were down.
    pub down_s: f64,
    /// Replica-seconds that lacked a part, restarts included.
    pub degraded_s: f64,
    /// What NICs cost that hand-overs pass over; none where none of them can fail.
    pub nics: Option<NicFigures>,
}

/// What NICs that failed cost hand-overs, over the whole run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NicFigures {
    /// Hand-overs that began anew.
    pub restarted: u64,
    /// What they had sent by then.
    pub resent: Bytes,
    /// Hand-overs that went elsewhere, or whose prompts were computed again, for want of any NIC.
    pub rerouted: u64,
    /// Replica-seconds with NICs fewer.
    pub narrow_s: f64,
}

impl FaultFigures {
    pub(super) fn nics(&mut self) -> &mut NicFigures {
        self.nics.get_or_insert_default()
    }

    pub(super) fn book_narrow(&mut self, seconds: f64) {
        self.nics().narrow_s += seconds;
    }
}

impl<P: Pricer> Fleet<P> {
    /// What was measured since the last reset.
    pub fn figures(&self) -> FleetFigures {
        let pools = (0..self.routers.len()).map(|pool| {
            let members = &self.members[self.range(pool)];
            let mut meter = Meter::default();
            for member in members {
                meter.add(&member.replica.meter());
            }
            let ranks = members.iter().filter_map(|member| member.replica.rank_figures());
            PoolFigures {
                replicas: members.len() as u32,
                meter,
                routing: self.routers[pool].figures,
                sent: members.iter().map(|member| member.sent).collect(),
                kv_pages: members.iter().map(|member| member.replica.pages()).sum(),
                evicted_pages: members.iter().map(|member| member.replica.evicted()).sum(),
                ranks: ranks.reduce(RankFigures::beside),
            }
        });
        FleetFigures {
            pools: pools.collect(),
            handoff: self.prefilling.map(|_| self.handoff_figures()),
            faults: self.fault_figures,
            clairvoyant_pages: self.clairvoyant_pages(),
            tiers: self.below.as_ref().map(Ground::figures),
            tools: self.cores.as_ref().map(|cores| ToolFigures {
                cores: cores.count(),
                calls: cores.calls,
                busy_s: cores.busy.seconds().get(),
                wait: Summary::of(cores.waits.iter().copied()),
            }),
        }
    }
}
