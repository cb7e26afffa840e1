//! Runs of pages that know how deep they lie.

use crate::serving::Extent;

/// A run of pages of one prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Piece {
    /// Identity of the first page.
    pub first: u64,
    /// How many pages.
    pub pages: u32,
    /// Pages of the prefix before it.
    pub depth: u32,
}

impl Piece {
    /// The identity after its last page.
    pub fn end(&self) -> u64 {
        self.first + u64::from(self.pages)
    }

    /// The part of it in `[first, end)`, which must lie within it.
    pub(in crate::serving::kv) fn part(&self, first: u64, end: u64) -> Self {
        let before = (first - self.first) as u32;
        Self { first, pages: (end - first) as u32, depth: self.depth + before }
    }

    /// The first `pages` pages.
    pub(super) fn head(&self, pages: u32) -> Self {
        Self { pages: self.pages.min(pages), ..*self }
    }

    /// Joins pieces that follow one another, in the order of their identities: the same pages are
    /// the same pieces, however they came. What came twice (evicted, computed again and evicted
    /// before anybody asked) is there once.
    pub fn joined(mut pieces: Vec<Self>) -> Vec<Self> {
        pieces.sort_unstable();
        pieces.dedup_by(|next, last| {
            let (end, before) = (last.end(), next.first - last.first);
            let depth = u64::from(last.depth) + before;
            let follows = next.first <= end && depth == u64::from(next.depth);
            if follows {
                last.pages = (end.max(next.end()) - last.first) as u32;
            }
            follows
        });
        pieces
    }

    /// Pages of all of them.
    pub fn total(pieces: &[Self]) -> u64 {
        pieces.iter().map(|piece| u64::from(piece.pages)).sum()
    }
}

/// The pages `[from, to)` of `content`, as far as they are known.
pub fn pieces(content: &[Extent], from: u32, to: u32) -> impl Iterator<Item = Piece> {
    let mut depth = 0;
    content.iter().filter_map(move |run| {
        let start = depth;
        depth += run.pages;
        let (first, end) = (start.max(from), depth.min(to));
        (first < end).then(|| Piece {
            first: run.first + u64::from(first - start),
            pages: end - first,
            depth: first,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_cut_into_pieces_that_join_again() {
        let content = [Extent { first: 10, pages: 5 }, Extent { first: 90, pages: 4 }];
        let cut: Vec<_> = pieces(&content, 3, 7).collect();
        let piece = |first, pages, depth| Piece { first, pages, depth };
        assert_eq!(cut, [piece(13, 2, 3), piece(90, 2, 5)]);
        let all = [pieces(&content, 7, 99).collect(), cut, pieces(&content, 0, 3).collect()];
        assert_eq!(Piece::joined(all.concat()), [piece(10, 5, 0), piece(90, 4, 5)]);
        let twice = vec![piece(12, 2, 2), piece(10, 3, 0), piece(10, 1, 0), piece(90, 4, 5)];
        assert_eq!(Piece::joined(twice), [piece(10, 4, 0), piece(90, 4, 5)]);
    }
}
