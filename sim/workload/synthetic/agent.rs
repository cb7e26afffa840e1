//! An agent's session: a loop of calls whose context grows until it is summarised.

use super::draw::{Draw, Drawn};
use super::identity::{Context, Lines, Prefix};
use super::spec::{AgentSpec, CompactionSpec, DelegationSpec, DocumentSpec};
use crate::des::{Stream, Streams};
use crate::units::SimSpan;
use crate::workload::{Call, Cause, Chain};

/// Where a session runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    /// All randomness comes from here.
    pub(super) streams: Streams,
    /// Tokens in a page.
    pub(super) page_tokens: u32,
    /// The model's context window, in tokens.
    pub(super) window: u32,
}

/// What is wanted of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// All of it.
    Whole,
    /// Its calls and their gaps; prompts, outputs and content are left empty.
    Times,
}

/// Generates the chains of one task, the main agent's first.
pub(super) fn session(spec: &AgentSpec, setting: Setting, task: u64, detail: Detail) -> Vec<Chain> {
    let stream = |purpose: &str| setting.streams.named(purpose, task);
    let mut session = Session {
        spec,
        setting,
        detail,
        lines: Lines::of(task),
        // Separate, so that e.g. another window changes when contexts are summarised, but not
        // how many calls there are.
        lengths: stream("workload/lengths"),
        gaps: stream("workload/gaps"),
        summaries: stream("workload/summaries"),
        written: stream("workload/summary-calls"),
        children: stream("workload/sub-agents"),
        chains: vec![Chain::default()],
    };
    session.run();
    session.chains
}

/// The length at which a context is summarised, in tokens.
pub(super) fn limit(compaction: &CompactionSpec, window: u32) -> u32 {
    let share = libm::floor(f64::from(window) * compaction.window_share.value) as u32;
    compaction.at.value.min(share)
}

struct Session<'a> {
    spec: &'a AgentSpec,
    setting: Setting,
    detail: Detail,
    lines: Lines,
    lengths: Stream,
    gaps: Stream,
    summaries: Stream,
    written: Stream,
    children: Stream,
    chains: Vec<Chain>,
}

