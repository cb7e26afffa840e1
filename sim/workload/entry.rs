//! Entering a task in the middle, so that a closed loop starts in its steady state.

use std::collections::{BTreeMap, BTreeSet};

use super::task::Task;
use crate::serving::Extent;
use crate::units::SimSpan;

/// What is left of a task that was begun before the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Entered {
    /// The calls that are still to come, at least one; the first one's gap is what is left of it.
    /// Recorded times are gone: they count from a start that lies before the run.
    pub task: Task,
    /// Content of the main agent's last call before: what a cache may hold. Empty at the start.
    pub warm: Vec<Extent>,
    /// Time since that call ended; zero at the start.
    pub idle: SimSpan,
    /// Calls of the main agent that came before.
    pub answered: u32,
}

impl Task {
    /// How long it takes if every call takes `service`: gaps, service, waits for sub-agents.
    pub fn span(&self, service: SimSpan) -> SimSpan {
        self.sent(0, service).last().map_or(SimSpan::ZERO, |&last| last + service)
    }

    /// When each call of a chain is sent, since the chain's start, if every call takes `service`.
    pub(super) fn sent(&self, chain: usize, service: SimSpan) -> Vec<SimSpan> {
        let mut now = SimSpan::ZERO;
        let mut ends: Vec<(u32, SimSpan)> = Vec::new();
        let mut sent = Vec::with_capacity(self.chains[chain].calls.len());
        for call in &self.chains[chain].calls {
            let awaited = ends.iter().filter(|(child, _)| call.waits_for.contains(child));
            now = awaited.fold(now, |now, &(_, end)| now.max(end)) + call.gap;
            sent.push(now);
            now += service;
            for &child in &call.spawns {
                let last = self.sent(child as usize, service).last().copied();
                ends.push((child, last.map_or(now, |last| now + last + service)));
            }
        }
        sent
    }

    /// Enters it at a point of its time, `fraction` of the way from start to end, if every call
    /// takes `service`.
    ///
    /// Within a gap, the next call comes after what is left of it; within a call, that call comes
    /// at once. Sub-agents that started before the point are dropped: a call that waits for them
    /// comes when they would have ended. A graph is entered at its beginning: what holds its calls
    /// back lies anywhere in it.
    ///
    /// # Panics
    /// If `fraction` is not in `[0, 1)`, or the main agent has no call.
    pub fn entered(mut self, fraction: f64, service: SimSpan) -> Entered {
        assert!((0.0..1.0).contains(&fraction), "a fraction lies in [0, 1), not at {fraction}");
        if self.is_graph() {
            let (warm, idle) = (Vec::new(), SimSpan::ZERO);
            return Entered { task: self, warm, idle, answered: 0 };
        }
        let sent = self.sent(0, service);
        let point = SimSpan::from_ps((self.span(service).as_ps() as f64 * fraction) as u64);
        let next = sent.iter().position(|&sent| sent + service > point).unwrap_or(sent.len() - 1);
        let (mut warm, mut idle) = (Vec::new(), SimSpan::ZERO);
        if let Some(last) = next.checked_sub(1) {
            warm.clone_from(&self.chains[0].calls[last].content);
            let ended = sent[last] + service;
            idle = point.max(ended) - ended;
        }
        let calls = &mut self.chains[0].calls;
        calls.drain(..next);
        calls[0].gap = sent[next].max(point) - point;
        self.drop_unreachable();
        self.chains.iter_mut().flat_map(|chain| &mut chain.calls).for_each(|call| call.at = None);
        Entered { task: self, warm, idle, answered: next as u32 }
    }

    /// Drops the chains that no remaining call starts, and all mention of them.
    fn drop_unreachable(&mut self) {
        let mut reached = BTreeSet::from([0]);
        let mut open = vec![0];
        while let Some(chain) = open.pop() {
            let spawned = self.chains[chain as usize].calls.iter().flat_map(|call| &call.spawns);
            open.extend(spawned.filter(|&&child| reached.insert(child)));
        }
        // The n-th of the chains that stay becomes number n.
        let names: BTreeMap<u32, u32> = reached.iter().copied().zip(0..).collect();
        let mut index = 0..;
        self.chains.retain(|_| index.next().is_some_and(|index| names.contains_key(&index)));
        for call in self.chains.iter_mut().flat_map(|chain| &mut chain.calls) {
            for mentions in [&mut call.spawns, &mut call.waits_for] {
                mentions.retain_mut(|child| {
                    let name = names.get(child).copied();
                    *child = name.unwrap_or(*child);
                    name.is_some()
                });
            }
        }
    }
}
