//! What bounds a replica's batches.

use super::rules::Rules;
use crate::cost::EngineProfile;
use crate::hardware::Chip;
use crate::units::Bytes;

/// When a waiting request joins the batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Admission {
    /// As soon as its prompt fits; a decode that later finds no page preempts the latest admitted.
    /// The rule of vLLM, which can admit more than it can finish.
    #[default]
    PromptFits,
    /// When its prompt and the longest answer its client allows fit, so that nothing is ever
    /// preempted: TensorRT-LLM's `GUARANTEED_NO_EVICT`. Clients are taken to allow what they get,
    /// as benchmarks do.
    AnswerFits,
}

impl Admission {
    /// The rule that `engine` ships with.
    pub const fn shipped(engine: EngineProfile) -> Self {
        match engine {
            EngineProfile::Vllm | EngineProfile::Sglang => Self::PromptFits,
            EngineProfile::Trtllm => Self::AnswerFits,
        }
    }
}

/// What a step computes where there are both prompts to prefill and sequences to decode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Batching {
    /// Both: every decode gets its token, chunks of prompts take the rest of the budget. The rule
    /// of vLLM since V1, and of TensorRT-LLM with chunked context.
    #[default]
    Mixed,
    /// Prompts alone, until none is left that has room; then decodes alone. The rule of SGLang
    /// (`Scheduler.get_next_batch_to_run`) unless `--enable-mixed-chunk` is set.
    PrefillFirst,
}

impl Batching {
    /// The rule that `engine` ships with.
    pub const fn shipped(engine: EngineProfile) -> Self {
        match engine {
            EngineProfile::Vllm | EngineProfile::Trtllm => Self::Mixed,
            EngineProfile::Sglang => Self::PrefillFirst,
        }
    }
}

/// The engine's limits, as its operators set them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most tokens in one step.
    pub max_batched_tokens: u32,
    /// Most sequences running at once.
    pub max_seqs: u32,
    /// When requests join the batch.
    pub admission: Admission,
    /// What shares a step.
    pub batching: Batching,
    /// What is off unless asked for.
    pub rules: Rules,
    /// Groups of ranks with a KV cache of their own (attention-DP); a sequence fits in one.
    pub groups: u32,
    /// Tokens in a KV page.
    pub page_tokens: u32,
    /// Pages that a running sequence needs besides its tokens' (windows, recurrent states).
    pub state_pages: u32,
}

impl Default for Limits {
    /// 2,048 tokens and 256 sequences a step, in pages of 64 tokens.
    fn default() -> Self {
        Self {
            max_batched_tokens: 2048,
            max_seqs: 256,
            admission: Admission::PromptFits,
            batching: Batching::Mixed,
            rules: Rules::default(),
            groups: 1,
            page_tokens: 64,
            state_pages: 0,
        }
    }
}

/// Most tokens and sequences of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepLimits {
    /// Tokens.
    pub tokens: u32,
    /// Sequences.
    pub sequences: u32,
}

impl StepLimits {
    /// What a server of `engine` takes on `chip` if nothing is set.
    ///
    /// vLLM 0.12 (`EngineArgs.get_batch_defaults`): by memory, and less on A100. SGLang 0.5
    /// (`ServerArgs._handle_gpu_memory_settings`): the size of a chunk by memory; of sequences,
    /// which follow from the room for KV, the fewest. TensorRT-LLM 1.1: those of `trtllm-serve`.
    pub fn shipped(engine: EngineProfile, chip: &Chip) -> Self {
        let gib = |count: f64| Bytes::new(count * 1024.0 * 1024.0 * 1024.0);
        let memory = chip.memory.usable;
        let (tokens, sequences) = match engine {
            EngineProfile::Vllm if memory >= gib(70.0) && chip.generation != "ampere" => {
                (8192, 1024)
            }
            EngineProfile::Vllm => (2048, 256),
            EngineProfile::Sglang if memory < gib(35.0) => (2048, 2048),
            EngineProfile::Sglang if memory < gib(60.0) => (4096, 2048),
            EngineProfile::Sglang if memory < gib(160.0) => (8192, 2048),
            EngineProfile::Sglang => (16384, 2048),
            EngineProfile::Trtllm => (8192, 2048),
        };
        Self { tokens, sequences }
    }
}

impl Limits {
    /// Pages that `tokens` tokens of one sequence occupy.
    pub fn pages(&self, tokens: u32) -> u32 {
        tokens.div_ceil(self.page_tokens).saturating_add(self.state_pages)
    }

    /// Whether `groups` groups of ranks can have equal parts of them.
    pub const fn divide_among(&self, groups: u32) -> bool {
        self.max_batched_tokens.is_multiple_of(groups) && self.max_seqs.is_multiple_of(groups)
    }

    /// Pages that `tokens` tokens fill entirely; only those can be shared.
    pub fn full_pages(&self, tokens: u32) -> u32 {
        tokens / self.page_tokens
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::Catalog;

    #[test]
    fn servers_take_more_on_larger_parts() {
        let catalog = Catalog::embedded();
        let of = |engine, chip| {
            let StepLimits { tokens, sequences } =
                StepLimits::shipped(engine, catalog.chip(chip).unwrap());
            (tokens, sequences)
        };
        assert_eq!(of(EngineProfile::Vllm, "h100-sxm"), (8192, 1024));
        assert_eq!(of(EngineProfile::Vllm, "a100-80gb"), (2048, 256));
        assert_eq!(of(EngineProfile::Vllm, "l40s"), (2048, 256));
        assert_eq!(of(EngineProfile::Sglang, "h200-sxm"), (8192, 2048));
        assert_eq!(of(EngineProfile::Sglang, "b200-sxm"), (16384, 2048));
        assert_eq!(of(EngineProfile::Trtllm, "gb300"), (8192, 2048));
    }
}
