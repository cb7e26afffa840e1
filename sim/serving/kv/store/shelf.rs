//! One store of pages.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::eviction::Eviction;
use super::piece::{Piece, pieces};
use crate::serving::Extent;
use crate::units::{SimSpan, SimTime};

/// Pages by identity, of which those of least rank leave when others come.
#[derive(Clone, Debug)]
pub struct Store {
    capacity: u64,
    eviction: Eviction,
    ttl: Option<SimSpan>,
    /// By the identity of their first page.
    runs: BTreeMap<u64, Run>,
    /// Runs by rank, the deepest of a rank first.
    order: BTreeSet<(u64, Reverse<u32>, u64)>,
    /// Runs by the time of their last use; kept only if they are forgotten after a time.
    ages: BTreeSet<(SimTime, u64)>,
    used: u64,
    clock: u64,
    /// The rank of what was evicted last.
    level: u64,
    evicted: u64,
}

/// A run of pages with one rank and one use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) piece: Piece,
    pub(super) rank: u64,
    pub(super) time: SimTime,
}

impl Store {
    /// An empty store of `capacity` pages, which forgets what was not used for `ttl`.
    pub fn new(capacity: u64, eviction: Eviction, ttl: Option<SimSpan>) -> Self {
        Self {
            capacity,
            eviction,
            ttl,
            runs: BTreeMap::new(),
            order: BTreeSet::new(),
            ages: BTreeSet::new(),
            used: 0,
            clock: 0,
            level: 0,
            evicted: 0,
        }
    }

    /// All pages.
    pub fn capacity(&self) -> u64 {
        self.capacity
    }

    /// Pages that are taken.
    pub fn used(&self) -> u64 {
        self.used
    }

    /// Pages evicted for want of room so far.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Pages of `content` from page `from` on, at most up to page `to`, that are here.
    pub fn known(&mut self, now: SimTime, content: &[Extent], (from, to): (u32, u32)) -> u32 {
        self.expire(now);
        let mut known = 0;
        for piece in pieces(content, from, to) {
            let here = self.run_from(piece.first, piece.end());
            known += here;
            if here < piece.pages {
                break;
            }
        }
        known
    }

    /// The parts of `piece` that are not here.
    pub fn gaps(&self, piece: &Piece) -> Vec<Piece> {
        let mut gaps = Vec::new();
        let mut at = piece.first;
        for run in self.overlapping(piece) {
            if run.piece.first > at {
                gaps.push(piece.part(at, run.piece.first));
            }
            at = at.max(run.piece.end());
        }
        if at < piece.end() {
            gaps.push(piece.part(at, piece.end()));
        }
        gaps
    }

    /// Notes that the pages `[0, to)` of `content` are used, as far as they are here.
    pub fn touch(&mut self, now: SimTime, content: &[Extent], to: u32) {
        if self.eviction == Eviction::Fifo && self.ttl.is_none() {
            return;
        }
        self.clock += 1;
        let rank = self.eviction.rank(self.clock, self.level, u64::from(to));
        for piece in pieces(content, 0, to) {
            for mut run in self.carve(&piece) {
                if self.eviction != Eviction::Fifo {
                    run.rank = rank;
                }
                run.time = now;
                self.put(run);
            }
        }
    }

    /// Takes pieces in, evicting others if it must. Returns what was evicted.
    ///
    /// Of what is larger than the store, the heads stay.
    pub fn insert(&mut self, now: SimTime, pieces: &[Piece]) -> Vec<Piece> {
        self.expire(now);
        self.clock += 1;
        let mut left = self.capacity;
        let pieces = pieces.iter().filter_map(|piece| {
            let head = piece.head(u32::try_from(left).unwrap_or(u32::MAX));
            left -= u64::from(head.pages);
            (head.pages > 0).then_some(head)
        });
        let pieces: Vec<_> = pieces.collect();
        // What is here already is used anew, and not evicted for the rest.
        for piece in &pieces {
            self.carve(piece);
        }
        let coming = Piece::total(&pieces);
        let evicted = self.make_room(coming);
        let rank = self.eviction.rank(self.clock, self.level, coming);
        for piece in pieces {
            self.put(Run { piece, rank, time: now });
        }
        evicted
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        let evicted = self.evicted;
        *self = Self { evicted, ..Self::new(self.capacity, self.eviction, self.ttl) };
    }

