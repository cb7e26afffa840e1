//! What a provider's bill would say of tasks: shares of cache reads, fresh tokens and output.

use crate::serving::Extent;
use crate::units::SimSpan;
use crate::workload::content::common_pages;
use crate::workload::synthetic::is_shared;
use crate::workload::task::{Call, Task};

/// Tokens by kind, summed over calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenShares {
    /// Prompt tokens found in the cache.
    pub cached: u64,
    /// Prompt tokens that had to be computed.
    pub fresh: u64,
    /// Tokens generated.
    pub output: u64,
}

impl TokenShares {
    /// Bills tasks to a cache that never runs out of room and forgets after `ttl` without use.
    ///
    /// Prefixes that all tasks share are always in it; else a call finds what the previous call of
    /// its agent left, prompt and answer, if that ended at most `ttl` before. Every call takes
    /// `service`; it matters only for how long a parent waits for its sub-agents.
    pub fn of<'a>(
        tasks: impl IntoIterator<Item = &'a Task>,
        page_tokens: u32,
        ttl: Option<SimSpan>,
        service: SimSpan,
    ) -> Self {
        let mut shares = Self::default();
        for task in tasks {
            for (index, chain) in task.chains.iter().enumerate() {
                let mut kept: Option<(&Call, SimSpan)> = None;
                for (call, sent) in chain.calls.iter().zip(task.sent(index, service)) {
                    let alive = |&(_, end): &(&Call, SimSpan)| ttl.is_none_or(|t| sent - end <= t);
                    let found = kept.filter(alive).map_or(&[][..], |(last, _)| &last.content);
                    shares.add(call, found, page_tokens);
                    kept = Some((call, sent + service));
                }
            }
        }
        shares
    }

    fn add(&mut self, call: &Call, kept: &[Extent], page_tokens: u32) {
        let shared = call.content.iter().take_while(|run| is_shared(run.first));
        let shared = shared.map(|run| u64::from(run.pages)).sum();
        let pages = common_pages(&call.content, kept).max(shared);
        let cached = (pages * u64::from(page_tokens)).min(u64::from(call.prompt));
        self.cached += cached;
        self.fresh += u64::from(call.prompt) - cached;
        self.output += u64::from(call.output);
    }
}
