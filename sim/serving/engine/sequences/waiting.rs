//! The sequences that wait, in the order in which they are to be served.

use std::collections::VecDeque;

use super::sequence::Sequence;
use crate::serving::{Request, RequestId, Scheduling};
use crate::units::SimTime;

/// A sequence's place among others: those that come first are less.
pub(in crate::serving::engine) type Rank = (u8, SimTime, RequestId);

/// Whether it waits for pages, and its rank: what holds pages comes first.
pub(in crate::serving::engine) type Place = (bool, Rank);

/// A queue.
#[derive(Debug)]
pub(in crate::serving::engine) struct Waiting {
    scheduling: Scheduling,
    line: VecDeque<Sequence>,
}

impl Waiting {
    /// Nobody yet.
    pub(in crate::serving::engine) fn new(scheduling: Scheduling) -> Self {
        Self { scheduling, line: VecDeque::new() }
    }

    /// Whether whoever has `own` place would come first, so that it may be admitted before anything
    /// else changes.
    pub(in crate::serving::engine) fn is_led_by(&self, own: Place) -> bool {
        match (self.scheduling, self.line.front()) {
            (_, None) => true,
            (Scheduling::Fcfs, Some(_)) => false,
            (Scheduling::Priority | Scheduling::Preemptive, Some(first)) => own < place(first),
        }
    }

    /// Adds a sequence that has come.
    pub(in crate::serving::engine) fn push(&mut self, sequence: Sequence) {
        match self.scheduling {
            Scheduling::Fcfs => self.line.push_back(sequence),
            Scheduling::Priority | Scheduling::Preemptive => self.insert(sequence),
        }
    }

    /// Adds a sequence that comes before the others: it has its pages, or had run already.
    pub(in crate::serving::engine) fn push_first(&mut self, sequence: Sequence) {
        match self.scheduling {
            Scheduling::Fcfs => self.line.push_front(sequence),
            Scheduling::Priority | Scheduling::Preemptive => self.insert(sequence),
        }
    }

    /// Adds a sequence that has its pages behind others that have theirs.
    pub(in crate::serving::engine) fn push_with_pages(&mut self, sequence: Sequence) {
        match self.scheduling {
            Scheduling::Fcfs => {
                let before = self.line.iter().take_while(|other| other.is_handed_over()).count();
                self.line.insert(before, sequence);
            }
            Scheduling::Priority | Scheduling::Preemptive => self.insert(sequence),
        }
    }

    /// By priority; what holds pages comes before all that waits for some.
    fn insert(&mut self, sequence: Sequence) {
        let before = self.line.partition_point(|other| place(other) <= place(&sequence));
        self.line.insert(before, sequence);
    }

    /// Takes the first.
    pub(in crate::serving::engine) fn pop(&mut self) -> Option<Sequence> {
        self.line.pop_front()
    }

    /// Puts the one that was first back.
    pub(in crate::serving::engine) fn put_back(&mut self, sequence: Sequence) {
        self.line.push_front(sequence);
    }

    /// Takes the first that has its pages already.
    pub(in crate::serving::engine) fn pop_with_pages(&mut self) -> Option<Sequence> {
        let place = self.line.iter().position(Sequence::is_handed_over)?;
        self.line.remove(place)
    }

    /// Takes all.
    pub(in crate::serving::engine) fn drain(&mut self) -> impl Iterator<Item = Sequence> {
        self.line.drain(..)
    }

    /// The first.
    pub(in crate::serving::engine) fn first(&self) -> Option<&Sequence> {
        self.line.front()
    }

    /// All, in order.
    pub(in crate::serving::engine) fn iter(&self) -> impl Iterator<Item = &Sequence> {
        self.line.iter()
    }

    /// Whether none of them waits for pages: the last has its own.
    pub(in crate::serving::engine) fn all_have_pages(&self) -> bool {
        self.line.back().is_none_or(Sequence::is_handed_over)
    }

    /// How many.
    pub(in crate::serving::engine) fn len(&self) -> usize {
        self.line.len()
    }

    /// Whether nobody waits.
    pub(in crate::serving::engine) fn is_empty(&self) -> bool {
        self.line.is_empty()
    }
}

/// A sequence's place in the queue.
pub(in crate::serving::engine) fn place(sequence: &Sequence) -> Place {
    (!sequence.is_handed_over(), rank_of(&sequence.request))
}

/// The place of a request that has no pages yet.
pub(in crate::serving::engine) fn new_place(request: &Request) -> Place {
    (true, rank_of(request))
}

/// The more urgent come first, and of these the earlier.
pub(in crate::serving::engine) fn rank_of(request: &Request) -> Rank {
    (request.priority, request.arrival, request.id)
}
