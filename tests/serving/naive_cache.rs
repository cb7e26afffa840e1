//! The tree of extents against a cache that knows only pages.

use std::collections::BTreeMap;

use memwall::serving::Extent;
use memwall::serving::kv::{KvCache, Lease};
use memwall::units::{SimSpan, SimTime};
use proptest::prelude::*;

/// A page is known by all identities up to it. Value: (touch, pins, time).
#[derive(Default)]
struct NaiveCache {
    pages: BTreeMap<Vec<u64>, (u64, u32, SimTime)>,
    free: usize,
    touches: u64,
}

/// What one sequence holds of the naive cache.
#[derive(Default)]
struct NaiveLease {
    shared: usize,
    private: usize,
}

impl NaiveCache {
    fn find(&self, ids: &[u64]) -> usize {
        (1..=ids.len()).take_while(|&n| self.pages.contains_key(&ids[..n])).count()
    }

    fn acquire(&mut self, ids: &[u64], limit: usize, deadline: Option<SimTime>) -> NaiveLease {
        if let Some(deadline) = deadline {
            let before = self.pages.len();
            self.pages.retain(|_, page| page.1 > 0 || page.2 >= deadline);
            self.free += before - self.pages.len();
        }
        let shared = self.find(&ids[..limit.min(ids.len())]);
        self.pin(ids, 0..shared, 1);
        NaiveLease { shared, private: 0 }
    }

    fn pin(&mut self, ids: &[u64], range: std::ops::Range<usize>, by: i32) {
        for n in range {
            let page = self.pages.get_mut(&ids[..=n]).expect("a held page is cached");
            page.1 = page.1.checked_add_signed(by).expect("pins balance");
        }
    }

    fn touch(&mut self, ids: &[u64], pages: usize, now: SimTime) {
        self.touches += 1;
        for n in 1..=pages {
            let page = self.pages.get_mut(&ids[..n]).expect("a held page is cached");
            (page.0, page.2) = (self.touches, now);
        }
    }

    fn grow(&mut self, lease: &mut NaiveLease, pages: usize) -> bool {
        let unpinned = self.pages.values().filter(|page| page.1 == 0).count();
        if pages > self.free + unpinned {
            return false;
        }
        while self.free < pages {
            // Least recently touched; among equals the one furthest from the root.
            let victim = self
                .pages
                .iter()
                .filter(|(_, page)| page.1 == 0)
                .min_by_key(|(ids, page)| (page.0, usize::MAX - ids.len()))
                .map(|(ids, _)| ids.clone())
                .expect("an unpinned page exists");
            self.pages.remove(&victim);
            self.free += 1;
        }
        self.free -= pages;
        lease.private += pages;
        true
    }

    fn publish(&mut self, lease: &mut NaiveLease, ids: &[u64], pages: usize, now: SimTime) {
        let pages = pages.min(ids.len());
        if pages <= lease.shared {
            return;
        }
        let found = self.find(&ids[..pages]).max(lease.shared);
        self.touch(ids, lease.shared, now);
        self.pin(ids, lease.shared..found, 1);
        self.free += found - lease.shared;
        for n in found..pages {
            self.pages.insert(ids[..=n].to_vec(), (self.touches, 1, now));
        }
        lease.private -= pages - lease.shared;
        lease.shared = pages;
    }

    fn release(&mut self, lease: &NaiveLease, ids: &[u64], now: SimTime) {
        self.touch(ids, lease.shared, now);
        self.pin(ids, 0..lease.shared, -1);
        self.free += lease.private;
    }
}

/// A sequence's content: a common prefix of `common` pages, then `own` pages of one session.
fn content(session: u64, common: u32, own: u32) -> Vec<Extent> {
    vec![
        Extent { first: 0, pages: common },
        Extent { first: 1000 * (session + 1) + u64::from(common) * 100, pages: own },
    ]
}

fn identities(content: &[Extent]) -> Vec<u64> {
    content.iter().flat_map(|e| (0..u64::from(e.pages)).map(|i| e.first + i)).collect()
}

/// One sequence in both caches.
struct Running {
    content: Vec<Extent>,
    ids: Vec<u64>,
    ours: Lease,
    naive: NaiveLease,
}

#[derive(Clone, Debug)]
enum Action {
    Start { session: u64, common: u32, own: u32, limit: u32 },
    Grow { which: usize, pages: u32 },
    Publish { which: usize },
    Stop { which: usize },
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        3 => (0..4u64, 0..4u32, 0..9u32, 0..14u32).prop_map(|(session, common, own, limit)| {
            Action::Start { session, common, own, limit }
        }),
        3 => (0..8usize, 1..7u32).prop_map(|(which, pages)| Action::Grow { which, pages }),
        2 => (0..8usize).prop_map(|which| Action::Publish { which }),
        3 => (0..8usize).prop_map(|which| Action::Stop { which }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn extents_behave_like_pages(
        actions in prop::collection::vec(action(), 1..80),
        capacity in 5..40u32,
        ttl in prop::option::of(1..30u64),
    ) {
        let mut ours = KvCache::new(u64::from(capacity), ttl.map(SimSpan::from_ms));
        let mut naive = NaiveCache { free: capacity as usize, ..NaiveCache::default() };
        let mut running: Vec<Running> = Vec::new();
        for (tick, action) in actions.into_iter().enumerate() {
            let now = SimTime::after_start(SimSpan::from_ms(tick as u64));
            let deadline = ttl.and_then(|ttl| now.before(SimSpan::from_ms(ttl)));
            match action {
                Action::Start { session, common, own, limit } => {
                    let content = content(session, common, own);
                    let ids = identities(&content);
                    let lease = ours.acquire(now, &content, limit);
                    let theirs = naive.acquire(&ids, limit as usize, deadline);
                    prop_assert_eq!(lease.pages() as usize, theirs.shared, "hits");
                    running.push(Running { content, ids, ours: lease, naive: theirs });
                }
                Action::Grow { which, pages } if which < running.len() => {
                    let it = &mut running[which];
                    let grown = ours.grow(&mut it.ours, pages);
                    prop_assert_eq!(grown, naive.grow(&mut it.naive, pages as usize));
                }
                Action::Publish { which } if which < running.len() => {
                    let it = &mut running[which];
                    let computed = it.ours.pages();
                    ours.publish(now, &mut it.ours, &it.content, computed);
                    naive.publish(&mut it.naive, &it.ids, computed as usize, now);
                }
                Action::Stop { which } if which < running.len() => {
                    let it = running.swap_remove(which);
                    ours.release(now, it.ours);
                    naive.release(&it.naive, &it.ids, now);
                }
                _ => {}
            }
            let private: u64 = running.iter().map(|it| it.naive.private as u64).sum();
            ours.check(private);
            let unpinned = naive.pages.values().filter(|page| page.1 == 0).count();
            prop_assert_eq!(ours.available(), (naive.free + unpinned) as u64);
        }
        for it in running {
            ours.release(SimTime::NEVER, it.ours);
        }
        ours.check(0);
        prop_assert_eq!(ours.available(), u64::from(capacity));
    }
}
