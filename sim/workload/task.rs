//! Tasks: what an agent does for its user, as calls of a model with gaps between them.

use crate::serving::Extent;
use crate::units::SimSpan;

/// One unit of work, from a user's request (or session) to its completion.
///
/// `chains[0]` is the main agent; the others are sub-agents that some call spawned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Task {
    /// Where it came from, for reports: a file name, a line, a sequence number.
    pub label: String,
    /// When it starts, counted from the beginning of the run (open loop). A closed loop ignores it.
    pub start: SimSpan,
    /// The agents.
    pub chains: Vec<Chain>,
}

/// The calls of one agent, strictly one after another.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Chain {
    /// In order.
    pub calls: Vec<Call>,
}

/// One call of the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Prompt length in tokens, the whole context, at least 1.
    pub prompt: u32,
    /// Tokens generated, at least 1.
    pub output: u32,
    /// Why the model was called.
    pub cause: Cause,
    /// Closed loop: time from the end of the previous call of this chain (and of every sub-agent
    /// it waits for) to this one. For the first call: from the start of task or spawn.
    pub gap: SimSpan,
    /// Open loop: when it is sent, counted from the start of the task; `None` if the source has
    /// no timestamps (then `gap` applies).
    pub at: Option<SimSpan>,
    /// Page identities of prompt and answer, as far as known (see [`Extent`]).
    pub content: Vec<Extent>,
    /// Chains (indices into [`Task::chains`]) that start when this call has ended.
    pub spawns: Vec<u32>,
    /// Chains that must have ended before this call is sent.
    pub waits_for: Vec<u32>,
    /// Closed loop: what must have happened before it is sent, in tasks whose source is a graph,
    /// whose every call waits for something; in others none does. It stands in the place of `gap`,
    /// and no chain of a graph needs a call that spawns it.
    pub after: Vec<After>,
    /// Which of the models that there are is called: 0 is the first.
    pub model: u8,
}

/// Something that a call waits for, and how long after it the call may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct After {
    /// What.
    pub event: Event,
    /// How long after it.
    pub delay: SimSpan,
}

/// What happens in a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// The task starts.
    Start,
    /// A call is sent.
    Sent(At),
    /// A call is answered.
    Answered(At),
}

/// The place of a call in its task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    /// Index into [`Task::chains`].
    pub chain: u32,
    /// Index into [`Chain::calls`].
    pub call: u32,
}

/// What led to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A person.
    User,
    /// A tool's result.
    Tool,
}

impl Task {
    /// A task of one call that starts at once, with no page identities: it shares nothing.
    pub fn of_call(prompt: u32, output: u32) -> Self {
        let call = Call {
            prompt,
            output,
            cause: Cause::User,
            gap: SimSpan::ZERO,
            at: None,
            content: Vec::new(),
            spawns: Vec::new(),
            waits_for: Vec::new(),
            after: Vec::new(),
            model: 0,
        };
        let chains = vec![Chain { calls: vec![call] }];
        Self { label: String::new(), start: SimSpan::ZERO, chains }
    }

    /// Calls of all chains.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        self.chains.iter().flat_map(|chain| &chain.calls)
    }

    /// Whether some call waits for single events, not for whole chains alone.
    pub fn is_graph(&self) -> bool {
        self.calls().next().is_some_and(|call| !call.after.is_empty())
    }
}