impl Session<'_> {
    /// The main agent's loop.
    fn run(&mut self) {
        let spec = self.spec;
        let delegation = spec.delegation.as_ref();
        let delegation = delegation.filter(|d| self.children.chance(d.sessions.value));
        let prefix = Prefix::shared(0, spec.shared_prefix.value, self.setting.page_tokens);
        let calls = spec.calls.value.count(&mut self.lengths).max(1);
        let message = spec.first_message.value.count(&mut self.lengths);
        let mut agent = self.begin(prefix, message);
        let mut reading = Reading::begin(spec.documents.as_ref(), &mut self.lengths);
        self.chains[0].calls.reserve_exact(calls as usize);
        for left in (0..calls).rev() {
            let output = self.length(&spec.output.value);
            let mut call = self.call(&mut agent, output);
            let appended = self.length(&spec.result.value);
            let (mut reports, portion) = (None, reading.portion());
            let tool = spec.tool_gap.value.from(&mut self.gaps);
            let human = spec.human_gap.value.from(&mut self.gaps);
            let is_human = self.gaps.chance(spec.human_share.value);
            let delegating =
                delegation.filter(|d| call.cause == Cause::User && left > 0 && self.delegates(d));
            if let Some(delegation) = delegating {
                reports = Some(self.delegate(delegation, &mut call));
                agent.next = (Cause::Tool, SimSpan::ZERO, call.spawns.clone());
            } else if is_human {
                agent.next = (Cause::User, human.span(), Vec::new());
                reading.restart();
            } else {
                agent.next = (Cause::Tool, tool.span(), Vec::new());
            }
            let appended = || reports.unwrap_or_else(|| appended.count() + portion);
            let summary = self.grow(&mut agent, call.output, appended);
            self.chains[0].calls.push(call);
            self.chains[0].calls.extend(summary.filter(|_| left > 0));
        }
    }

    /// A length of the main agent's; nobody reads it, nor what follows in its stream, if only times
    /// are wanted.
    fn length<'b>(&mut self, draw: &'b Draw<u32>) -> Drawn<'b, u32> {
        match self.detail {
            Detail::Whole => draw.from(&mut self.lengths),
            Detail::Times => draw.unread(),
        }
    }

    fn delegates(&mut self, delegation: &DelegationSpec) -> bool {
        self.children.chance(delegation.requests.value)
    }

    /// Starts sub-agents after a call; returns the length of their reports, which are their last
    /// outputs.
    fn delegate(&mut self, delegation: &DelegationSpec, call: &mut Call) -> u32 {
        let fan_out = delegation.fan_out.value.count(&mut self.children).max(1);
        let mut reports: u32 = 0;
        for _ in 0..fan_out {
            let chain = self.sub_agent(delegation);
            reports = reports.saturating_add(chain.calls.last().map_or(0, |last| last.output));
            call.spawns.push(self.chains.len() as u32);
            self.chains.push(chain);
        }
        reports
    }

    fn sub_agent(&mut self, spec: &DelegationSpec) -> Chain {
        let page_tokens = self.setting.page_tokens;
        let prefix = Prefix::shared(1, spec.shared_prefix.value, page_tokens);
        let calls = spec.calls.value.count(&mut self.children).max(1);
        let first = spec.first_message.value.count(&mut self.children);
        let mut agent = self.begin(prefix, first);
        agent.next.0 = Cause::Tool;
        let mut chain = Chain { calls: Vec::with_capacity(calls as usize) };
        for left in (0..calls).rev() {
            let output = spec.output.value.from(&mut self.children);
            let call = self.call(&mut agent, output);
            let appended = spec.result.value.from(&mut self.children);
            let tool = self.spec.tool_gap.value.from(&mut self.children);
            agent.next = (Cause::Tool, tool.span(), Vec::new());
            let summary = self.grow(&mut agent, call.output, || appended.count());
            chain.calls.push(call);
            chain.calls.extend(summary.filter(|_| left > 0));
        }
        chain
    }

    fn begin(&mut self, prefix: Prefix, message: u32) -> Agent {
        let tokens = self.clip(prefix.tokens().saturating_add(message.max(1)));
        let next = (Cause::User, SimSpan::ZERO, Vec::new());
        Agent { prefix, context: self.lines.context(prefix), tokens, next }
    }

    /// Appends to a context, or summarises it if it would grow too long: a prompt that follows
    /// shares nothing with the one before but the prefix. Gives the call that writes the summary,
    /// if there is one; what led to the next call leads to this one, and the next one follows it.
    fn grow(
        &mut self,
        agent: &mut Agent,
        output: u32,
        appended: impl FnOnce() -> u32,
    ) -> Option<Call> {
        if self.detail == Detail::Times {
            return None;
        }
        let grown = agent.tokens.saturating_add(output).saturating_add(appended());
        let drawn = self.spec.compaction.summary.value.from(&mut self.summaries);
        if grown <= self.limit() {
            agent.tokens = grown;
            return None;
        }
        let written = self.spec.compaction.written.as_ref();
        let written = written.map(|written| written.value.count(&mut self.written).max(1));
        let call = written.map(|written| {
            agent.tokens = grown.min(self.setting.window - written.min(self.setting.window / 2));
            agent.call(written, &self.setting)
        });
        agent.context = self.lines.context(agent.prefix);
        let summary = drawn.count().max(written.unwrap_or(1)).max(1);
        agent.tokens = self.clip(agent.prefix.tokens().saturating_add(summary));
        call
    }

    fn call(&self, agent: &mut Agent, output: Drawn<u32>) -> Call {
        match self.detail {
            Detail::Whole => agent.call(output.count(), &self.setting),
            Detail::Times => agent.unwritten(),
        }
    }

    fn limit(&self) -> u32 {
        limit(&self.spec.compaction, self.setting.window)
    }

    fn clip(&self, tokens: u32) -> u32 {
        tokens.min(self.limit()).max(1)
    }
}

/// An agent between two calls.
struct Agent {
    prefix: Prefix,
    context: Context,
    /// Length of the next prompt.
    tokens: u32,
    /// What leads to the next call, how long after, and whom it waits for.
    next: (Cause, SimSpan, Vec<u32>),
}

impl Agent {
    fn call(&mut self, output: u32, setting: &Setting) -> Call {
        let output = output.min(setting.window - self.tokens).max(1);
        let content = self.context.content(self.tokens + output, setting.page_tokens);
        Call { prompt: self.tokens, output, content, ..self.unwritten() }
    }

    /// The next call without its tokens.
    fn unwritten(&mut self) -> Call {
        let (cause, gap, waits_for) =
            std::mem::replace(&mut self.next, (Cause::Tool, SimSpan::ZERO, Vec::new()));
        let (content, spawns, after) = (Vec::new(), Vec::new(), Vec::new());
        let (at, model) = (None, 0);
        Call { prompt: 0, output: 0, cause, gap, at, content, spawns, waits_for, after, model }
    }
}

/// Documents that are read portion by portion, and again for each request.
struct Reading {
    /// Tokens of all documents, and of one portion.
    tokens: u32,
    portion: u32,
    /// Tokens not yet read for this request.
    unread: u32,
}

impl Reading {
    fn begin(spec: Option<&DocumentSpec>, stream: &mut Stream) -> Self {
        let Some(spec) = spec else { return Self { tokens: 0, portion: 0, unread: 0 } };
        let size = spec.tokens_per_paper_page.value;
        let draw: &Draw<u32> = &spec.paper_pages.value;
        let tokens = draw.count(stream).saturating_mul(size);
        Self { tokens, portion: spec.portion.value.saturating_mul(size), unread: tokens }
    }

    fn portion(&mut self) -> u32 {
        let portion = self.unread.min(self.portion);
        self.unread -= portion;
        portion
    }

    fn restart(&mut self) {
        self.unread = self.tokens;
    }
}
