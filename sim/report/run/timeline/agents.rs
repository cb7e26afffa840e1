//! Agents: calls, tools and pauses, one thread for whoever sends calls one after another.

use std::collections::BTreeMap;
use std::io::Write;

use serde_json::{Value, json};

use super::kinds::{call_args, pause_name, seconds};
use super::lanes::Lanes;
use super::trace::Trace;
use crate::cluster::Agent;
use crate::serving::Outcome;
use crate::units::SimTime;
use crate::workload::Cause;

/// The process of agents.
const PROCESS: u32 = 1;

/// The agents that have something under way.
#[derive(Debug)]
pub(super) struct Agents {
    lanes: Lanes,
    places: BTreeMap<Agent, Place>,
    calls: BTreeMap<u32, Call>,
    pauses: u64,
}

/// Where an agent is drawn.
#[derive(Debug)]
struct Place {
    lane: usize,
    pause: Option<Pause>,
}

/// A tool that runs, or a person who thinks.
#[derive(Clone, Copy, Debug)]
struct Pause {
    task: u64,
    from: SimTime,
    until: SimTime,
    cause: Cause,
}

/// A request that is not answered.
#[derive(Debug)]
struct Call {
    agent: Agent,
    task: u64,
    sent: SimTime,
    replicas: Vec<u32>,
}

impl Agents {
    pub(super) fn new<W: Write>(trace: &mut Trace<W>) -> Self {
        trace.name_process(PROCESS, "agents", 0);
        Self {
            lanes: Lanes::new(PROCESS, "agent", 0),
            places: BTreeMap::new(),
            calls: BTreeMap::new(),
            pauses: 0,
        }
    }

    /// Events that what is under way may yet become.
    pub(super) fn open(&self) -> u64 {
        2 * self.calls.len() as u64 + self.pauses
    }

    pub(super) fn pause<W: Write>(
        &mut self,
        (from, until): (SimTime, SimTime),
        (agent, task): (Agent, u64),
        cause: Cause,
        trace: &mut Trace<W>,
    ) {
        if until > from {
            let pause = Pause { task, from, until, cause };
            self.pauses += u64::from(self.place(agent, from, trace).pause.replace(pause).is_none());
        }
    }

    pub(super) fn send<W: Write>(
        &mut self,
        (agent, task): (Agent, u64),
        (request, sent): (u32, SimTime),
        trace: &mut Trace<W>,
    ) {
        self.end_pause(agent, sent, trace);
        self.calls.insert(request, Call { agent, task, sent, replicas: Vec::new() });
    }

    /// A request goes to a replica.
    pub(super) fn route(&mut self, request: u32, replica: u32) {
        if let Some(call) = self.calls.get_mut(&request) {
            call.replicas.push(replica);
        }
    }

    pub(super) fn answer<W: Write>(&mut self, outcome: &Outcome, trace: &mut Trace<W>) {
        let Some(call) = self.calls.remove(&outcome.id.0) else { return };
        let args = call_args(call.task, outcome, &call.replicas);
        let lane = self.place(call.agent, call.sent, trace).lane;
        let track = self.lanes.track(lane);
        let waited = (call.sent, outcome.first_token);
        trace.slice(track, "wait for first token", waited, args.clone());
        if outcome.end > outcome.first_token {
            trace.slice(track, "answer", (outcome.first_token, outcome.end), args);
        }
    }

    pub(super) fn reject<W: Write>(&mut self, request: u32, now: SimTime, trace: &mut Trace<W>) {
        self.end_call(request, "rejected: too long", now, trace);
    }

    pub(super) fn leave<W: Write>(&mut self, agent: Agent, now: SimTime, trace: &mut Trace<W>) {
        self.end_pause(agent, now, trace);
        if let Some(place) = self.places.remove(&agent) {
            self.lanes.give_back(place.lane, now);
        }
    }

    /// Draws what is under way when the run ends.
    pub(super) fn end<W: Write>(&mut self, now: SimTime, trace: &mut Trace<W>) {
        for agent in self.places.keys().copied().collect::<Vec<_>>() {
            self.end_pause(agent, now, trace);
        }
        for request in self.calls.keys().copied().collect::<Vec<_>>() {
            self.end_call(request, "not answered when the run ended", now, trace);
        }
    }

    fn end_call<W: Write>(&mut self, request: u32, name: &str, now: SimTime, trace: &mut Trace<W>) {
        let Some(call) = self.calls.remove(&request) else { return };
        let lane = self.place(call.agent, call.sent, trace).lane;
        let args = json!({ "task": call.task, "request": request, "replicas": call.replicas });
        trace.slice(self.lanes.track(lane), name, (call.sent, now), args);
    }

    fn end_pause<W: Write>(&mut self, agent: Agent, now: SimTime, trace: &mut Trace<W>) {
        let place = self.place(agent, now, trace);
        let (lane, pause) = (place.lane, place.pause.take());
        let Some(Pause { task, from, until, cause }) = pause else { return };
        self.pauses -= 1;
        let args: Value = json!({ "task": task, "until_s": seconds(until) });
        let span = (from, until.min(now));
        trace.slice(self.lanes.track(lane), pause_name(cause), span, args);
    }

    /// Where an agent is drawn; if it is new, from `start` on.
    fn place<W: Write>(
        &mut self,
        agent: Agent,
        start: SimTime,
        trace: &mut Trace<W>,
    ) -> &mut Place {
        let lanes = &mut self.lanes;
        self.places
            .entry(agent)
            .or_insert_with(|| Place { lane: lanes.take(start, trace), pause: None })
    }
}
