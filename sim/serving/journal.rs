//! What a replica does, step by step, for whoever wants to see it.

use crate::cost::Breakdown;
use crate::units::SimTime;

/// Notes of a replica, kept from when it is told to until they are taken; else nothing.
#[derive(Debug, Default)]
pub struct Journal(Option<Vec<Note>>);

/// One look at a replica.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Note {
    /// When.
    pub at: SimTime,
    /// What it held and had to do then.
    pub load: Occupancy,
    /// Steps that it had begun and that no earlier note is about, if any.
    pub steps: Option<Steps>,
}

/// Sequences and pages of a replica at one instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Occupancy {
    /// Sequences in the batch.
    pub running: u32,
    /// Sequences that wait for a slot or for pages.
    pub waiting: u32,
    /// KV pages that sequences hold, those on their way included.
    pub held_pages: u64,
    /// KV pages of the prefix cache that no sequence holds.
    pub cached_pages: u64,
    /// All KV pages.
    pub pages: u64,
}

/// Steps of equal make-up that followed one another without a gap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Steps {
    /// When the first of them began.
    pub start: SimTime,
    /// When the last of them ends.
    pub end: SimTime,
    /// How many.
    pub count: u64,
    /// Sequences that each step gave a token.
    pub decodes: u32,
    /// Prompt tokens that they computed.
    pub prefill_tokens: u32,
    /// Of those, tokens that were computed a second time.
    pub recomputed_tokens: u32,
    /// Where their time went.
    pub time: Breakdown,
}

impl Journal {
    /// Keeps notes from now on.
    pub(super) fn open(&mut self) {
        self.0.get_or_insert_default();
    }

    /// Whether notes are kept.
    pub(super) fn is_open(&self) -> bool {
        self.0.is_some()
    }

    /// Keeps `note`, if notes are kept.
    pub(super) fn add(&mut self, note: Note) {
        if let Some(notes) = &mut self.0 {
            notes.push(note);
        }
    }

    /// Takes the notes, in the order in which they were made.
    pub(super) fn take(&mut self) -> impl Iterator<Item = Note> {
        self.0.as_mut().map(|notes| notes.drain(..)).into_iter().flatten()
    }
}
