//! Belady's bound: what a cache finds that knows the future.

use super::eviction::Eviction;
use super::piece::{Piece, pieces};
use super::shelf::{Run, Store};
use crate::serving::Extent;
use crate::units::SimTime;

/// Accesses in order of time, for the most that any cache could have found.
///
/// Keeps the pages that are looked up soonest, and those only (Belady, 1966, with bypass): no cache
/// of as many pages finds more, whatever it evicts and however it divides its pages among stores. A
/// bound for others too, because nothing is pinned and what was looked up is there at once.
#[derive(Clone, Debug, Default)]
pub struct Clairvoyant {
    accesses: Vec<Access>,
}

#[derive(Clone, Debug)]
struct Access {
    time: SimTime,
    pieces: Vec<Piece>,
    is_lookup: bool,
}

impl Clairvoyant {
    /// Notes that the first `pages` pages of `content` are looked up.
    pub fn look_up(&mut self, time: SimTime, content: &[Extent], pages: u32) {
        self.push(time, content, pages, true);
    }

    /// Notes that the first `pages` pages of `content` are there, whoever computed them.
    pub fn enter(&mut self, time: SimTime, content: &[Extent], pages: u32) {
        self.push(time, content, pages, false);
    }

    fn push(&mut self, time: SimTime, content: &[Extent], pages: u32, is_lookup: bool) {
        let pieces = pieces(content, 0, pages).collect();
        self.accesses.push(Access { time, pieces, is_lookup });
    }

    /// The accesses of several logs in order of time.
    pub fn merged(logs: impl IntoIterator<Item = Self>) -> Self {
        let mut accesses: Vec<_> = logs.into_iter().flat_map(|log| log.accesses).collect();
        accesses.sort_by_key(|access| access.time);
        Self { accesses }
    }

    /// Pages that a cache of `capacity` pages would find, for each look-up from `since` on, and
    /// pages looked up.
    pub fn hits(&self, capacity: u64, since: SimTime) -> Vec<(u64, u64)> {
        let mut cache = Store::new(capacity, Eviction::Lru, None);
        let mut hits = Vec::new();
        for (access, next) in self.accesses.iter().zip(self.next_uses()) {
            let found = access.pieces.iter().flat_map(|piece| cache.carve(piece));
            let found = found.map(|run| u64::from(run.piece.pages)).sum();
            if access.is_lookup && access.time >= since {
                hits.push((found, Piece::total(&access.pieces)));
            }
            // Smallest ranks leave first: those that are looked up last.
            for run in next {
                cache.put(Run { rank: u64::MAX - run.rank, ..run });
            }
            cache.make_room(0);
        }
        hits
    }

    /// For each access, when each of its pages is looked up next, if that is before it is entered
    /// anew.
    fn next_uses(&self) -> Vec<Vec<Run>> {
        let mut ahead = Store::new(u64::MAX, Eviction::Lru, None);
        let uses = self.accesses.iter().enumerate().rev().map(|(index, access)| {
            let mut next = Vec::new();
            for piece in &access.pieces {
                next.extend(ahead.carve(piece));
                if access.is_lookup {
                    let (piece, time) = (*piece, SimTime::ZERO);
                    ahead.put(Run { piece, rank: index as u64, time });
                }
            }
            next
        });
        let mut uses: Vec<_> = uses.collect();
        uses.reverse();
        uses
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn content(path: &[u64]) -> Vec<Extent> {
        let mut node = 1;
        let page = |branch: &u64| {
            node = node * 3 + branch;
            Extent { first: node, pages: 1 }
        };
        path.iter().map(page).collect()
    }

    /// The best choice of what to keep, by trying all.
    fn best(requests: &[Vec<Extent>], held: &[u64], capacity: usize) -> u64 {
        let Some((request, rest)) = requests.split_first() else { return 0 };
        let ids: Vec<u64> = request.iter().map(|run| run.first).collect();
        let hits = ids.iter().take_while(|id| held.contains(id)).count() as u64;
        let mut all = held.to_vec();
        all.extend(ids.iter().filter(|id| !held.contains(id)));
        let choices = (0..1u32 << all.len()).filter(|set| set.count_ones() as usize <= capacity);
        let kept = choices.map(|set| -> Vec<u64> {
            let kept = (0..all.len()).filter(|i| set >> i & 1 == 1);
            kept.map(|i| all[i]).collect()
        });
        hits + kept.map(|held| best(rest, &held, capacity)).max().unwrap_or(0)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn nobody_who_tries_everything_finds_more(
            paths in prop::collection::vec(prop::collection::vec(0u64..2, 1..3), 1..6),
            capacity in 0usize..4,
        ) {
            let requests: Vec<_> = paths.iter().map(|path| content(path)).collect();
            let mut log = Clairvoyant::default();
            for request in &requests {
                log.look_up(SimTime::ZERO, request, u32::MAX);
            }
            let hits = log.hits(capacity as u64, SimTime::ZERO);
            let found: u64 = hits.iter().map(|(found, _)| found).sum();
            prop_assert_eq!(found, best(&requests, &[], capacity));
        }
    }
}