    /// Asserts that no page is lost or there twice.
    ///
    /// # Panics
    /// If one is.
    pub fn check(&self) {
        let mut end = 0;
        for (&first, run) in &self.runs {
            assert!(first >= end && run.piece.first == first && run.piece.pages > 0);
            end = run.piece.end();
            assert!(self.order.contains(&(run.rank, Reverse(run.piece.depth), first)));
            assert!(self.ttl.is_none() || self.ages.contains(&(run.time, first)));
        }
        let pages: u64 = self.runs.values().map(|run| u64::from(run.piece.pages)).sum();
        assert_eq!((self.used, self.order.len()), (pages, self.runs.len()));
        assert!(self.used <= self.capacity, "no more than there is room for");
    }

    /// Pages from `first` on that are here without a gap, before `end`.
    fn run_from(&self, first: u64, end: u64) -> u32 {
        let mut at = first;
        while at < end
            && let Some((_, run)) = self.runs.range(..=at).next_back()
            && run.piece.end() > at
        {
            at = run.piece.end().min(end);
        }
        (at - first) as u32
    }

    fn overlapping(&self, piece: &Piece) -> impl Iterator<Item = &Run> {
        let first = piece.first;
        let before = self.runs.range(..first).next_back().map(|(_, run)| run);
        let before = before.filter(move |run| run.piece.end() > first && piece.pages > 0);
        let within = self.runs.range(first..piece.end().max(first)).map(|(_, run)| run);
        before.into_iter().chain(within)
    }

    /// Takes the pages of `piece` out; returns the runs that were there, cut to it.
    pub(super) fn carve(&mut self, piece: &Piece) -> Vec<Run> {
        let found: Vec<Run> = self.overlapping(piece).copied().collect();
        let mut carved = Vec::with_capacity(found.len());
        for run in found {
            self.take(run.piece.first);
            let (first, end) = (run.piece.first.max(piece.first), run.piece.end().min(piece.end()));
            for (first, end) in [(run.piece.first, first), (end, run.piece.end())] {
                if first < end {
                    self.put(Run { piece: run.piece.part(first, end), ..run });
                }
            }
            carved.push(Run { piece: run.piece.part(first, end), ..run });
        }
        carved
    }

    pub(super) fn put(&mut self, run: Run) {
        let mut run = run;
        // A run joins the one before it if nothing tells the two apart.
        if let Some((_, &before)) = self.runs.range(..run.piece.first).next_back()
            && before.piece.end() == run.piece.first
            && before.piece.depth + before.piece.pages == run.piece.depth
            && (before.rank, before.time) == (run.rank, run.time)
        {
            self.take(before.piece.first);
            let pages = before.piece.pages + run.piece.pages;
            run.piece = Piece { pages, ..before.piece };
        }
        let Run { piece, rank, time } = run;
        self.used += u64::from(piece.pages);
        self.order.insert((rank, Reverse(piece.depth), piece.first));
        if self.ttl.is_some() {
            self.ages.insert((time, piece.first));
        }
        self.runs.insert(piece.first, run);
    }

    fn take(&mut self, first: u64) -> Run {
        let run = self.runs.remove(&first).expect("it is there");
        self.used -= u64::from(run.piece.pages);
        self.order.remove(&(run.rank, Reverse(run.piece.depth), first));
        if self.ttl.is_some() {
            self.ages.remove(&(run.time, first));
        }
        run
    }

    pub(super) fn make_room(&mut self, coming: u64) -> Vec<Piece> {
        let mut evicted = Vec::new();
        while self.used + coming > self.capacity {
            let Some(&(rank, _, first)) = self.order.first() else { break };
            self.level = rank;
            let run = self.take(first);
            let excess = self.used + u64::from(run.piece.pages) + coming - self.capacity;
            let cut = excess.min(u64::from(run.piece.pages)) as u32;
            let keeps = run.piece.pages - cut;
            if keeps > 0 {
                self.put(Run { piece: run.piece.head(keeps), ..run });
            }
            self.evicted += u64::from(cut);
            evicted.push(run.piece.part(run.piece.first + u64::from(keeps), run.piece.end()));
        }
        evicted
    }

