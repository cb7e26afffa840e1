//! The document of `trace stats`.

use serde::Serialize;

use super::lru::{Lru, LruPolicy};
use super::moments::{dispersion, mean, quantile, variance};
use crate::serving::Extent;
use crate::serving::kv::Clairvoyant;
use crate::units::{SimSpan, SimTime};
use crate::workload::WorkloadError;
use crate::workload::content::page_count;
use crate::workload::trace::{Row, Trace, TraceKind};

/// Which pages a cache gives up first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReusePolicy {
    /// The least recently touched, where a request touches its pages from the tail to the head:
    /// leaves go first, as in vLLM and SGLang.
    LeafFirst,
    /// The same, from the head to the tail: heads go first and take the rest's use with them.
    HeadFirst,
    /// Those that are looked up last, or never again: what no cache can beat that does not know the
    /// future. It forgets nothing, whatever the time to live.
    Belady,
}

/// What to ask of the cache: every combination is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct ReuseQuery {
    /// Orders of eviction.
    pub policies: Vec<ReusePolicy>,
    /// Capacities in pages; `None` is infinite.
    pub capacities: Vec<Option<u64>>,
    /// Times to live since the last use; `None` is forever.
    pub ttls: Vec<Option<SimSpan>>,
    /// Time between the starts of session files, which have no common clock.
    pub stagger: SimSpan,
}

impl Default for ReuseQuery {
    /// An infinite cache, and session files a minute apart.
    fn default() -> Self {
        let (policies, capacities) = (vec![ReusePolicy::LeafFirst], vec![None]);
        Self { policies, capacities, ttls: vec![None], stagger: SimSpan::from_ms(60_000) }
    }
}

/// A trace in numbers. Serialises as the `trace stats` document without its `schema`: these rows
/// *are* that document, so a second set of equal structs in the report layer would only drift.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TraceStats {
    /// The format: `Mooncake JSONL`.
    pub format: String,
    /// Requests, those of sub-agents included.
    pub requests: u64,
    /// Their prompts' lengths, summed.
    pub prompt_tokens: u64,
    /// Their outputs' lengths, summed.
    pub output_tokens: u64,
    /// Sessions; a request without a session counts as one.
    pub sessions: u64,
    /// Requests whose recorded output is zero.
    pub requests_without_output: u64,
    /// Files left out as exact copies.
    pub duplicate_files: u32,
    /// Tokens in a page; `None` for a trace of lengths only.
    pub page_tokens: Option<u32>,
    /// Different pages among all prompts.
    pub distinct_blocks: u64,
    /// Prompt lengths.
    pub prompt_length_tokens: Lengths,
    /// Output lengths.
    pub output_length_tokens: Lengths,
    /// When requests came; `None` for session files and graphs, whose pace depends on the system
    /// they meet.
    pub arrivals: Option<Arrivals>,
    /// What a prefix cache finds, one row per combination asked for; none without pages.
    pub reuse: Vec<Reuse>,
}

/// A distribution of lengths, in tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Lengths {
    /// Arithmetic mean.
    pub mean: f64,
    /// Median.
    pub p50: f64,
    /// 90th percentile, linear between neighbours.
    pub p90: f64,
    /// 99th percentile.
    pub p99: f64,
}

/// An arrival process.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Arrivals {
    /// From the first to the last request.
    pub duration_s: f64,
    /// Requests over duration; `None` if all came at once.
    pub requests_per_s: Option<f64>,
    /// Standard deviation of the times between requests over their mean; 1 for a Poisson process.
    pub interarrival_cv: Option<f64>,
    /// Variance over mean of the requests per 10 s; 1 for a Poisson process.
    pub variance_over_mean_10s: Option<f64>,
    /// The same per 60 s.
    pub variance_over_mean_60s: Option<f64>,
}

/// What a prefix cache of one kind finds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Reuse {
    /// Order of eviction.
    pub policy: ReusePolicy,
    /// Capacity in pages; `None` is infinite.
    pub capacity_blocks: Option<u64>,
    /// Time to live since the last use; `None` is forever.
    pub ttl_s: Option<f64>,
    /// Pages found.
    pub hit_blocks: u64,
    /// Pages looked for.
    pub total_blocks: u64,
    /// Prompt tokens found; a page counts no further than its prompt.
    pub hit_tokens: u64,
}

impl TraceStats {
    /// Describes a trace; fails if `query.stagger` takes its last file beyond a hundred days.
    pub fn of(trace: &Trace, query: &ReuseQuery) -> Result<Self, WorkloadError> {
        let requests = in_order(trace, query.stagger)?;
        let total = |length: fn(&Row) -> u32| -> u64 {
            requests.iter().map(|(_, row)| u64::from(length(row))).sum()
        };
        let lengths = |length: fn(&Row) -> u32| {
            Lengths::of(requests.iter().map(|(_, row)| f64::from(length(row))).collect())
        };
        let times = requests.iter().map(|(time, _)| time.seconds().get());
        Ok(Self {
            format: trace.kind.to_string(),
            requests: requests.len() as u64,
            prompt_tokens: total(|row| row.prompt),
            output_tokens: total(|row| row.output),
            sessions: trace.sessions() as u64,
            requests_without_output: trace.without_output() as u64,
            duplicate_files: trace.duplicates,
            page_tokens: trace.page_tokens,
            distinct_blocks: trace.distinct_pages(),
            prompt_length_tokens: lengths(|row| row.prompt),
            output_length_tokens: lengths(|row| row.output),
            arrivals: (trace.kind != TraceKind::Sessions && !trace.is_untimed())
                .then(|| Arrivals::of(times.collect())),
            reuse: reuse(trace, &requests, query),
        })
    }
}

