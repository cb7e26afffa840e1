//! A walk along a list of extents.

use crate::serving::Extent;

/// Walks the first `limit` pages of a content list.
pub(super) struct Cursor<'a> {
    rest: &'a [Extent],
    offset: u32,
    left: u32,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(content: &'a [Extent], limit: u32) -> Self {
        let mut cursor = Self { rest: content, offset: 0, left: limit };
        // An extent may be empty.
        cursor.step(0);
        cursor
    }

    /// The identity of the page at the cursor.
    pub(super) fn page(&self) -> Option<u64> {
        let extent = self.rest.first().filter(|_| self.left > 0)?;
        Some(extent.first + u64::from(self.offset))
    }

    /// Pages left in the run at the cursor.
    pub(super) fn run(&self) -> u32 {
        self.rest.first().map_or(0, |extent| (extent.pages - self.offset).min(self.left))
    }

    pub(super) fn step(&mut self, pages: u32) {
        self.offset += pages;
        self.left -= pages;
        while self.rest.first().is_some_and(|extent| self.offset >= extent.pages) {
            self.offset -= self.rest[0].pages;
            self.rest = &self.rest[1..];
        }
    }

    /// Moves on while the pages are those of `extent`, which starts at the cursor.
    pub(super) fn advance_along(&mut self, extent: Extent) -> u32 {
        let mut matched = 0;
        while matched < extent.pages && self.page() == Some(extent.first + u64::from(matched)) {
            let pages = self.run().min(extent.pages - matched);
            self.step(pages);
            matched += pages;
        }
        matched
    }

    pub(super) fn skip(&mut self, mut pages: u32) {
        while pages > 0 && self.run() > 0 {
            let step = self.run().min(pages);
            self.step(step);
            pages -= step;
        }
    }

    /// Takes the run at the cursor, joined with the runs that continue it.
    pub(super) fn take_run(&mut self) -> Option<Extent> {
        let first = self.page()?;
        let mut pages = 0;
        while self.page() == Some(first + u64::from(pages)) {
            let run = self.run();
            self.step(run);
            pages += run;
        }
        Some(Extent { first, pages })
    }
}
