//! A cheap model first: two fleets, of which the second has the better model.

use super::fleet::{Fleet, FleetFigures};
use super::run::{Account, Service};
use crate::cost::Pricer;
use crate::serving::{Extent, Outcome, Request, TooLong};
use crate::units::{SimSpan, SimTime};

/// A fleet for each of two models; a request goes to the one that it names.
///
/// They share the clock and the agents' tools, nothing else. The second one idles where no task is
/// handed on, so that the first is what it would be alone.
#[derive(Debug)]
pub struct Cascade<P> {
    pub(super) fleets: [Fleet<P>; 2],
}

impl<P: Pricer> Cascade<P> {
    /// The model that is tried first, and the better one.
    pub fn new(first: Fleet<P>, better: Fleet<P>) -> Self {
        Self { fleets: [first, better] }
    }

    /// What was measured since the last reset: the first fleet's, and the better model's pools
    /// behind its own.
    pub fn figures(&self) -> FleetFigures {
        let [mut figures, better] = [0, 1].map(|index: usize| self.fleets[index].figures());
        figures.pools.extend(better.pools);
        figures
    }

    fn of(&self, model: u8) -> &Fleet<P> {
        &self.fleets[usize::from(model.min(1))]
    }
}

impl<P: Pricer> Service for Cascade<P> {
    fn dispatch(&self) -> SimSpan {
        self.fleets[0].dispatch()
    }

    fn reading(&self, prompt: u32) -> SimSpan {
        self.fleets[0].reading(prompt)
    }

    fn way(&self, model: u8, prompt: u32) -> SimSpan {
        self.of(model).way(model, prompt)
    }

    fn submit(&mut self, now: SimTime, request: Request, session: u64) -> Result<(), TooLong> {
        self.fleets[usize::from(request.model.min(1))].submit(now, request, session)
    }

    fn tool(&mut self, now: SimTime, span: SimSpan) -> SimSpan {
        self.fleets[0].tool(now, span)
    }

    fn awaits(&mut self, now: SimTime, sent: SimTime, next: (&[Extent], u32), session: u64) {
        self.fleets[0].awaits(now, sent, next, session);
    }

    fn next_time(&self) -> Option<SimTime> {
        self.fleets.iter().filter_map(Service::next_time).min()
    }

    fn advance(&mut self, now: SimTime, done: &mut Vec<Outcome>) {
        let due = self.fleets.iter().position(|fleet| fleet.next_time() == Some(now));
        self.fleets[due.expect("something happens")].advance(now, done);
    }

    fn reset(&mut self, now: SimTime) {
        self.fleets.iter_mut().for_each(|fleet| fleet.reset(now));
    }

    fn close(&mut self, now: SimTime) -> Account {
        let [mut all, better] = self.fleets.each_mut().map(|fleet| fleet.close(now));
        all.meter.add(&better.meter);
        all.replicas += better.replicas;
        all.in_flight += better.in_flight;
        all.events += better.events;
        all.evicted_pages += better.evicted_pages;
        all.kv_pages += better.kv_pages;
        all
    }
}
