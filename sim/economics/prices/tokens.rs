//! Tokens as a bill counts them.

use std::ops::{Add, AddAssign};

/// Tokens by the kind of price they have. The four kinds of prompt do not overlap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BilledTokens {
    /// Prompt tokens that no cache is concerned with.
    pub input: u64,
    /// Prompt tokens written to a cache that forgets after five minutes, or as the provider says.
    pub cache_write: u64,
    /// Prompt tokens written to a cache that forgets after an hour.
    pub cache_write_1h: u64,
    /// Prompt tokens read from a cache.
    pub cache_read: u64,
    /// Generated tokens, reasoning included.
    pub output: u64,
    /// The part of `output` that is reasoning, where that was logged.
    pub reasoning: u64,
}

impl BilledTokens {
    /// The whole prompt.
    pub fn prompt(&self) -> u64 {
        self.input + self.cache_write + self.cache_write_1h + self.cache_read
    }

    /// Written to any cache.
    pub fn cache_written(&self) -> u64 {
        self.cache_write + self.cache_write_1h
    }

    /// Prompt and output.
    pub fn total(&self) -> u64 {
        self.prompt() + self.output
    }
}

impl Add for BilledTokens {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            input: self.input + other.input,
            cache_write: self.cache_write + other.cache_write,
            cache_write_1h: self.cache_write_1h + other.cache_write_1h,
            cache_read: self.cache_read + other.cache_read,
            output: self.output + other.output,
            reasoning: self.reasoning + other.reasoning,
        }
    }
}

impl AddAssign for BilledTokens {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}
