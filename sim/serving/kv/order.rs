//! Who is to be evicted first.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::tree::NodeId;

/// A leaf and the number of the touch at which it was entered.
pub(super) type Entry = (u64, NodeId);

/// Leaves in the order of their touches, least recent first.
///
/// Entries are not taken out when a leaf is pinned or touched again: whoever asks for the first
/// says which still hold. Most leaves are entered as the latest of all, which costs nothing.
#[derive(Debug, Default)]
pub(super) struct EvictionOrder {
    /// In order.
    latest: VecDeque<Entry>,
    /// Entered later than their touch.
    others: BinaryHeap<Reverse<Entry>>,
}

/// Entries that no longer hold are kept up to this many beyond those that do.
const SLACK: usize = 256;

impl EvictionOrder {
    /// Enters a leaf. `holding` is how many entries hold.
    pub(super) fn enter(&mut self, entry: Entry, holding: usize, holds: impl Fn(Entry) -> bool) {
        if self.latest.len() + self.others.len() > 2 * holding + SLACK {
            self.sweep(holds);
        }
        match self.latest.back() {
            Some(last) if *last == entry => {}
            Some(last) if *last > entry => self.others.push(Reverse(entry)),
            _ => self.latest.push_back(entry),
        }
    }

    /// The first entry that holds.
    pub(super) fn first(&mut self, holds: impl Fn(Entry) -> bool) -> Option<NodeId> {
        while self.latest.front().is_some_and(|&entry| !holds(entry)) {
            self.latest.pop_front();
        }
        while self.others.peek().is_some_and(|&Reverse(entry)| !holds(entry)) {
            self.others.pop();
        }
        let latest = self.latest.front().copied();
        let other = self.others.peek().map(|&Reverse(entry)| entry);
        let first = match (latest, other) {
            (Some(latest), Some(other)) => latest.min(other),
            (latest, other) => latest.or(other)?,
        };
        Some(first.1)
    }

    /// All entries that hold, each once, in order.
    pub(super) fn holding(&self, holds: impl Fn(Entry) -> bool) -> Vec<Entry> {
        let others = self.others.iter().map(|&Reverse(entry)| entry);
        let mut all: Vec<_> =
            self.latest.iter().copied().chain(others).filter(|&entry| holds(entry)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn sweep(&mut self, holds: impl Fn(Entry) -> bool) {
        self.latest = self.holding(holds).into();
        self.others.clear();
    }
}
