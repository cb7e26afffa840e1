//! Identities of generated pages.
//!
//! An identity is a *line* and a page within it: a line is text that only grows. The text before
//! a line is fixed when it begins, so that equal identities mean equal prefixes: a context is the
//! full pages of a shared prefix, then a line of its own; after a compaction, another line.

use crate::serving::Extent;
use crate::workload::content::push_run;

/// Bits for the page within a line.
const PAGE_BITS: u32 = 22;

/// Bits for the line within a task.
const LINE_BITS: u32 = 20;

/// The most pages that a line can have: 268 million tokens in 64-token pages.
pub(super) const MOST_PAGES: u32 = 1 << PAGE_BITS;

/// Tasks have the remaining bits; the last number is that of shared prefixes.
const SHARED_TASK: u64 = (1 << (64 - PAGE_BITS - LINE_BITS)) - 1;

/// The most lines that a task can have; descriptions that could need more are refused.
pub(super) const MOST_LINES: u32 = 1 << LINE_BITS;

/// How many tasks a stream has before identities run out.
pub(super) const MOST_TASKS: u64 = SHARED_TASK;

/// The first identity of the `line`-th line of a task.
fn line(task: u64, line: u32) -> u64 {
    assert!(line < MOST_LINES, "a task has fewer than {MOST_LINES} lines");
    (task << (PAGE_BITS + LINE_BITS)) | (u64::from(line) << PAGE_BITS)
}

/// A prefix that all tasks of a workload share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prefix {
    first: u64,
    pages: u32,
    tokens: u32,
}

impl Prefix {
    /// The `number`-th shared prefix of a workload.
    pub(super) fn shared(number: u32, tokens: u32, page_tokens: u32) -> Self {
        let first = line(SHARED_TASK, number);
        Self { first, pages: tokens / page_tokens, tokens }
    }

    /// Its length in tokens.
    pub(super) fn tokens(self) -> u32 {
        self.tokens
    }
}

/// Gives out a task's lines, one after another.
#[derive(Debug)]
pub(super) struct Lines {
    task: u64,
    used: u32,
}

impl Lines {
    /// The lines of a task.
    ///
    /// # Panics
    /// If there is no such task: identities have run out.
    pub(super) fn of(task: u64) -> Self {
        assert!(task < MOST_TASKS, "a workload has {MOST_TASKS} tasks, not {task}");
        Self { task, used: 0 }
    }

    /// A context that begins with `prefix` and goes on with text never seen before.
    pub(super) fn context(&mut self, prefix: Prefix) -> Context {
        let own = line(self.task, self.used);
        self.used += 1;
        Context { prefix, own }
    }
}

/// The identity of a growing text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    prefix: Prefix,
    own: u64,
}

impl Context {
    /// The full pages of its first `tokens` tokens.
    pub(super) fn content(&self, tokens: u32, page_tokens: u32) -> Vec<Extent> {
        let pages = tokens / page_tokens;
        let shared = pages.min(self.prefix.pages);
        let mut content = Vec::with_capacity(2);
        push_run(&mut content, Extent { first: self.prefix.first, pages: shared });
        push_run(&mut content, Extent { first: self.own, pages: pages - shared });
        content
    }
}

/// Whether a page belongs to a prefix that all tasks share.
pub(in crate::workload) fn is_shared(page: u64) -> bool {
    page >> (PAGE_BITS + LINE_BITS) == SHARED_TASK
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_full_pages_count_and_the_split_page_is_private() {
        let prefix = Prefix::shared(0, 100, 64);
        let (mut a, mut b) = (Lines::of(1), Lines::of(2));
        let (a, b) = (a.context(prefix).content(200, 64), b.context(prefix).content(200, 64));
        assert_eq!(a.iter().map(|run| run.pages).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(a[0], b[0]);
        assert_ne!(a[1], b[1]);
        assert!(is_shared(a[0].first) && !is_shared(a[1].first));
    }
}
