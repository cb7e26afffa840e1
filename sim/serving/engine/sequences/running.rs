//! The running sequences in order of admission.

use std::ops::{Index, IndexMut};

use super::sequence::Sequence;

/// Where a running sequence is kept, as long as it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::serving::engine) struct Slot(u32);

/// A linked list in an arena: appends, removals and steps take the same time at any length.
#[derive(Debug, Default)]
pub(in crate::serving::engine) struct Running {
    places: Vec<Place>,
    vacant: Vec<Slot>,
    first: Option<Slot>,
    last: Option<Slot>,
    count: usize,
    admitted: u64,
}

#[derive(Debug)]
struct Place {
    sequence: Option<Sequence>,
    before: Option<Slot>,
    after: Option<Slot>,
}

impl Running {
    /// How many run.
    pub(in crate::serving::engine) fn len(&self) -> usize {
        self.count
    }

    /// The earliest admitted.
    pub(in crate::serving::engine) fn first(&self) -> Option<Slot> {
        self.first
    }

    /// The one admitted next after `slot`.
    pub(in crate::serving::engine) fn after(&self, slot: Slot) -> Option<Slot> {
        self.places[slot.0 as usize].after
    }

    /// Appends a sequence and numbers it.
    pub(in crate::serving::engine) fn push(&mut self, mut sequence: Sequence) -> Slot {
        sequence.admitted = self.admitted;
        self.admitted += 1;
        let place = Place { sequence: Some(sequence), before: self.last, after: None };
        let slot = if let Some(slot) = self.vacant.pop() {
            self.places[slot.0 as usize] = place;
            slot
        } else {
            self.places.push(place);
            Slot((self.places.len() - 1) as u32)
        };
        match self.last {
            Some(last) => self.places[last.0 as usize].after = Some(slot),
            None => self.first = Some(slot),
        }
        self.last = Some(slot);
        self.count += 1;
        slot
    }

    /// Takes a sequence out.
    pub(in crate::serving::engine) fn remove(&mut self, slot: Slot) -> Sequence {
        let place = &mut self.places[slot.0 as usize];
        let sequence = place.sequence.take().expect("a slot is taken while its sequence runs");
        let (before, after) = (place.before, place.after);
        match before {
            Some(before) => self.places[before.0 as usize].after = after,
            None => self.first = after,
        }
        match after {
            Some(after) => self.places[after.0 as usize].before = before,
            None => self.last = before,
        }
        self.vacant.push(slot);
        self.count -= 1;
        sequence
    }
}

impl Index<Slot> for Running {
    type Output = Sequence;
    fn index(&self, slot: Slot) -> &Sequence {
        let sequence = self.places[slot.0 as usize].sequence.as_ref();
        sequence.expect("a slot is taken while its sequence runs")
    }
}

impl IndexMut<Slot> for Running {
    fn index_mut(&mut self, slot: Slot) -> &mut Sequence {
        let sequence = self.places[slot.0 as usize].sequence.as_mut();
        sequence.expect("a slot is taken while its sequence runs")
    }
}
