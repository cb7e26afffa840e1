//! What bounds a replica's batches.

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

/// The engine's limits, as its operators set them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most tokens in one step.
    pub max_batched_tokens: u32,
    /// Most sequences running at once.
    pub max_seqs: u32,
    /// When requests join the batch.
    pub admission: Admission,
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
            groups: 1,
            page_tokens: 64,
            state_pages: 0,
        }
    }
}

impl Limits {
    /// Pages that `tokens` tokens of one sequence occupy.
    pub fn pages(&self, tokens: u32) -> u32 {
        tokens.div_ceil(self.page_tokens).saturating_add(self.state_pages)
    }

    /// Pages that `tokens` tokens fill entirely; only those can be shared.
    pub fn full_pages(&self, tokens: u32) -> u32 {
        tokens / self.page_tokens
    }
}
