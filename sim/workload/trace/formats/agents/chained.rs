//! Pages of prompts whose identities stand for their own content alone.

use rustc_hash::FxHashMap;

use crate::serving::Extent;
use crate::workload::content::push_page;
use crate::workload::{Place, WorkloadError};

/// Numbers pages so that a number stands for all that precedes its page, too.
#[derive(Debug)]
pub(super) struct Chained<K> {
    /// By the page before and what the page itself holds.
    numbers: FxHashMap<(Option<u64>, K), u64>,
    /// The number of the next page that is new.
    next: u64,
}

impl<K: std::hash::Hash + Eq> Chained<K> {
    /// Numbers from `first` on.
    pub(super) fn from(first: u64) -> Self {
        Self { numbers: FxHashMap::default(), next: first }
    }

    /// The pages that hold `keys`, one after another.
    pub(super) fn pages(&mut self, keys: impl IntoIterator<Item = K>) -> Vec<Extent> {
        let mut pages = Vec::new();
        let mut before = None;
        for key in keys {
            let page = *self.numbers.entry((before, key)).or_insert_with(|| {
                self.next += 1;
                self.next - 1
            });
            push_page(&mut pages, page);
            before = Some(page);
        }
        pages
    }

    /// One past the last number.
    pub(super) fn end(&self) -> u64 {
        self.next
    }
}

/// Whether a prompt of `prompt` tokens can have `found` pages: its full ones, perhaps the partial
/// one, or none at all if they are not known.
pub(super) fn check_count(
    place: &Place,
    key: &str,
    (found, prompt, page_tokens): (usize, u32, u32),
) -> Result<(), WorkloadError> {
    let (full, all) = (prompt / page_tokens, prompt.div_ceil(page_tokens));
    if found == 0 || found == full as usize || found == all as usize {
        return Ok(());
    }
    let remedy = format!("{prompt} tokens have {all} pages of {page_tokens}; list each");
    Err(place.refuse(key, format!("a list of {found}"), &remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_its_content_and_all_before_it() {
        let mut chained = Chained::from(5);
        let pages = |chained: &mut Chained<u8>, keys: &[u8]| {
            let runs = chained.pages(keys.iter().copied());
            let pages = runs.iter().flat_map(|r| r.first..r.first + u64::from(r.pages));
            pages.collect::<Vec<_>>()
        };
        assert_eq!(pages(&mut chained, &[1, 2, 3]), [5, 6, 7]);
        assert_eq!(pages(&mut chained, &[1, 2, 4, 3]), [5, 6, 8, 9]);
        // The same content behind another beginning is another page.
        assert_eq!(pages(&mut chained, &[2, 3]), [10, 11]);
        assert_eq!(chained.end(), 12);
    }
}
