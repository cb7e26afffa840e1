//! The event queue.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::units::SimTime;

/// An event that knows its place among events of the same instant.
pub trait Phased {
    /// Smaller phases go first; events of one phase keep the order of scheduling.
    fn phase(&self) -> u8;
}

/// Pending events in the order `(time, phase, order of scheduling)`.
///
/// Time never moves backward: both [`schedule`](Self::schedule) and [`pop`](Self::pop) assert it.
#[derive(Debug)]
pub struct EventQueue<E> {
    /// The next event, which most often is the only one.
    first: Option<Entry<E>>,
    others: BinaryHeap<Reverse<Entry<E>>>,
    now: SimTime,
    scheduled: u64,
    popped: u64,
}

#[derive(Debug)]
struct Entry<E> {
    key: (SimTime, u8, u64),
    event: E,
}

impl<E: Phased> EventQueue<E> {
    /// An empty queue at the beginning of time.
    pub fn new() -> Self {
        Self { first: None, others: BinaryHeap::new(), now: SimTime::ZERO, scheduled: 0, popped: 0 }
    }

    /// The time of the last event popped.
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// How many events have been popped.
    pub fn popped(&self) -> u64 {
        self.popped
    }

    /// The time of the next event.
    pub fn next_time(&self) -> Option<SimTime> {
        self.first.as_ref().map(|first| first.key.0)
    }

    /// Moves the clock to `time`, at which something happens that is not in the queue.
    ///
    /// # Panics
    /// If `time` lies in the past, or past the next event.
    #[track_caller]
    pub fn advance(&mut self, time: SimTime) {
        assert!(time >= self.now, "the clock ran backward");
        assert!(self.next_time().is_none_or(|next| time <= next), "an event was passed over");
        self.now = time;
    }

    /// Adds an event.
    ///
    /// # Panics
    /// If `time` lies in the past.
    #[track_caller]
    pub fn schedule(&mut self, time: SimTime, event: E) {
        assert!(time >= self.now, "event scheduled at {time}, but it is already {}", self.now);
        let key = (time, event.phase(), self.scheduled);
        self.scheduled += 1;
        let entry = Entry { key, event };
        match &mut self.first {
            None => self.first = Some(entry),
            Some(first) if entry < *first => {
                let later = std::mem::replace(first, entry);
                self.others.push(Reverse(later));
            }
            Some(_) => self.others.push(Reverse(entry)),
        }
    }

    /// Removes the next event and moves the clock to it.
    pub fn pop(&mut self) -> Option<(SimTime, E)> {
        let Entry { key: (time, ..), event } = self.first.take()?;
        self.first = self.others.pop().map(|Reverse(entry)| entry);
        assert!(time >= self.now, "the clock ran backward");
        self.now = time;
        self.popped += 1;
        Some((time, event))
    }
}

impl<E: Phased> Default for EventQueue<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl<E> Eq for Entry<E> {}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Entry<E> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key.cmp(&other.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SimSpan;

    #[derive(Debug, PartialEq)]
    struct Named(&'static str, u8);

    impl Phased for Named {
        fn phase(&self) -> u8 {
            self.1
        }
    }

    fn at(ps: u64) -> SimTime {
        SimTime::after_start(SimSpan::from_ps(ps))
    }

    #[test]
    fn order_is_time_then_phase_then_scheduling() {
        let mut queue = EventQueue::new();
        queue.schedule(at(2), Named("late", 0));
        queue.schedule(at(1), Named("second phase", 1));
        queue.schedule(at(1), Named("first", 0));
        queue.schedule(at(1), Named("second", 0));
        let order: Vec<_> = std::iter::from_fn(|| queue.pop()).map(|(_, e)| e.0).collect();
        assert_eq!(order, ["first", "second", "second phase", "late"]);
        assert_eq!(queue.popped(), 4);
    }

    #[test]
    #[should_panic(expected = "already")]
    fn the_past_cannot_be_scheduled() {
        let mut queue = EventQueue::new();
        queue.schedule(at(5), Named("now", 0));
        queue.pop();
        queue.schedule(at(4), Named("past", 0));
    }
}
