//! What happens, to where it is drawn.

use std::io::{self, Write};

use serde_json::Value;

use super::agents::Agents;
use super::replicas::Replicas;
use super::trace::{Frame, Shown, Trace};
use crate::cluster::{Happening, Passage, Witness};
use crate::units::SimTime;

/// A trace of a run, written while the run goes on.
#[derive(Debug)]
pub struct Timeline<W> {
    trace: Trace<W>,
    agents: Agents,
    replicas: Replicas,
    end: SimTime,
}

impl<W: Write> Timeline<W> {
    /// Of replicas of these names, written to `out`.
    pub fn new(out: W, frame: Frame, names: &[String]) -> Self {
        let mut trace = Trace::new(out, frame);
        let agents = Agents::new(&mut trace);
        let replicas = Replicas::new(names, &mut trace);
        Self { trace, agents, replicas, end: SimTime::ZERO }
    }

    /// Ends the trace, with what is to be said about the run. Fails as the first write that did.
    pub fn finish(self, about: &Value) -> io::Result<(W, Shown)> {
        self.trace.finish(self.end, about)
    }

    fn pass(&mut self, now: SimTime, passage: Passage) {
        let trace = &mut self.trace;
        match passage {
            Passage::Routed { request, replica } => self.agents.route(request, replica),
            Passage::Departed { request, from, to, bytes } => {
                self.replicas.depart(now, request, (from, to, bytes), trace);
            }
            Passage::Arrived { request } => self.replicas.arrive(now, request, false, trace),
            Passage::Broken { request } => self.replicas.arrive(now, request, true, trace),
            Passage::Failed { replica } => self.replicas.fail(now, replica, trace),
            Passage::Moved(moved) => self.replicas.moved(now, moved, trace),
            Passage::Returned { replica } => self.replicas.revive(now, replica, trace),
        }
    }
}

impl<W: Write> Witness for Timeline<W> {
    fn see(&mut self, now: SimTime, what: Happening) {
        self.trace.make_room(now, self.agents.open() + self.replicas.open());
        let trace = &mut self.trace;
        match what {
            Happening::Noted { replica, note } => self.replicas.note(replica, &note, trace),
            Happening::Passed(passage) => self.pass(now, passage),
            Happening::Sent { agent, task, sent, request } => {
                self.agents.send((agent, task), (request, sent), trace);
            }
            Happening::Rejected { request } => self.agents.reject(request, now, trace),
            Happening::Answered(outcome) => self.agents.answer(&outcome, trace),
            Happening::Paused { agent, task, until, cause } => {
                self.agents.pause((now, until), (agent, task), cause, trace);
            }
            Happening::Left(agent) => self.agents.leave(agent, now, trace),
            Happening::Measured => trace.mark(None, "measuring begins", now),
            Happening::Ended => {
                self.agents.end(now, trace);
                self.replicas.end(now, trace);
                self.end = now;
            }
        }
    }
}
