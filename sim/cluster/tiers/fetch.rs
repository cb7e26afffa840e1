//! Fetch or recompute.

use super::flow::Cargo;
use super::hierarchy::{Hierarchy, Waiting};
use super::tiering::Fetching;
use crate::serving::Extent;
use crate::serving::kv::Need;
use crate::units::{SimSpan, SimTime};

/// Pages that come from one store, one after another.
#[derive(Clone, Copy, Debug)]
struct Segment {
    tier: usize,
    pages: u32,
}

impl Hierarchy {
    /// Starts to fetch the pages that `need` names, as far as stores hold them without a gap and
    /// fetching is chosen. Returns how many come.
    pub(super) fn fetch(
        &mut self,
        now: SimTime,
        member: usize,
        need: &Need,
        compute: &dyn Fn(u32) -> SimSpan,
    ) -> u32 {
        let segments = self.segments(now, member, need.content, (need.from, need.to));
        if segments.is_empty() {
            return 0;
        }
        let (count, predicted) = self.choose(member, &segments, need.from, compute);
        if count == 0 {
            self.tally.declined += 1;
            return 0;
        }
        let chosen = &segments[..count];
        let pages: u32 = chosen.iter().map(|segment| segment.pages).sum();
        let flows = self.send(now, member, chosen, &|| Cargo::Load { id: need.id });
        self.loads.insert((member, need.id), Waiting { since: now, flows });
        self.tally.count += 1;
        self.tally.predicted += predicted.seconds().get();
        let [all, rest] = [need.from, need.from + pages].map(|from| compute(from).seconds().get());
        self.tally.compute += (all - rest).max(0.0);
        let mut to = need.from;
        for segment in chosen {
            to += segment.pages;
            if !need.is_again {
                self.tally.hit_pages[segment.tier] += u64::from(segment.pages);
            }
            self.store_of(segment.tier, member).touch(now, need.content, to);
        }
        pages
    }

    /// Starts to fetch the pages `[from, to)` of a context that will be needed, as far as they are
    /// there; its arrival will be told by `number`.
    pub(in crate::cluster) fn fetch_ahead(
        &mut self,
        now: SimTime,
        (member, number): (usize, u64),
        content: &[Extent],
        (from, to): (u32, u32),
    ) {
        let segments = self.segments(now, member, content, (from, to));
        let flows = self.send(now, member, &segments, &|| Cargo::Ahead { number });
        self.aheads.insert((member, number), flows);
        self.tally.ahead += 1;
        for tier in 0..self.tiering.tiers.len() {
            self.store_of(tier, member).touch(now, content, to);
        }
    }

    /// Pages `[from, to)` that stores hold without a gap, each from the nearest store that does.
    pub(in crate::cluster) fn known(
        &mut self,
        now: SimTime,
        member: usize,
        content: &[Extent],
        span: (u32, u32),
    ) -> u32 {
        self.segments(now, member, content, span).iter().map(|segment| segment.pages).sum()
    }

    fn segments(
        &mut self,
        now: SimTime,
        member: usize,
        content: &[Extent],
        (from, to): (u32, u32),
    ) -> Vec<Segment> {
        let mut segments = Vec::new();
        let mut at = from;
        while at < to {
            let found = (0..self.tiering.tiers.len()).find_map(|tier| {
                let pages = self.store_of(tier, member).known(now, content, (at, to));
                (pages > 0).then_some(Segment { tier, pages })
            });
            let Some(segment) = found else { break };
            at += segment.pages;
            segments.push(segment);
        }
        segments
    }

    /// How many of the segments to fetch, and how long that is predicted to take: the choice with
    /// the least time until the whole prompt is there.
    fn choose(
        &self,
        member: usize,
        segments: &[Segment],
        from: u32,
        compute: &dyn Fn(u32) -> SimSpan,
    ) -> (usize, SimSpan) {
        if self.tiering.fetching == Fetching::Always {
            return (segments.len(), self.predict(member, segments));
        }
        let spans = (0..=segments.len()).map(|count| self.predict(member, &segments[..count]));
        let mut page = from;
        let choices = spans.enumerate().map(|(count, span)| {
            page += if count == 0 { 0 } else { segments[count - 1].pages };
            (span + compute(page), count, span)
        });
        let best = choices.min_by_key(|&(whole, ..)| whole);
        best.map_or((0, SimSpan::ZERO), |(_, count, span)| (count, span))
    }

    /// The longest latency, and all bytes one after another as fast as links are free now.
    fn predict(&self, member: usize, segments: &[Segment]) -> SimSpan {
        let mut latency = SimSpan::ZERO;
        let mut flowing = SimSpan::ZERO;
        for (index, tier) in self.tiering.tiers.iter().enumerate() {
            let pages = pages_of(segments, index);
            if pages > 0 {
                let bytes = self.tiering.bytes(tier, pages);
                latency = latency.max(tier.latency);
                flowing += self.traffic.predict(member, Some(tier.place), bytes);
            }
        }
        latency + flowing
    }

    /// Sends the pages of `segments` to HBM, a flow from each store. Returns how many.
    fn send(
        &mut self,
        now: SimTime,
        member: usize,
        segments: &[Segment],
        cargo: &dyn Fn() -> Cargo,
    ) -> u32 {
        let mut flows = 0;
        for index in 0..self.tiering.tiers.len() {
            let pages = pages_of(segments, index);
            if pages > 0 {
                let tier = self.tiering.tiers[index];
                let bytes = self.tiering.bytes(&tier, pages);
                self.book_read(index, bytes);
                let way = (member, Some(tier.place), None);
                self.traffic.send(now, way, (bytes, tier.latency), cargo());
                flows += 1;
            }
        }
        flows
    }
}

fn pages_of(segments: &[Segment], tier: usize) -> u64 {
    let here = segments.iter().filter(|segment| segment.tier == tier);
    here.map(|segment| u64::from(segment.pages)).sum()
}
