//! When replicas fail and return.

use super::replicas::Fleet;
use super::state::Event;
use crate::cluster::deploy::{PartKind, Spell};
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

/// NICs of a replica that fail at a time, and return after another, if they do: its hand-over link
/// lacks their share meanwhile.
///
/// What is on its way over the link begins anew over those that are left. Without any it goes
/// elsewhere, or is computed again where it is decoded.
#[derive(Clone, Copy, Debug)]
pub struct NicFault {
    /// The replica's number in the fleet.
    pub member: usize,
    /// When.
    pub at: SimSpan,
    /// For how long.
    pub down: Option<SimSpan>,
    /// How many of its NICs.
    pub count: u32,
    /// How many it has.
    pub of: u32,
    /// Whether they fail by drawn times.
    pub is_drawn: bool,
    /// Whether the replica starts anew besides, without them and with them, which is counted there.
    pub is_restart: bool,
}

/// What a replica becomes.
#[derive(Debug)]
pub(super) struct Change<P> {
    restart: SimSpan,
    /// Parts that fail then, and those of them whose kinds are known.
    faults: u64,
    kinds: [u64; PartKind::ALL.len()],
    /// Until it has become so; none if it stays what it is.
    form: Option<Form<P>>,
}

/// A replica, whole or without parts.
#[derive(Clone, Copy, Debug)]
pub struct Form<P> {
    /// What prices its steps.
    pub pricer: P,
    /// Its KV pages.
    pub pages: u64,
    /// Whether it lacks nothing.
    pub is_whole: bool,
}

impl<P: Pricer> Fleet<P> {
    /// The same fleet, in which a part of a replica fails.
    pub fn with_part_fault(mut self, fault: PartFault<P>) -> Self {
        let PartFault { member, at, down, restart, lesser, whole } = fault;
        let member = member.min(self.members.len() - 1);
        self.least.push((member, lesser.1));
        let end = down.map(|down| at + down);
        let forms = [(Some(at), lesser, false), (end, whole, true)];
        for (at, (pricer, pages), is_whole) in forms {
            let Some(at) = at else { continue };
            // That a part returns is no failure.
            let faults = u64::from(!is_whole);
            let form = Some(Form { pricer, pages, is_whole });
            let kinds = [0; PartKind::ALL.len()];
            self.schedule(member, at, Change { restart, faults, kinds, form });
        }
        self
    }

    /// The same fleet, of which anything might fail, even if nothing does.
    #[must_use]
    pub fn with_fault_figures(mut self) -> Self {
        self.fault_figures.get_or_insert_default();
        self
    }

    /// The same fleet, in which NICs of a replica fail, or might if `fault` is none; for fleets
    /// with replicas that prefill.
    #[must_use]
    pub fn with_nic_fault(mut self, fault: Option<NicFault>) -> Self {
        self.fault_figures.get_or_insert_default().nics();
        let Some(fault) = fault else { return self };
        let number = self.nic_faults.len();
        let member = fault.member.min(self.members.len() - 1);
        self.nic_faults.push(NicFault { member, ..fault });
        let ends = fault.down.map(|down| (fault.at + down, false));
        for (at, is_loss) in std::iter::once((fault.at, true)).chain(ends) {
            self.queue.schedule(SimTime::after_start(at), Event::Nics { fault: number, is_loss });
        }
        self
    }

    /// NICs of a replica fail or return.
    pub(super) fn on_nics(&mut self, now: SimTime, fault: usize, is_loss: bool) {
        let fault = self.nic_faults[fault];
        let Some(prefilling) = self.prefilling else { return };
        let NicFault { member, count, of, .. } = fault;
        let figures = self.fault_figures.get_or_insert_default();
        if is_loss && !fault.is_restart {
            figures.failures += 1;
            figures.parts[PartKind::Nic as usize] += u64::from(fault.is_drawn);
        }
        let place = &mut self.members[member];
        place.nics_lost = if is_loss { place.nics_lost + count } else { place.nics_lost - count };
        if place.nics_lost == 0 {
            let since = place.narrow_since.take().expect("some were gone");
            figures.book_narrow(now.since(since).seconds().get());
        } else {
            place.narrow_since.get_or_insert(now);
        }
        let left = of.saturating_sub(place.nics_lost);
        let was_cut = std::mem::replace(&mut place.is_cut, left == 0);
        let whole = if member < self.serving { prefilling.target } else { prefilling.source };
        self.links.set_bandwidth(now, member, whole * (f64::from(left) / f64::from(of)));
        if left == 0 {
            self.cut_off(now, member);
        } else if is_loss {
            self.restart_flows(now, member);
        }
        self.schedule_flows();
        if was_cut && left > 0 {
            self.unpark(now);
        }
    }

    /// The same fleet, in which parts of a replica fail by drawn times; after that it is `form`, if
    /// that is another than before.
    pub fn with_spell(mut self, member: usize, spell: &Spell, form: Option<Form<P>>) -> Self {
        if let Some(form) = &form {
            self.least.push((member, form.pages));
        }
        let (restart, kinds) = (spell.until - spell.at, spell.faults);
        let faults = kinds.iter().sum();
        self.schedule(member, spell.at, Change { restart, faults, kinds, form });
        self
    }

    fn schedule(&mut self, member: usize, at: SimSpan, change: Change<P>) {
        let number = self.changes.len();
        self.changes.push(change);
        let event = Event::Become { member, change: number };
        self.queue.schedule(SimTime::after_start(at), event);
        self.fault_figures.get_or_insert_default();
    }

    /// Parts of a replica fail or return: it starts anew, without them or with them.
    pub(super) fn on_become(&mut self, now: SimTime, member: usize, change: usize) {
        let Change { restart, faults, kinds, ref mut form } = self.changes[change];
        let form = form.take();
        self.take_down(now, member, Some(restart));
        let figures = self.fault_figures.get_or_insert_default();
        figures.failures += faults;
        for (sum, failed) in figures.parts.iter_mut().zip(kinds) {
            *sum += failed;
        }
        let Some(Form { pricer, pages, is_whole }) = form else { return };
        let place = &mut self.members[member];
        place.replica.become_of(&pricer, pages);
        if let Some(since) = place.lesser_since.take() {
            figures.degraded_s += now.since(since).seconds().get();
        }
        if !is_whole {
            place.lesser_since = Some(now);
        }
    }
}

fn draw(stream: &mut Stream, mean: SimSpan) -> SimSpan {
    SimSpan::from_seconds(Seconds::new(stream.exponential(mean.seconds().get())))
}
