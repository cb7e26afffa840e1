//! The features of a step: all that its price may depend on.

use std::ops::AddAssign;

/// Most clip lengths (sliding windows, sparse selections) one model has.
pub const CLIPS: usize = 4;

/// One step's batch, as aggregates. Equal batches cost the same time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Rows whose logits are needed: every decode, and every prefill that ends in this step.
    pub logits: u32,
    /// The decoding sequences.
    pub decode: Decode,
    /// The prefill chunks.
    pub prefill: Prefill,
}

/// Sequences that each produce one token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decode {
    /// How many.
    pub sequences: u32,
    /// Σ of their KV lengths, in tokens, the new one included.
    pub context: u64,
    /// Σ of min(KV length, clip) for each of the program's clip lengths.
    pub clipped: [u64; CLIPS],
}

/// Chunks of prompts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prefill {
    /// How many chunks.
    pub chunks: u32,
    /// New tokens in all chunks.
    pub tokens: u32,
    /// Σ of query-key pairs: `new × past + new (new + 1) / 2`.
    pub pairs: u64,
    /// Σ of KV lengths at each chunk's end (`past + new`), in tokens.
    pub context: u64,
    /// The longest KV length at a chunk's end.
    pub longest: u32,
    /// Σ of pairs where each query sees at most `clip` keys, for each clip length.
    pub clipped_pairs: [u64; CLIPS],
    /// Σ of min(`past`, clip) + `new`: the keys a clipped chunk reads, for each clip length.
    pub clipped_context: [u64; CLIPS],
}

impl Batch {
    /// A step in which `sequences` sequences of `context` tokens each produce one.
    pub fn decoding(sequences: u32, context: u32, clips: &[u32]) -> Self {
        let mut one = Decode::default();
        one.add(context, clips);
        let count = u64::from(sequences);
        let decode = Decode {
            sequences,
            context: one.context * count,
            clipped: one.clipped.map(|sum| sum * count),
        };
        Self { logits: sequences, decode, prefill: Prefill::default() }
    }

    /// Tokens that pass through the model: one per decode, and the prefill's.
    pub const fn tokens(&self) -> u32 {
        self.decode.sequences + self.prefill.tokens
    }

    /// Whether nothing is to be done.
    pub const fn is_empty(&self) -> bool {
        self.tokens() == 0
    }

    /// The same step without its prefill chunks.
    pub fn decode_only(&self) -> Self {
        Self { logits: self.decode.sequences, decode: self.decode, prefill: Prefill::default() }
    }
}

impl AddAssign for Batch {
    /// The batch of both groups of ranks together.
    fn add_assign(&mut self, other: Self) {
        let sum = |all: &mut [u64; CLIPS], more: [u64; CLIPS]| {
            all.iter_mut().zip(more).for_each(|(all, more)| *all += more);
        };
        self.logits += other.logits;
        self.decode.sequences += other.decode.sequences;
        self.decode.context += other.decode.context;
        sum(&mut self.decode.clipped, other.decode.clipped);
        let (all, more) = (&mut self.prefill, other.prefill);
        all.chunks += more.chunks;
        all.tokens += more.tokens;
        all.pairs += more.pairs;
        all.context += more.context;
        all.longest = all.longest.max(more.longest);
        sum(&mut all.clipped_pairs, more.clipped_pairs);
        sum(&mut all.clipped_context, more.clipped_context);
    }
}

impl Decode {
    /// Adds one sequence whose KV length is `context` tokens after this step.
    pub fn add(&mut self, context: u32, clips: &[u32]) {
        self.sequences += 1;
        self.context += u64::from(context);
        for (sum, &clip) in self.clipped.iter_mut().zip(clips) {
            *sum += u64::from(context.min(clip));
        }
    }
}

impl Prefill {
    /// Adds a chunk of `new` tokens after `past` tokens of context.
    pub fn add(&mut self, past: u32, new: u32, clips: &[u32]) {
        self.chunks += 1;
        self.tokens += new;
        self.pairs += pairs(past, new);
        self.context += u64::from(past) + u64::from(new);
        self.longest = self.longest.max(past + new);
        for (i, &clip) in clips.iter().enumerate() {
            self.clipped_pairs[i] += clipped_pairs(past, new, clip);
            self.clipped_context[i] += u64::from(past.min(clip)) + u64::from(new);
        }
    }
}

/// Causal query-key pairs of `new` queries after `past` keys.
fn pairs(past: u32, new: u32) -> u64 {
    let (past, new) = (u64::from(past), u64::from(new));
    new * past + new * (new + 1) / 2
}

/// The same where each query sees at most `clip` keys, itself included.
fn clipped_pairs(past: u32, new: u32, clip: u32) -> u64 {
    // Queries below the clip see all before them; the rest see `clip` each.
    let growing = clip.saturating_sub(past).min(new);
    pairs(past, growing) + u64::from(new - growing) * u64::from(clip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_match_their_sum() {
        for (past, new, clip) in [(0, 5, 3), (10, 4, 12), (7, 3, 100), (100, 9, 16), (0, 1, 1)] {
            let exact: u64 = (1..=new).map(|i| u64::from(past + i)).sum();
            let clipped: u64 = (1..=new).map(|i| u64::from((past + i).min(clip))).sum();
            let mut prefill = Prefill::default();
            prefill.add(past, new, &[clip]);
            assert_eq!((prefill.pairs, prefill.clipped_pairs[0]), (exact, clipped));
        }
    }

    #[test]
    fn chunks_of_a_prompt_add_up_to_the_prompt() {
        let mut whole = Prefill::default();
        whole.add(0, 1000, &[128]);
        let mut parts = Prefill::default();
        for past in (0..1000).step_by(100) {
            parts.add(past, 100, &[128]);
        }
        assert_eq!(whole.pairs, parts.pairs);
        assert_eq!(whole.clipped_pairs, parts.clipped_pairs);
    }
}
