//! What answers requests: one replica, or a fleet of them.

use super::client::News;
use crate::cost::Pricer;
use crate::serving::{
    Convoy, Extent, Meter, Outcome, Percentiles, RankFigures, Replica, Request, TooLong,
};
use crate::units::{SimSpan, SimTime};

/// What answers requests on the clock of a run.
pub trait Service {
    /// What a request waits between its client and [`submit`](Self::submit).
    fn dispatch(&self) -> SimSpan;

    /// What a request of `prompt` tokens waits there besides.
    fn reading(&self, prompt: u32) -> SimSpan;

    /// All that a request of `prompt` tokens to the model numbered `model` waits there.
    fn way(&self, model: u8, prompt: u32) -> SimSpan {
        let _ = model;
        self.dispatch() + self.reading(prompt)
    }

    /// A copy of `content` for a request.
    fn copied(&mut self, content: &[Extent]) -> Vec<Extent> {
        content.to_vec()
    }

    /// How percentiles are found.
    fn percentiles(&self) -> Percentiles {
        Percentiles::Exact
    }

    /// Takes a request of the task numbered `session`, unless it could never be served.
    fn submit(&mut self, now: SimTime, request: Request, session: u64) -> Result<(), TooLong>;

    /// How long a tool call that takes `span` by itself takes from `now` on; asked in order of
    /// time.
    fn tool(&mut self, now: SimTime, span: SimSpan) -> SimSpan {
        let _ = now;
        span
    }

    /// Hears what its clients do, if it cares.
    fn hear(&mut self, now: SimTime, news: News) {
        let _ = (now, news);
    }

    /// Hears that the task numbered `session` will send a call at `sent` whose prompt begins with
    /// what `next` holds: content, and the prompt's length in tokens.
    fn awaits(&mut self, now: SimTime, sent: SimTime, next: (&[Extent], u32), session: u64) {
        let _ = (now, sent, next, session);
    }

    /// When something next happens by itself.
    fn next_time(&self) -> Option<SimTime>;

    /// Lets that happen; adds the requests that are answered to `done`.
    fn advance(&mut self, now: SimTime, done: &mut Vec<Outcome>);

    /// Forgets what was measured before `now` (after a warm-up).
    fn reset(&mut self, now: SimTime);

    /// Measurements and counts at the end of a run.
    fn close(&mut self, now: SimTime) -> Account;
}

/// What a service has to show at the end of a run.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// Measurements since the last reset, of all replicas.
    pub meter: Meter,
    /// How many replicas.
    pub replicas: u32,
    /// Requests that are not answered.
    pub in_flight: u64,
    /// Events of the whole run.
    pub events: u64,
    /// Pages evicted in the whole run for want of room.
    pub evicted_pages: u64,
    /// KV pages.
    pub kv_pages: u64,
    /// How evenly groups of ranks were loaded, where they have sequences of their own.
    pub ranks: Option<RankFigures>,
}

/// All of a service that goes from step to step by methods of its own, but its account.
macro_rules! goes_by_steps {
    () => {
        fn dispatch(&self) -> SimSpan {
            Self::dispatch(self)
        }

        fn reading(&self, prompt: u32) -> SimSpan {
            Self::reading(self, prompt)
        }

        fn copied(&mut self, content: &[Extent]) -> Vec<Extent> {
            Self::copied(self, content)
        }

        fn percentiles(&self) -> Percentiles {
            Self::percentiles(self)
        }

        fn submit(&mut self, now: SimTime, request: Request, _: u64) -> Result<(), TooLong> {
            Self::submit(self, now, request)?;
            self.start_step(now);
            Ok(())
        }

        fn next_time(&self) -> Option<SimTime> {
            self.next_end()
        }

        fn advance(&mut self, now: SimTime, done: &mut Vec<Outcome>) {
            self.finish_step(now, done);
            self.start_step(now);
        }

        fn reset(&mut self, now: SimTime) {
            self.reset_meter(now);
        }
    };
}

impl<P: Pricer> Service for Replica<P> {
    goes_by_steps!();

    fn close(&mut self, now: SimTime) -> Account {
        self.observe(now);
        Account {
            meter: self.meter().clone(),
            replicas: 1,
            in_flight: self.in_flight() as u64,
            events: self.steps_ended(),
            evicted_pages: self.kv().evicted(),
            kv_pages: self.kv().capacity(),
            ranks: None,
        }
    }
}

impl<P: Pricer> Service for Convoy<P> {
    goes_by_steps!();

    fn close(&mut self, now: SimTime) -> Account {
        self.observe(now);
        let ranks = self.ranks();
        Account {
            meter: self.meter(),
            replicas: 1,
            in_flight: ranks.iter().map(|rank| rank.in_flight() as u64).sum(),
            events: self.steps_ended(),
            evicted_pages: ranks.iter().map(|rank| rank.kv().evicted()).sum(),
            kv_pages: ranks.iter().map(|rank| rank.kv().capacity()).sum(),
            ranks: Some(self.figures()),
        }
    }
}

impl<V: Service> Service for &mut V {
    fn dispatch(&self) -> SimSpan {
        (**self).dispatch()
    }

    fn reading(&self, prompt: u32) -> SimSpan {
        (**self).reading(prompt)
    }

    fn way(&self, model: u8, prompt: u32) -> SimSpan {
        (**self).way(model, prompt)
    }

    fn copied(&mut self, content: &[Extent]) -> Vec<Extent> {
        (**self).copied(content)
    }

    fn percentiles(&self) -> Percentiles {
        (**self).percentiles()
    }

    fn submit(&mut self, now: SimTime, request: Request, session: u64) -> Result<(), TooLong> {
        (**self).submit(now, request, session)
    }

    fn tool(&mut self, now: SimTime, span: SimSpan) -> SimSpan {
        (**self).tool(now, span)
    }

    fn hear(&mut self, now: SimTime, news: News) {
        (**self).hear(now, news);
    }

    fn awaits(&mut self, now: SimTime, sent: SimTime, next: (&[Extent], u32), session: u64) {
        (**self).awaits(now, sent, next, session);
    }

    fn next_time(&self) -> Option<SimTime> {
        (**self).next_time()
    }

    fn advance(&mut self, now: SimTime, done: &mut Vec<Outcome>) {
        (**self).advance(now, done);
    }

    fn reset(&mut self, now: SimTime) {
        (**self).reset(now);
    }

    fn close(&mut self, now: SimTime) -> Account {
        (**self).close(now)
    }
}
