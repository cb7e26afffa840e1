//! A service that is watched.

use super::happening::{Happening, Witness};
use crate::cluster::{Account, Agent, Cascade, Fleet, News, Passage, Service};
use crate::cost::Pricer;
use crate::serving::{Convoy, Extent, Note, Outcome, Percentiles, Replica, Request, TooLong};
use crate::units::{SimSpan, SimTime};

/// A service whose replicas can be told to keep notes.
pub trait Traced: Service {
    /// Keeps notes from now on.
    fn keep_notes(&mut self);

    /// Hands the notes made since the last time to `note`, replica by replica, then what has
    /// passed between replicas to `passage`.
    fn take_notes(
        &mut self,
        note: &mut dyn FnMut(u32, Note),
        passage: &mut dyn FnMut(SimTime, Passage),
    );
}

impl<P: Pricer> Traced for Replica<P> {
    fn keep_notes(&mut self) {
        Self::keep_notes(self);
    }

    fn take_notes(&mut self, note: &mut dyn FnMut(u32, Note), _: &mut dyn FnMut(SimTime, Passage)) {
        Self::take_notes(self).for_each(|one| note(0, one));
    }
}

impl<P: Pricer> Traced for Convoy<P> {
    fn keep_notes(&mut self) {
        Self::keep_notes(self);
    }

    fn take_notes(&mut self, note: &mut dyn FnMut(u32, Note), _: &mut dyn FnMut(SimTime, Passage)) {
        Self::take_notes(self).for_each(|(rank, one)| note(rank, one));
    }
}

impl<P: Pricer> Traced for Fleet<P> {
    fn keep_notes(&mut self) {
        self.keep_passages();
    }

    fn take_notes(
        &mut self,
        note: &mut dyn FnMut(u32, Note),
        passage: &mut dyn FnMut(SimTime, Passage),
    ) {
        let mut first = 0;
        for replica in self.replicas() {
            replica.take_notes().for_each(|(rank, one)| note(first + rank, one));
            first += replica.groups().len() as u32;
        }
        self.take_passages().for_each(|(at, one)| passage(at, one));
    }
}

impl<P: Pricer> Traced for Cascade<P> {
    fn keep_notes(&mut self) {
        self.fleets.iter_mut().for_each(Traced::keep_notes);
    }

    fn take_notes(
        &mut self,
        note: &mut dyn FnMut(u32, Note),
        passage: &mut dyn FnMut(SimTime, Passage),
    ) {
        let mut first = 0;
        for fleet in &mut self.fleets {
            fleet.take_notes(&mut |index, one| note(first + index, one), &mut |at, one| {
                passage(at, one.behind(first));
            });
            first += fleet.groups();
        }
    }
}

impl<V: Traced> Traced for &mut V {
    fn keep_notes(&mut self) {
        (**self).keep_notes();
    }

    fn take_notes(
        &mut self,
        note: &mut dyn FnMut(u32, Note),
        passage: &mut dyn FnMut(SimTime, Passage),
    ) {
        (**self).take_notes(note, passage);
    }
}

/// A service, and who watches it.
#[derive(Debug)]
pub struct Recorded<'a, V, W> {
    service: V,
    witness: &'a mut W,
    /// Whose call comes next, and of which task.
    caller: Option<(Agent, u64)>,
    /// Empty between calls, and kept for its room.
    news: Vec<(SimTime, Happening)>,
}

impl<'a, V: Traced, W: Witness> Recorded<'a, V, W> {
    /// `service`, of which `witness` is told everything.
    pub fn new(mut service: V, witness: &'a mut W) -> Self {
        service.keep_notes();
        Self { service, witness, caller: None, news: Vec::new() }
    }

    /// Tells what became known at `now`, in order of time: a fleet that was empty for a while
    /// learns late of failures, and then of the steps that follow.
    fn tell(&mut self, now: SimTime) {
        let mut news = std::mem::take(&mut self.news);
        let of_replicas = &mut |replica, note: Note| {
            news.push((note.at, Happening::Noted { replica, note }));
        };
        let mut passed = Vec::new();
        let of_fleet = &mut |at, passage| passed.push((at, Happening::Passed(passage)));
        self.service.take_notes(of_replicas, of_fleet);
        news.append(&mut passed);
        news.sort_by_key(|&(at, _)| at);
        for (at, what) in news.drain(..) {
            let known = if matches!(what, Happening::Passed(_)) { at } else { now };
            self.witness.see(known, what);
        }
        self.news = news;
    }
}

impl<V: Traced, W: Witness> Service for Recorded<'_, V, W> {
    fn dispatch(&self) -> SimSpan {
        self.service.dispatch()
    }

    fn reading(&self, prompt: u32) -> SimSpan {
        self.service.reading(prompt)
    }

    fn way(&self, model: u8, prompt: u32) -> SimSpan {
        self.service.way(model, prompt)
    }

    fn copied(&mut self, content: &[Extent]) -> Vec<Extent> {
        self.service.copied(content)
    }

    fn percentiles(&self) -> Percentiles {
        self.service.percentiles()
    }

    fn submit(&mut self, now: SimTime, request: Request, session: u64) -> Result<(), TooLong> {
        let (id, sent) = (request.id.0, request.arrival);
        if let Some((agent, task)) = self.caller.take() {
            self.witness.see(now, Happening::Sent { agent, task, sent, request: id });
        }
        let taken = self.service.submit(now, request, session);
        if taken.is_err() {
            self.witness.see(now, Happening::Rejected { request: id });
        }
        self.tell(now);
        taken
    }

    fn tool(&mut self, now: SimTime, span: SimSpan) -> SimSpan {
        self.service.tool(now, span)
    }

    fn awaits(&mut self, now: SimTime, sent: SimTime, next: (&[Extent], u32), session: u64) {
        self.service.awaits(now, sent, next, session);
    }

    fn hear(&mut self, now: SimTime, news: News) {
        match news {
            News::Calls { agent, task, .. } => self.caller = Some((agent, task)),
            News::Pauses { agent, task, until, cause, .. } => {
                self.witness.see(now, Happening::Paused { agent, task, until, cause });
            }
            News::Ends { agent } => self.witness.see(now, Happening::Left(agent)),
        }
        self.service.hear(now, news);
    }

    fn next_time(&self) -> Option<SimTime> {
        self.service.next_time()
    }

    fn advance(&mut self, now: SimTime, done: &mut Vec<Outcome>) {
        let before = done.len();
        self.service.advance(now, done);
        self.tell(now);
        for outcome in &done[before..] {
            self.witness.see(now, Happening::Answered(*outcome));
        }
    }

    fn reset(&mut self, now: SimTime) {
        self.service.reset(now);
        self.tell(now);
        self.witness.see(now, Happening::Measured);
    }

    fn close(&mut self, now: SimTime) -> Account {
        let account = self.service.close(now);
        self.tell(now);
        self.witness.see(now, Happening::Ended);
        account
    }
}
