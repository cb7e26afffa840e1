//! A set of page identities, as ranges.

use std::collections::BTreeMap;

use super::piece::Piece;

/// Page identities in ranges that do not touch one another.
#[derive(Clone, Debug, Default)]
pub struct Ranges {
    /// The end of each by its beginning.
    ends: BTreeMap<u64, u64>,
}

impl Ranges {
    /// Adds the pages of `piece`.
    pub fn insert(&mut self, piece: &Piece) {
        let (mut first, mut end) = (piece.first, piece.end());
        self.remove(piece);
        if let Some((&start, &until)) = self.ends.range(..first).next_back()
            && until == first
        {
            first = start;
        }
        if let Some(until) = self.ends.remove(&end) {
            end = until;
        }
        if first < end {
            self.ends.insert(first, end);
        }
    }

    /// Takes the pages of `piece` out.
    pub fn remove(&mut self, piece: &Piece) {
        let (first, end) = (piece.first, piece.end());
        while let Some((&start, &until)) = self.ends.range(..end).next_back()
            && until > first
        {
            self.ends.remove(&start);
            if until > end {
                self.ends.insert(end, until);
            }
            if start < first {
                self.ends.insert(start, first);
            }
        }
    }

    /// The parts of `piece` that are not in the set.
    pub fn gaps(&self, piece: &Piece) -> Vec<Piece> {
        let mut gaps = Vec::new();
        let mut at = piece.first;
        let before = self.ends.range(..=at).next_back();
        if let Some((_, &until)) = before {
            at = at.max(until);
        }
        for (&start, &until) in self.ends.range(piece.first + 1..piece.end().max(piece.first + 1)) {
            if start > at {
                gaps.push(piece.part(at, start));
            }
            at = at.max(until);
        }
        if at < piece.end() {
            gaps.push(piece.part(at, piece.end()));
        }
        gaps
    }

    /// Pages in the set.
    pub fn pages(&self) -> u64 {
        self.ends.iter().map(|(start, until)| until - start).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ranges_are_a_set(
            steps in prop::collection::vec((0u64..40, 0u32..12, 0u8..3), 1..60),
        ) {
            let mut ranges = Ranges::default();
            let mut set = BTreeSet::new();
            for (first, pages, step) in steps {
                let piece = Piece { first, pages, depth: 7 };
                let ids = first..piece.end();
                match step {
                    0 => {
                        ranges.insert(&piece);
                        set.extend(ids);
                    }
                    1 => {
                        ranges.remove(&piece);
                        set.retain(|id| !ids.contains(id));
                    }
                    _ => {
                        let gaps = ranges.gaps(&piece);
                        let found: Vec<_> = gaps.iter().flat_map(|g| g.first..g.end()).collect();
                        let missing: Vec<_> = ids.filter(|id| !set.contains(id)).collect();
                        prop_assert_eq!(found, missing);
                        for gap in gaps {
                            prop_assert_eq!(u64::from(gap.depth - 7), gap.first - first);
                        }
                    }
                }
                prop_assert_eq!(ranges.pages(), set.len() as u64);
                prop_assert_eq!(ranges.is_empty(), set.is_empty());
            }
        }
    }
}
