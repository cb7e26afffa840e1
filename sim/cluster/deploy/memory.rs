//! How a chip's memory divides among weights, activations and KV pages.

use crate::cost::EngineProfile;
use crate::hardware::Chip;
use crate::model::{Model, Plan, Precision};
use crate::serving::Limits;
use crate::units::Bytes;

/// Share of the usable memory that engines take.
///
/// The default of vLLM (`gpu_memory_utilization` 0.9) and, of what weights and activations leave,
/// of TensorRT-LLM (`free_gpu_memory_fraction` 0.9); `SGLang`, which takes 0.88 or less of all, is
/// treated as vLLM. The rest holds CUDA graphs, communication buffers and fragmentation.
pub const MEMORY_UTILISATION: f64 = 0.9;

/// Widths of the residual stream that a token's activations occupy at their peak, in 16 bits.
///
/// Input, output, and the widest feed-forward intermediate of a gated layer at TP 1 (2 × 3.5).
const ACTIVATION_WIDTHS: f64 = 9.0;

/// Pages of a rank that are counted: no run touches more, and sums of them stay countable.
const MOST_PAGES: u64 = 1 << 40;

/// One rank's memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MemoryBudget {
    /// What a process can allocate.
    pub usable: Bytes,
    /// What the engine leaves alone.
    pub reserve: Bytes,
    /// Weights.
    pub weights: Bytes,
    /// Activations of the largest step, and its logits in 32 bits.
    pub activations: Bytes,
    /// What is left for KV; zero if the rest is too much.
    pub kv: Bytes,
    /// A KV page on one rank.
    pub page: Bytes,
    /// Windows and recurrent states of one sequence on one rank.
    pub state: Bytes,
}

impl MemoryBudget {
    /// The budget of the fullest rank of `plan` on `chip`, by the rule of `engine`.
    pub fn of(
        (chip, engine): (&Chip, EngineProfile),
        model: &Model,
        plan: &Plan,
        precision: &Precision,
        limits: &Limits,
    ) -> Self {
        let usable = chip.memory.usable;
        let weights = model.weight_bytes(precision, plan);
        let activations = activations(model, plan, limits);
        let shared = match engine {
            EngineProfile::Vllm | EngineProfile::Sglang => usable,
            EngineProfile::Trtllm => usable.saturating_sub(weights + activations),
        };
        let reserve = shared * (1.0 - MEMORY_UTILISATION);
        let per_token = model.kv_bytes_per_token(precision.kv, plan);
        let state =
            model.window_bytes(precision.kv, plan, u32::MAX) + model.state_bytes_per_sequence(plan);
        Self {
            usable,
            reserve,
            weights,
            activations,
            kv: usable.saturating_sub(reserve + weights + activations),
            // A model whose KV does not grow still needs pages to count.
            page: (per_token * f64::from(limits.page_tokens)).max(Bytes::new(1.0)),
            state,
        }
    }

    /// What is missing before the first KV page; zero if there is room.
    pub fn missing(&self) -> Bytes {
        (self.reserve + self.weights + self.activations).saturating_sub(self.usable)
    }

    /// KV pages of a replica with `dp` groups, given `kv` bytes on each rank.
    pub fn pages(&self, kv: Bytes, dp: u32) -> u64 {
        ((kv / self.page) as u64).min(MOST_PAGES) * u64::from(dp)
    }

    /// Pages' worth of windows and states that every running sequence needs.
    pub fn state_pages(&self) -> u32 {
        libm::ceil(self.state / self.page) as u32
    }
}

fn activations(model: &Model, plan: &Plan, limits: &Limits) -> Bytes {
    let tokens = f64::from(limits.max_batched_tokens);
    let residual = tokens * f64::from(model.hidden) * ACTIVATION_WIDTHS * 2.0;
    let logits = f64::from(limits.max_seqs) * f64::from(model.vocab) / f64::from(plan.tp) * 4.0;
    Bytes::new(residual + logits)
}
