//! What a row asks memwall to simulate.

use super::lengths::Lengths;
use crate::cost::EngineProfile;
use crate::hardware::Format;
use crate::model::Plan;
use crate::serving::PrefillDelay;

/// Requests in flight per group of ranks up to which a time to first token is scored as the
/// engine's own, and not as a queue's.
const LIGHT: u32 = 16;

/// Requests of a simulated run whose number is not stated: enough for a 99th percentile, and for
/// the first of them, which meet an empty server, not to count.
pub(super) const REQUESTS: u32 = 20_000;

/// Requests in flight are simulated one by one, several rounds of them.
const MOST_IN_FLIGHT: u32 = 1 << 16;

/// Tokens of prompts and answers of all requests in flight, so that a run takes minutes at most.
const MOST_TOKENS: u64 = 1 << 28;

/// A deployment and its load.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scenario {
    /// The chip's name in the catalogue.
    pub chip: String,
    /// The model's.
    pub model: String,
    /// Engine.
    pub engine: EngineProfile,
    /// Weights.
    pub checkpoint: Checkpoint,
    /// KV cache.
    pub kv: Format,
    /// One replica's plan.
    pub plan: Plan,
    /// The plan of a replica that prefills for it, if others do.
    pub prefill: Option<Plan>,
    /// Replicas that share the load evenly.
    pub replicas: u32,
    /// Chips that figures per chip are divided by.
    pub gpus: u32,
    /// Prompts and answers.
    pub lengths: Lengths,
    /// The load of one replica.
    pub drive: Drive,
    /// How its scheduler was set up.
    pub policy: Policy,
}

/// A scheduler's settings, for each group of ranks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Policy {
    /// Most tokens of a step.
    pub tokens: u32,
    /// Most sequences at once.
    pub sequences: u32,
    /// Decode steps from one look for new requests to the next.
    pub look: u32,
    /// Whether prompts wait for company.
    pub delay: Option<PrefillDelay>,
}

/// The weights that were served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Checkpoint {
    /// The catalogue's.
    Native,
    /// Every matrix in one format.
    All(Format),
    /// Feed-forward matrices in one format, the mixer's in 16 bits: what NVIDIA's FP4 checkpoints
    /// of large mixtures of experts are.
    FeedForward(Format),
    /// The same with shared experts in 16 bits.
    Experts(Format),
}

/// How one replica is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Drive {
    /// This many requests queued at once; throughput from first to last.
    Offline(u32),
    /// A batch of requests of one length that start and end together.
    Static(u32),
    /// This many requests in flight, each replaced as it ends.
    Closed(u32),
    /// The same over replicas that decode, so many, and others that prefill for them.
    Pools {
        /// Requests in flight in all.
        flight: u32,
        /// Replicas that decode.
        decoding: u32,
        /// Those that prefill, each of the plan [`Scenario::prefill`].
        prefilling: u32,
    },
    /// Poisson arrivals.
    Arrivals {
        /// Of them, in a thousand seconds.
        rate: u32,
        /// How many in all.
        requests: u32,
    },
    /// Poisson arrivals at the highest rate at which the 99th percentiles keep within limits.
    Within {
        /// Of the time to first token, in milliseconds.
        ttft_ms: u32,
        /// Of the time per output token, in milliseconds.
        tpot_ms: u32,
    },
}

impl Drive {
    /// Requests in flight at one replica, or in pools together; one where nobody sets their number.
    pub(super) const fn in_flight(self) -> u32 {
        match self {
            Self::Offline(n)
            | Self::Static(n)
            | Self::Closed(n)
            | Self::Pools { flight: n, .. } => n,
            Self::Arrivals { .. } | Self::Within { .. } => 1,
        }
    }

    /// Refuses what would take too long to simulate with prompts and answers of so many tokens.
    pub(super) fn refuse_endless(self, (input, output): (u32, u32)) -> Result<(), String> {
        let requests = match self {
            Self::Arrivals { requests, .. } => requests,
            Self::Within { .. } => REQUESTS,
            _ => self.in_flight(),
        };
        if self.in_flight() > MOST_IN_FLIGHT {
            return Err(too_many(self.in_flight().into()));
        }
        if u64::from(requests) * (u64::from(input) + u64::from(output)) > MOST_TOKENS {
            return Err(format!(
                "{requests} requests of {input} + {output} tokens are more than the {MOST_TOKENS} \
                 tokens that are simulated; remove the row"
            ));
        }
        Ok(())
    }
}

/// Why a load of `flight` requests at once is refused.
pub(super) fn too_many(flight: u64) -> String {
    format!("{flight} in flight are more than the {MOST_IN_FLIGHT} simulated; remove the row")
}

impl Policy {
    /// What engines ship with, or tools of throughput set: the largest batch for work that waits,
    /// one prefill for a static batch.
    pub fn usual(drive: Drive, lengths: Lengths) -> Self {
        let (tokens, sequences) = match drive {
            Drive::Offline(_) => (8192, 4096),
            Drive::Static(batch) => (batch.saturating_mul(lengths.longest().0), batch),
            Drive::Closed(_)
            | Drive::Pools { .. }
            | Drive::Arrivals { .. }
            | Drive::Within { .. } => (8192, 1024),
        };
        Self { tokens, sequences, look: 1, delay: None }
    }
}

impl Scenario {
    /// Whether at most 16 requests are in flight per group of ranks, so that a time to first token
    /// is the engine's and not a queue's.
    pub fn is_light(&self) -> bool {
        matches!(self.drive, Drive::Closed(flight) if flight <= LIGHT * self.plan.dp)
    }
}