    fn expire(&mut self, now: SimTime) {
        let Some(deadline) = self.ttl.and_then(|ttl| now.before(ttl)) else { return };
        while let Some(&(time, first)) = self.ages.first()
            && time < deadline
        {
            self.take(first);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A store that knows only pages: (rank, depth, time) by identity.
    #[derive(Default)]
    struct Naive {
        pages: BTreeMap<u64, (u64, u32, SimTime)>,
        clock: u64,
    }

    fn at(ms: u64) -> SimTime {
        SimTime::after_start(SimSpan::from_ms(ms))
    }

    fn ids(piece: &Piece) -> impl Iterator<Item = (u64, u32)> {
        (piece.first..piece.end()).zip(piece.depth..)
    }

    fn all_ids(content: &[Extent], from: u32, to: u32) -> impl Iterator<Item = (u64, u32)> {
        pieces(content, from, to).flat_map(|piece| ids(&piece).collect::<Vec<_>>())
    }

    /// Sessions share a beginning of five pages and go on by themselves.
    fn content(session: u64) -> [Extent; 2] {
        [Extent { first: 0, pages: 5 }, Extent { first: 100 * (session + 1), pages: 20 }]
    }

    proptest! {
        #[test]
        fn runs_behave_like_pages(
            steps in prop::collection::vec((0u64..4, 0u32..26, 0u32..26, 0u8..3), 1..80),
            capacity in 1u64..40,
            is_fifo in any::<bool>(),
            ttl in prop::option::of(1u64..20),
        ) {
            let eviction = if is_fifo { Eviction::Fifo } else { Eviction::Lru };
            let mut store = Store::new(capacity, eviction, ttl.map(SimSpan::from_ms));
            let mut naive = Naive::default();
            for (tick, (session, a, b, step)) in (0..).zip(steps) {
                let now = at(tick);
                let content = content(session);
                let (from, to) = (a.min(b), a.max(b));
                let deadline = ttl.and_then(|ttl| now.before(SimSpan::from_ms(ttl)));
                if step != 1 {
                    naive.pages.retain(|_, page| deadline.is_none_or(|dead| page.2 >= dead));
                }
                match step {
                    0 => {
                        let all = all_ids(&content, from, to);
                        let known = all.take_while(|(id, _)| naive.pages.contains_key(id)).count();
                        prop_assert_eq!(store.known(now, &content, (from, to)) as usize, known);
                    }
                    1 => {
                        store.touch(now, &content, to);
                        naive.clock += u64::from(!is_fifo || ttl.is_some());
                        for (id, _) in all_ids(&content, 0, to) {
                            let clock = naive.clock;
                            if let Some(page) = naive.pages.get_mut(&id) {
                                if !is_fifo { page.0 = clock; }
                                if !is_fifo || ttl.is_some() { page.2 = now; }
                            }
                        }
                    }
                    _ => {
                        let gaps: Vec<_> =
                            pieces(&content, from, to).flat_map(|p| store.gaps(&p)).collect();
                        let coming: Vec<_> = gaps.iter().flat_map(ids).collect();
                        for (id, _) in &coming {
                            prop_assert!(!naive.pages.contains_key(id));
                        }
                        naive.clock += 1;
                        let evicted = Piece::total(&store.insert(now, &gaps));
                        let coming = &coming[..coming.len().min(capacity as usize)];
                        let before = naive.pages.len() + coming.len();
                        while naive.pages.len() + coming.len() > capacity as usize {
                            let first = naive.pages.iter().min_by_key(|(id, page)| {
                                (page.0, Reverse(page.1), **id)
                            });
                            let id = *first.expect("something is there").0;
                            naive.pages.remove(&id);
                        }
                        for &(id, depth) in coming {
                            naive.pages.insert(id, (naive.clock, depth, now));
                        }
                        prop_assert_eq!(evicted as usize, before - naive.pages.len());
                    }
                }
                store.check();
                prop_assert_eq!(store.used() as usize, naive.pages.len());
            }
        }
    }

    #[test]
    fn long_contexts_leave_before_short_ones_where_size_counts() {
        let mut store = Store::new(30, Eviction::Size, None);
        let piece = |first, pages| Piece { first, pages, depth: 0 };
        store.insert(at(0), &[piece(0, 5)]);
        store.insert(at(1), &[piece(100, 20)]);
        // Least recent is the short one; the long one pays.
        assert_eq!(store.insert(at(2), &[piece(200, 10)]), [piece(100, 20).part(115, 120)]);
        store.check();
        let kept = store.known(at(3), &[Extent { first: 0, pages: 5 }], (0, 5));
        assert_eq!(kept, 5);
    }
}