/// All requests by time (to the microsecond), then file, then place in the file.
fn in_order(trace: &Trace, stagger: SimSpan) -> Result<Vec<(SimSpan, &Row)>, WorkloadError> {
    let mut rows = Vec::with_capacity(trace.requests());
    for (index, offset) in trace.offsets(stagger)?.into_iter().enumerate() {
        let file = trace.files[index].rows();
        rows.extend(file.map(|row| (microseconds(row.time + offset), index, row)));
    }
    rows.sort_by_key(|&(time, file, row)| (time, file, row.order));
    Ok(rows.into_iter().map(|(time, _, row)| (time, row)).collect())
}

/// Rounds to whole microseconds, so that sums of decimal seconds tie as they do on paper.
fn microseconds(time: SimSpan) -> SimSpan {
    const MICROSECOND: u64 = 1_000_000;
    SimSpan::from_ps((time.as_ps() + MICROSECOND / 2) / MICROSECOND * MICROSECOND)
}

fn reuse(trace: &Trace, requests: &[(SimSpan, &Row)], query: &ReuseQuery) -> Vec<Reuse> {
    let Some(page_tokens) = trace.page_tokens else { return Vec::new() };
    let mut rows = Vec::new();
    for &policy in &query.policies {
        for &capacity_blocks in &query.capacities {
            for &ttl in &query.ttls {
                let capacity = capacity_blocks.unwrap_or(u64::MAX);
                let mut row = Reuse {
                    policy,
                    capacity_blocks,
                    ttl_s: ttl.map(|ttl| ttl.seconds().get()),
                    hit_blocks: 0,
                    total_blocks: 0,
                    hit_tokens: 0,
                };
                let hits = found(policy, trace.distinct_pages(), (capacity, ttl), requests);
                for (hit, (_, request)) in hits.into_iter().zip(requests) {
                    row.count(hit, &request.pages, (request.prompt, page_tokens));
                }
                rows.push(row);
            }
        }
    }
    rows
}

/// Pages that a cache finds of each request.
fn found(
    policy: ReusePolicy,
    pages: u64,
    (capacity, ttl): (u64, Option<SimSpan>),
    requests: &[(SimSpan, &Row)],
) -> Vec<u64> {
    let order = match policy {
        ReusePolicy::LeafFirst => LruPolicy::LeafFirst,
        ReusePolicy::HeadFirst => LruPolicy::HeadFirst,
        ReusePolicy::Belady => {
            let mut log = Clairvoyant::default();
            for (time, row) in requests {
                log.look_up(SimTime::after_start(*time), &row.pages, u32::MAX);
            }
            let hits = log.hits(capacity, SimTime::ZERO);
            return hits.into_iter().map(|(found, _)| found).collect();
        }
    };
    let mut cache = Lru::new(pages, order, capacity, ttl);
    requests.iter().map(|(time, row)| cache.request(&row.pages, *time)).collect()
}

impl Reuse {
    fn count(&mut self, hit: u64, pages: &[Extent], (prompt, page_tokens): (u32, u32)) {
        self.hit_blocks += hit;
        self.total_blocks += page_count(pages);
        self.hit_tokens += (hit * u64::from(page_tokens)).min(u64::from(prompt));
    }
}

impl Lengths {
    /// Describes a sample; zeros if it is empty.
    fn of(mut sample: Vec<f64>) -> Self {
        sample.sort_by(f64::total_cmp);
        let Some(mean) = mean(&sample) else { return Self::default() };
        let [p50, p90, p99] = [0.5, 0.9, 0.99].map(|q| quantile(&sample, q));
        Self { mean, p50, p90, p99 }
    }
}

/// Timestamps are doubles: evenly spaced ones differ by about this share of their distance.
const CLOCK_ROUNDING: f64 = 1e-9;

impl Arrivals {
    /// Describes ascending times in seconds.
    fn of(mut times: Vec<f64>) -> Self {
        let first = times.first().copied().unwrap_or(0.0);
        for time in &mut times {
            *time -= first;
        }
        let duration_s = times.last().copied().unwrap_or(0.0);
        let gaps: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let spread = mean(&gaps).zip(variance(&gaps)).filter(|&(mean, _)| mean > 0.0);
        Self {
            duration_s,
            requests_per_s: (duration_s > 0.0).then(|| times.len() as f64 / duration_s),
            interarrival_cv: spread
                .map(|(mean, variance)| libm::sqrt(variance) / mean)
                .map(|cv| if cv < CLOCK_ROUNDING { 0.0 } else { cv }),
            variance_over_mean_10s: dispersion(&times, 10.0),
            variance_over_mean_60s: dispersion(&times, 60.0),
        }
    }
}
