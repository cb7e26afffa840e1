//! Page identities as files write them, and as the simulator numbers them.

use std::fmt;

use rustc_hash::FxHashMap;
use serde::de::{Error, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

use crate::serving::Extent;
use crate::workload::content::{page_count, push_page};

/// A `hash_ids` array, kept as runs: a session's prompts repeat a hundred thousand of them.
#[derive(Default)]
pub(super) struct PageIds(Vec<Extent>);

impl PageIds {
    /// How many.
    pub(super) fn len(&self) -> u64 {
        page_count(&self.0)
    }
}

impl<'de> Deserialize<'de> for PageIds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Runs)
    }
}

struct Runs;

impl<'de> Visitor<'de> for Runs {
    type Value = PageIds;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of page identities in `hash_ids`")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut ids: A) -> Result<PageIds, A::Error> {
        let mut runs = Vec::new();
        while let Some(PageId(id)) = ids.next_element()? {
            push_page(&mut runs, id);
        }
        Ok(PageIds(runs))
    }
}

struct PageId(u64);

impl<'de> Deserialize<'de> for PageId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_u64(OneId).map(Self)
    }
}

/// Reads one identity; its messages, unlike those for a plain `u64`, name the key.
struct OneId;

impl Visitor<'_> for OneId {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number from 0 to 2^64 - 2 in `hash_ids`")
    }

    fn visit_u64<E: Error>(self, id: u64) -> Result<u64, E> {
        // A run of pages ends one past its last: the very last number cannot be one.
        let valid = id < u64::MAX;
        valid.then_some(id).ok_or_else(|| E::invalid_value(Unexpected::Unsigned(id), &self))
    }
}

/// Numbers the identities of one file densely, in order of appearance.
///
/// Any 64-bit hashes become runs again, because a prompt's new pages appear together.
#[derive(Default)]
pub(super) struct Numbering {
    number: FxHashMap<u64, u64>,
}

impl Numbering {
    /// The pages under their dense numbers.
    pub(super) fn pages(&mut self, ids: &PageIds) -> Vec<Extent> {
        let mut pages = Vec::new();
        for id in ids.0.iter().flat_map(|run| run.first..run.first + u64::from(run.pages)) {
            let next = self.number.len() as u64;
            push_page(&mut pages, *self.number.entry(id).or_insert(next));
        }
        pages
    }

    /// How many distinct pages there were.
    pub(super) fn distinct(&self) -> u64 {
        self.number.len() as u64
    }
}
