//! Requests on their way from the reader to the run.

use crate::serving::Extent;
use crate::units::SimSpan;
use crate::workload::Task;
use crate::workload::trace::formats::Record;

/// Some requests, compact.
#[derive(Debug, Default)]
pub struct Batch {
    rows: Vec<Row>,
    pages: Vec<Extent>,
}

/// A request; its pages lie in the batch.
#[derive(Clone, Copy, Debug)]
struct Row {
    start: SimSpan,
    is_timed: bool,
    prompt: u32,
    output: u32,
    /// Where its pages end.
    pages_end: u32,
}

impl Batch {
    /// How many requests.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Adds a request with pages of `page_tokens` tokens; those that its prompt fills are kept.
    pub(super) fn push(&mut self, record: &Record<'_>, page_tokens: Option<u32>) {
        let mut left = page_tokens.map_or(0, |tokens| record.prompt / tokens);
        for run in record.pages {
            let pages = run.pages.min(left);
            left -= pages;
            if pages > 0 {
                self.pages.push(Extent { pages, ..*run });
            }
        }
        self.rows.push(Row {
            start: record.time,
            is_timed: record.is_timed,
            prompt: record.prompt,
            output: record.output,
            pages_end: self.pages.len() as u32,
        });
    }

    /// Makes a task of a single call the `index`-th request. Returns its recorded output, which may
    /// be zero.
    pub(super) fn fill(&self, index: usize, task: &mut Task) -> u32 {
        let row = self.rows[index];
        let from = index.checked_sub(1).map_or(0, |before| self.rows[before].pages_end);
        task.start = row.start;
        let call = &mut task.chains[0].calls[0];
        call.prompt = row.prompt;
        call.output = row.output.max(1);
        call.at = row.is_timed.then_some(SimSpan::ZERO);
        call.content.clear();
        call.content.extend_from_slice(&self.pages[from as usize..row.pages_end as usize]);
        row.output
    }
}
