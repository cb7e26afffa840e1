//! Bursts that wait, sorted by bank, each with its age.

use std::collections::VecDeque;

use super::walk::Place;

/// A burst that waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub(super) row: u32,
    /// When it came, in clocks.
    pub(super) seen: u64,
    /// Its place in the order of arrival.
    pub(super) age: u64,
}

/// The bursts of one way.
#[derive(Debug)]
pub(super) struct Queue {
    lists: Vec<VecDeque<Waiting>>,
    /// Banks that some wait for, a bit each.
    occupied: u128,
    len: usize,
    arrived: u64,
}

impl Queue {
    pub(super) fn new(banks: u32) -> Self {
        let lists = (0..banks).map(|_| VecDeque::new()).collect();
        Self { lists, occupied: 0, len: 0, arrived: 0 }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn push(&mut self, place: Place, seen: u64) {
        self.arrived += 1;
        let waiting = Waiting { row: place.row, seen, age: self.arrived };
        self.lists[place.bank as usize].push_back(waiting);
        self.occupied |= 1 << place.bank;
        self.len += 1;
    }

    /// Banks that some wait for.
    pub(super) fn banks(&self) -> impl Iterator<Item = u32> + use<> {
        let mut left = self.occupied;
        std::iter::from_fn(move || {
            let bank = (left != 0).then(|| left.trailing_zeros())?;
            left &= left - 1;
            Some(bank)
        })
    }

    /// The oldest that waits for `bank`, which some do.
    pub(super) fn oldest(&self, bank: u32) -> Waiting {
        self.lists[bank as usize][0]
    }

    /// The place and the age of the oldest that waits for `row` of `bank`.
    pub(super) fn hit(&self, bank: u32, row: u32) -> Option<(usize, u64)> {
        let list = &self.lists[bank as usize];
        let place = list.iter().position(|waiting| waiting.row == row)?;
        Some((place, list[place].age))
    }

    /// How many wait for `bank`.
    pub(super) fn demand(&self, bank: u32) -> usize {
        self.lists[bank as usize].len()
    }

    /// Takes one out.
    pub(super) fn take(&mut self, bank: u32, place: usize) {
        let list = &mut self.lists[bank as usize];
        list.remove(place);
        if list.is_empty() {
            self.occupied &= !(1 << bank);
        }
        self.len -= 1;
    }
}
