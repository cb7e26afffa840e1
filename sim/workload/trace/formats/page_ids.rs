//! Page identities as files write them, and as the simulator numbers them.

use std::fmt;

use rustc_hash::FxHashMap;
use serde::de::{Error, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

use crate::serving::Extent;
use crate::workload::content::{page_count, push_page, push_run};

/// A `hash_ids` array, kept as runs: a session's prompts repeat a hundred thousand of them.
#[derive(Debug, Default)]
pub(super) struct PageIds(Vec<Extent>);

impl PageIds {
    /// Forgets all of them.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Appends one.
    #[inline]
    pub(super) fn push(&mut self, id: u64) {
        push_page(&mut self.0, id);
    }

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
#[derive(Debug, Default)]
pub(super) struct Numbering {
    /// Identities below it are their own numbers: many files count their pages already.
    counted: u64,
    /// The numbers of all others. Once there is one, `counted` stays as it is.
    others: FxHashMap<u64, u64>,
}

impl Numbering {
    /// Appends the pages under their dense numbers.
    pub(super) fn number(&mut self, ids: &PageIds, pages: &mut Vec<Extent>) {
        for run in &ids.0 {
            let end = run.first + u64::from(run.pages);
            if self.others.is_empty() && run.first <= self.counted {
                self.counted = self.counted.max(end);
            }
            if end <= self.counted {
                push_run(pages, *run);
                continue;
            }
            for id in run.first..end {
                push_page(pages, self.number_of(id));
            }
        }
    }

    /// The pages under their dense numbers.
    pub(super) fn pages(&mut self, ids: &PageIds) -> Vec<Extent> {
        let mut pages = Vec::new();
        self.number(ids, &mut pages);
        pages
    }

    fn number_of(&mut self, id: u64) -> u64 {
        if id < self.counted {
            return id;
        }
        let next = self.distinct();
        *self.others.entry(id).or_insert(next)
    }

    /// How many distinct pages there were.
    pub(super) fn distinct(&self) -> u64 {
        self.counted + self.others.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::workload::content::page_count;

    proptest! {
        #[test]
        fn numbers_are_given_in_order_of_appearance(
            lists in prop::collection::vec(prop::collection::vec(0u64..40, 0..9), 0..12),
            is_sorted in any::<bool>(),
        ) {
            let mut numbering = Numbering::default();
            let mut plain: Vec<u64> = Vec::new();
            for mut list in lists {
                if is_sorted {
                    list.sort_unstable();
                }
                let mut ids = PageIds::default();
                let mut expected = Vec::new();
                for &id in &list {
                    ids.push(id);
                    let known = plain.iter().position(|&known| known == id);
                    let number = known.unwrap_or_else(|| {
                        plain.push(id);
                        plain.len() - 1
                    });
                    push_page(&mut expected, number as u64);
                }
                prop_assert_eq!(ids.len(), list.len() as u64);
                let pages = numbering.pages(&ids);
                prop_assert_eq!(page_count(&pages), list.len() as u64);
                prop_assert_eq!(pages, expected);
                prop_assert_eq!(numbering.distinct(), plain.len() as u64);
            }
        }
    }
}
