//! When replicas fail and return.

use super::replicas::Fleet;
use super::state::Event;
use crate::cost::Pricer;
use crate::des::{Stream, Streams};
use crate::units::{Seconds, SimSpan, SimTime};

/// How replicas fail: each by itself, at exponential times.
#[derive(Clone, Copy, Debug)]
pub struct Faults {
    /// Mean time from a return to the next failure.
    pub between: SimSpan,
    /// Mean time down.
    pub repair: SimSpan,
    /// Where the times are drawn from, by replica.
    pub streams: Streams,
}

impl Faults {
    /// The stream of the `index`-th replica.
    pub(super) fn stream(&self, index: usize) -> Stream {
        self.streams.named("faults", index as u64)
    }

    pub(super) fn time_up(&self, stream: &mut Stream) -> SimSpan {
        draw(stream, self.between)
    }

    pub(super) fn time_down(&self, stream: &mut Stream) -> SimSpan {
        draw(stream, self.repair)
    }
}

/// A part of a replica that fails at a time, and returns after another, if it does.
///
/// A stack's content is spread over every page, and collectives hang when a link is gone: the
/// replica starts anew without the part, and once more with it.
#[derive(Clone, Copy, Debug)]
pub struct PartFault<P> {
    /// The replica's number in the fleet.
    pub member: usize,
    /// When.
    pub at: SimSpan,
    /// For how long.
    pub down: Option<SimSpan>,
    /// How long the replica takes to start.
    pub restart: SimSpan,
    /// What prices its steps meanwhile, and the KV pages that are left.
    pub lesser: (P, u64),
    /// The same of the whole replica.
    pub whole: (P, u64),
}

/// What a replica becomes.
#[derive(Debug)]
pub(super) struct Change<P> {
    restart: SimSpan,
    is_whole: bool,
    /// Until it has become so.
    form: Option<(P, u64)>,
}

impl<P: Pricer> Fleet<P> {
    /// The same fleet, in which a part of a replica fails.
    pub fn with_part_fault(mut self, fault: PartFault<P>) -> Self {
        let PartFault { member, at, down, restart, lesser, whole } = fault;
        let member = member.min(self.members.len() - 1);
        self.least.push((member, lesser.1));
        let end = down.map(|down| at + down);
        let forms = [(Some(at), lesser, false), (end, whole, true)];
        for (at, form, is_whole) in forms {
            let Some(at) = at else { continue };
            let change = self.changes.len();
            self.changes.push(Change { restart, is_whole, form: Some(form) });
            self.queue.schedule(SimTime::after_start(at), Event::Become { member, change });
        }
        self.fault_figures.get_or_insert_default();
        self
    }

    /// A replica starts anew, without a part or with it.
    pub(super) fn on_become(&mut self, now: SimTime, member: usize, change: usize) {
        let Change { restart, is_whole, ref mut form } = self.changes[change];
        let (pricer, pages) = form.take().expect("it becomes so once");
        self.on_fail(now, member, Some(restart));
        let place = &mut self.members[member];
        place.replica.become_of(pricer, pages);
        let since = place.lesser_since.take();
        if let Some(since) = since {
            let lesser = now.since(since).seconds().get();
            self.fault_figures.get_or_insert_default().degraded_s += lesser;
        }
        if !is_whole {
            place.lesser_since = Some(now);
        }
    }
}

fn draw(stream: &mut Stream, mean: SimSpan) -> SimSpan {
    SimSpan::from_seconds(Seconds::new(stream.exponential(mean.seconds().get())))
}
