//! What a client sends, and the identity of its content.

use crate::units::{SimSpan, SimTime};

/// A run of consecutive page identities.
///
/// A page identity stands for a page's content *and everything before it*: equal identities mean
/// equal prefixes. Content that grows by appending keeps its identities, so a long context is a
/// handful of extents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Extent {
    /// Identity of the first page.
    pub first: u64,
    /// How many pages.
    pub pages: u32,
}

/// Identifies a request within a run, in order of submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u32);

/// One call of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Its identity.
    pub id: RequestId,
    /// When the client sent it.
    pub arrival: SimTime,
    /// Prompt length in tokens, at least 1.
    pub prompt: u32,
    /// Tokens to generate, at least 1. Policies must not read it: a real engine does not know.
    pub output: u32,
    /// Identities of the full pages of prompt and answer, in order, as far as they are known.
    ///
    /// Pages past the end of this list are private and never found again.
    pub content: Vec<Extent>,
    /// Which of the models that there are is called: 0 is the first.
    pub model: u8,
    /// How urgent it is, most urgent first: 0 comes before 1.
    pub priority: u8,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// Whose.
    pub id: RequestId,
    /// When the client sent it.
    pub arrival: SimTime,
    /// When its first token was out.
    pub first_token: SimTime,
    /// When its last token was out.
    pub end: SimTime,
    /// Prompt length in tokens.
    pub prompt: u32,
    /// Prompt tokens found in the prefix cache at first admission.
    pub cached: u32,
    /// Tokens generated.
    pub output: u32,
    /// How often it was preempted.
    pub preemptions: u32,
    /// How urgent it was: 0 came before 1.
    pub priority: u8,
}

impl Outcome {
    /// Time to first token.
    pub fn ttft(&self) -> SimSpan {
        self.first_token.since(self.arrival)
    }

    /// Time per output token after the first; none for a single token.
    pub fn tpot(&self) -> Option<SimSpan> {
        let later = u64::from(self.output).checked_sub(1).filter(|&n| n > 0)?;
        Some(SimSpan::from_ps(self.end.since(self.first_token).as_ps() / later))
    }

    /// Time from arrival to last token.
    pub fn e2e(&self) -> SimSpan {
        self.end.since(self.arrival)
    }
}
