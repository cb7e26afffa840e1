//! An exact LRU of pages, replayed over a trace.

use crate::serving::Extent;
use crate::units::SimSpan;

/// In which order a request touches its pages; the last touched is evicted last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LruPolicy {
    /// From the tail to the head: leaves go first, as in vLLM and SGLang.
    LeafFirst,
    /// From the head to the tail: heads go first and take the rest's use with them.
    HeadFirst,
}

/// A cache of pages that are numbered densely from 0.
///
/// A page is found if it is resident, was touched at most `ttl` ago, and all before it were found.
/// Then every page of the request is touched; a page that was absent is inserted, and after each
/// insertion the least recently touched page leaves if there are more than `capacity`. Expired
/// pages were touched before all others, so they never displace a live one.
pub(super) struct Lru {
    policy: LruPolicy,
    capacity: u64,
    ttl: Option<SimSpan>,
    /// A doubly linked ring through the pages, most recent first; the last entry is its anchor.
    ring: Vec<Links>,
    /// When each page was touched last; empty without a TTL.
    touched: Vec<SimSpan>,
    resident: u64,
}

#[derive(Clone, Copy)]
struct Links {
    newer: u32,
    older: u32,
}

/// Stands in both links of a page that is not resident.
const ABSENT: u32 = u32::MAX;

impl Lru {
    /// An empty cache for pages below `pages`.
    ///
    /// # Panics
    /// If there are 2³² − 1 distinct pages or more.
    pub(super) fn new(pages: u64, policy: LruPolicy, capacity: u64, ttl: Option<SimSpan>) -> Self {
        let anchor = u32::try_from(pages).ok().filter(|&anchor| anchor != ABSENT);
        let anchor = anchor.expect("a trace has fewer than 2^32 - 1 distinct pages");
        let mut ring = vec![Links { newer: ABSENT, older: ABSENT }; anchor as usize + 1];
        ring[anchor as usize] = Links { newer: anchor, older: anchor };
        let touched = vec![SimSpan::ZERO; ttl.map_or(0, |_| anchor as usize)];
        Self { policy, capacity, ttl, ring, touched, resident: 0 }
    }

    /// Looks a prompt up, then touches its pages; returns how many were found.
    pub(super) fn request(&mut self, content: &[Extent], now: SimSpan) -> u64 {
        let pages = || content.iter().map(|run| run.first..run.first + u64::from(run.pages));
        let hit = pages().flatten().take_while(|&page| self.finds(page as u32, now)).count();
        match self.policy {
            LruPolicy::HeadFirst => pages().flatten().for_each(|page| self.touch(page as u32, now)),
            LruPolicy::LeafFirst => {
                pages().rev().flat_map(Iterator::rev).for_each(|page| self.touch(page as u32, now));
            }
        }
        hit as u64
    }

    fn finds(&self, page: u32, now: SimSpan) -> bool {
        self.ring[page as usize].newer != ABSENT
            && self.ttl.is_none_or(|ttl| now - self.touched[page as usize] <= ttl)
    }

    fn touch(&mut self, page: u32, now: SimSpan) {
        if self.ttl.is_some() {
            self.touched[page as usize] = now;
        }
        let is_new = self.ring[page as usize].newer == ABSENT;
        if !is_new {
            self.unlink(page);
        }
        self.link_as_newest(page);
        if is_new {
            self.resident += 1;
            if self.resident > self.capacity {
                self.evict();
            }
        }
    }

    fn evict(&mut self) {
        let anchor = self.ring.len() - 1;
        let oldest = self.ring[anchor].newer;
        self.unlink(oldest);
        self.ring[oldest as usize] = Links { newer: ABSENT, older: ABSENT };
        self.resident -= 1;
    }

    fn unlink(&mut self, page: u32) {
        let Links { newer, older } = self.ring[page as usize];
        self.ring[newer as usize].older = older;
        self.ring[older as usize].newer = newer;
    }

    /// The anchor's older neighbour is the newest page, its newer one the oldest.
    fn link_as_newest(&mut self, page: u32) {
        let anchor = (self.ring.len() - 1) as u32;
        let second = self.ring[anchor as usize].older;
        self.ring[page as usize] = Links { newer: anchor, older: second };
        self.ring[second as usize].newer = page;
        self.ring[anchor as usize].older = page;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::workload::content::push_page;

    /// The same cache as a plain list, newest first: slow, and obviously right.
    struct Naive {
        pages: Vec<(u64, u64)>,
        capacity: usize,
        ttl: Option<u64>,
    }

    impl Naive {
        fn request(&mut self, content: &[u64], policy: LruPolicy, now: u64) -> u64 {
            let live = |&(_, touched): &&(u64, u64)| self.ttl.is_none_or(|t| now - touched <= t);
            let found = |page: &&u64| self.pages.iter().filter(live).any(|(held, _)| held == *page);
            let hit = content.iter().take_while(found).count();
            let mut order = content.to_vec();
            if policy == LruPolicy::LeafFirst {
                order.reverse();
            }
            for page in order {
                self.pages.retain(|&(held, _)| held != page);
                self.pages.insert(0, (page, now));
                self.pages.truncate(self.capacity);
            }
            hit as u64
        }
    }

    proptest! {
        #[test]
        fn the_linked_ring_is_the_plain_list(
            requests in prop::collection::vec(
                (prop::collection::vec(0u64..12, 1..9), 0u64..5), 1..40),
            capacity in 0usize..14,
            ttl in prop::option::of(0u64..9),
            leaf_first: bool,
        ) {
            let policy = if leaf_first { LruPolicy::LeafFirst } else { LruPolicy::HeadFirst };
            let span = ttl.map(SimSpan::from_ps);
            let mut fast = Lru::new(12, policy, capacity as u64, span);
            let mut naive = Naive { pages: Vec::new(), capacity, ttl };
            let mut now = 0;
            for (mut pages, wait) in requests {
                // A prompt names a page once: its identity stands for everything before it.
                let mut seen = [false; 12];
                pages.retain(|&page| !std::mem::replace(&mut seen[page as usize], true));
                now += wait;
                let mut content = Vec::new();
                for &page in &pages {
                    push_page(&mut content, page);
                }
                prop_assert_eq!(
                    fast.request(&content, SimSpan::from_ps(now)),
                    naive.request(&pages, policy, now)
                );
            }
        }
    }
}
