//! What a row asks memwall to simulate.

use crate::cost::EngineProfile;
use crate::hardware::Format;
use crate::model::Plan;

/// Requests in flight per group of ranks up to which a time to first token is scored as the
/// engine's own, and not as a queue's.
const LIGHT: u32 = 16;

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

/// Lengths of prompts and answers, in tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lengths {
    /// Shortest and longest prompt, each length between equally likely.
    pub input: (u32, u32),
    /// The same of answers.
    pub output: (u32, u32),
}

impl Lengths {
    /// Every request as long as the next.
    pub const fn exact(input: u32, output: u32) -> Self {
        Self { input: (input, input), output: (output, output) }
    }

    /// The middle of prompts and of answers.
    pub const fn middle(self) -> (u32, u32) {
        (self.input.0.midpoint(self.input.1), self.output.0.midpoint(self.output.1))
    }

    /// Four fifths of nominal to nominal, as the closed-loop benchmarks of `InferenceX` draw them.
    pub fn up_to(input: u32, output: u32) -> Self {
        let drawn = |nominal: u32| ((nominal * 4 / 5).max(1), nominal);
        Self { input: drawn(input), output: drawn(output) }
    }
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
    /// The same, where other chips prefill: prompts arrive with their KV.
    DecodePool(u32),
}

impl Drive {
    /// Requests in flight at one replica.
    pub(super) const fn in_flight(self) -> u32 {
        match self {
            Self::Offline(n) | Self::Static(n) | Self::Closed(n) | Self::DecodePool(n) => n,
        }
    }
}

impl Policy {
    /// What engines ship with, or tools of throughput set: the largest batch for work that waits,
    /// one prefill for a static batch.
    pub fn usual(drive: Drive, lengths: Lengths) -> Self {
        let (tokens, sequences) = match drive {
            Drive::Offline(_) => (8192, 2048),
            Drive::Static(batch) => (batch.saturating_mul(lengths.input.1), batch),
            Drive::Closed(_) | Drive::DecodePool(_) => (8192, 1024),
        };
        Self { tokens, sequences, look: 1 }
    }
}

impl Scenario {
    /// Whether at most 16 requests are in flight per group of ranks, so that a time to first token
    /// is the engine's and not a queue's.
    pub fn is_light(&self) -> bool {
        matches!(self.drive, Drive::Closed(flight) if flight <= LIGHT * self.plan.dp)
    }
}
