//! A request's tokens inside the engine.

use super::waiting::{Rank, rank_of};
use crate::serving::kv::Lease;
use crate::serving::{Admission, Limits, Outcome, Request};
use crate::units::SimTime;

/// One request in the engine, waiting or running.
#[derive(Debug)]
pub(in crate::serving::engine) struct Sequence {
    pub(in crate::serving::engine) request: Request,
    /// Pages it holds; empty while it waits.
    pub(in crate::serving::engine) lease: Lease,
    /// Tokens whose KV exists.
    pub(in crate::serving::engine) computed: u32,
    /// Tokens generated.
    pub(in crate::serving::engine) generated: u32,
    /// Tokens behind those whose KV is on its way from stores below.
    pub(in crate::serving::engine) coming: u32,
    /// Tokens below this position were cached or computed once before and lost.
    pub(in crate::serving::engine) once_cached: u32,
    /// Pages of its content that the replica's history was told of.
    pub(in crate::serving::engine) entered: u32,
    /// Tokens to compute in the step under way.
    pub(in crate::serving::engine) scheduled: u32,
    /// Prompt tokens found in the prefix cache at first admission.
    pub(in crate::serving::engine) cached: Option<u32>,
    pub(in crate::serving::engine) first_token: Option<SimTime>,
    pub(in crate::serving::engine) last_token: SimTime,
    pub(in crate::serving::engine) preemptions: u32,
    /// Its number among all admissions.
    pub(in crate::serving::engine) admitted: u64,
    /// The tick of [`Decodes`](super::decodes::Decodes) at which it joined them. Until it is
    /// visited again, the tokens it computed and generated since are counted there alone.
    pub(in crate::serving::engine) joined: u64,
}

impl Sequence {
    pub(in crate::serving::engine) fn new(request: Request) -> Self {
        Self {
            last_token: request.arrival,
            request,
            lease: Lease::default(),
            computed: 0,
            generated: 0,
            coming: 0,
            once_cached: 0,
            entered: 0,
            scheduled: 0,
            cached: None,
            first_token: None,
            preemptions: 0,
            admitted: 0,
            joined: 0,
        }
    }

    /// A request whose prompt was prefilled elsewhere: its KV is in `lease`.
    pub(in crate::serving::engine) fn handed_over(
        request: Request,
        first_token: SimTime,
        lease: Lease,
    ) -> Self {
        Self {
            lease,
            computed: request.prompt,
            generated: 1,
            // Whoever prefilled it counted its prompt.
            cached: Some(0),
            first_token: Some(first_token),
            last_token: first_token,
            ..Self::new(request)
        }
    }

    /// Its rank among those that run.
    pub(in crate::serving::engine) fn rank(&self) -> Rank {
        rank_of(&self.request)
    }

    /// Whether it has its pages before it is admitted.
    pub(in crate::serving::engine) fn is_handed_over(&self) -> bool {
        self.lease.pages() > 0
    }

    /// The same sequence on its way to another replica, without its KV and that of its lease.
    pub(in crate::serving::engine) fn uprooted(self) -> Self {
        Self {
            lease: Lease::default(),
            once_cached: self.once_cached.max(self.computed),
            computed: 0,
            coming: 0,
            entered: 0,
            scheduled: 0,
            preemptions: self.preemptions + u32::from(self.computed > 0),
            ..self
        }
    }

    /// Tokens that must have KV before the next one can be generated.
    pub(in crate::serving::engine) fn target(&self) -> u32 {
        self.request.prompt + self.generated
    }

    /// Whether only the newest token lacks KV, so that a step yields the next one.
    pub(in crate::serving::engine) fn is_decoding(&self) -> bool {
        self.generated > 0 && self.computed + 1 == self.target()
    }

    /// Tokens still to be computed before the next token.
    pub(in crate::serving::engine) fn remaining(&self) -> u32 {
        self.target() - self.computed
    }

    /// Tokens still to be generated.
    pub(in crate::serving::engine) fn to_generate(&self) -> u32 {
        self.request.output - self.generated
    }

    /// Books `steps` decode steps, the last of which ended at `now`, and the pages they took.
    pub(in crate::serving::engine) fn catch_up(
        &mut self,
        steps: u32,
        now: SimTime,
        limits: &Limits,
    ) {
        self.computed += steps;
        self.generated += steps;
        self.last_token = now;
        let missing = limits.pages(self.computed).saturating_sub(self.lease.pages());
        self.lease.receive(missing);
    }

    /// Tokens that must have room before it joins the batch.
    pub(in crate::serving::engine) fn admitted_tokens(&self, limits: &Limits) -> u32 {
        match limits.admission {
            Admission::PromptFits => self.target(),
            Admission::AnswerFits => self.request.prompt + self.request.output,
        }
    }

    pub(in crate::serving::engine) fn is_finished(&self) -> bool {
        self.generated == self.request.output
    }

    /// How many of the next `tokens` tokens are computed a second time.
    pub(in crate::serving::engine) fn recomputed(&self, tokens: u32) -> u32 {
        self.once_cached.saturating_sub(self.computed).min(tokens)
    }

    pub(in crate::serving::engine) fn outcome(&self, end: SimTime) -> Outcome {
        Outcome {
            id: self.request.id,
            arrival: self.request.arrival,
            first_token: self.first_token.expect("a finished sequence has a first token"),
            end,
            prompt: self.request.prompt,
            cached: self.cached.unwrap_or(0),
            output: self.generated,
            preemptions: self.preemptions,
            priority: self.request.priority,
        }
    }
}
