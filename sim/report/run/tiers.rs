//! KV below HBM in the document of a run.

use std::collections::BTreeMap;

use serde::Serialize;

use super::RunDocument;
use crate::report::Quantiles;
use crate::report::text::{percent, short, short_or_dash};
use crate::units::with_prefix;

/// The stores below HBM, and what came back from them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TierReport {
    /// When KV goes down: `through` or `back`.
    pub write: String,
    /// What comes back: `fastest` or `always`.
    pub fetch: String,
    /// From the host to all chips of a replica, and back.
    pub host_link_gb_s: [f64; 2],
    /// The stores, the nearest first.
    pub stores: Vec<StoreReport>,
    /// Requests that fetched pages.
    pub fetched_requests: u64,
    /// Requests that found pages, but computed them because that was predicted to be faster.
    pub declined_requests: u64,
    /// Contexts that were fetched while a tool ran.
    pub prefetches: u64,
    /// From admission until all pages had arrived.
    pub wait_ms: Quantiles,
    /// Mean of what those waits were predicted to be.
    pub predicted_wait_ms: Option<f64>,
    /// Mean of what computing the same pages was predicted to take.
    pub predicted_compute_ms: Option<f64>,
}

/// The stores of one place.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct StoreReport {
    /// `host`, `nvme` or `pool`.
    pub store: String,
    /// How many: one for each replica, or one for all.
    pub count: u32,
    /// Room in each.
    pub capacity_gb: f64,
    /// What each delivers and takes in.
    pub read_gb_s: f64,
    /// What each takes in.
    pub write_gb_s: f64,
    /// Time before the first byte.
    pub latency_ms: f64,
    /// What it gives up first.
    pub eviction: String,
    /// How long it keeps what is not used; null if for ever.
    pub ttl_s: Option<f64>,
    /// KV bytes in HBM over bytes stored.
    pub compression: f64,
    /// Share of prompt tokens that were found there, and fetched.
    pub hit_rate: Option<f64>,
    /// Tokens that were.
    pub hit_tokens: u64,
    /// Sent to HBM.
    pub read_gb: f64,
    /// Received.
    pub written_gb: f64,
    /// Pages given up for others.
    pub evicted_pages: u64,
    /// Share of its pages that were taken in the end.
    pub used_fraction: Option<f64>,
    /// Where its capacity, bandwidth and link are from.
    pub sources: BTreeMap<&'static str, String>,
}

/// The stores as a table, what came back in a line, and the bound if it was asked for; nothing
/// where there is neither.
pub(super) fn render_tiers(run: &RunDocument) -> String {
    let mut lines = run.kv.tiers.as_ref().map_or_else(Vec::new, stores);
    lines.extend(run.kv.clairvoyant_hit_rate.map(|share| {
        let of = if run.kv.tiers.is_some() { "HBM and these stores" } else { "HBM" };
        format!("Knowing the future, a cache as large as {of} would find {}.", percent(share))
    }));
    lines.join("\n")
}

impl TierReport {
    /// As many stores as there can be, without a value.
    pub(super) fn widest() -> Self {
        Self { stores: vec![StoreReport::default(); 3], ..Self::default() }
    }
}

fn stores(tiers: &TierReport) -> Vec<String> {
    let mut lines = vec![format!(
        "{:<10}{:>10}{:>8}{:>13}{:>8}{:>12}{:>12}{:>12}",
        "KV below", "capacity", "used", "delivers", "hits", "read", "written", "evicted"
    )];
    let dash = |share: Option<f64>| share.map_or_else(|| "–".to_owned(), percent);
    let size = |gigabytes: f64| with_prefix(gigabytes * 1e9, "B");
    lines.extend(tiers.stores.iter().map(|store| {
        let name = match store.count {
            1 => store.store.clone(),
            count => format!("{} ×{count}", store.store),
        };
        format!(
            "{name:<10}{:>10}{:>8}{:>13}{:>8}{:>12}{:>12}{:>12}",
            size(store.capacity_gb),
            dash(store.used_fraction),
            with_prefix(store.read_gb_s * 1e9, "B/s"),
            dash(store.hit_rate),
            size(store.read_gb),
            size(store.written_gb),
            short(store.evicted_pages as f64),
        )
    }));
    lines.push(format!(
        "(hits of prompt tokens; evicted pages) {} requests fetched, {} computed instead.",
        short(tiers.fetched_requests as f64),
        short(tiers.declined_requests as f64),
    ));
    if tiers.fetched_requests > 0 {
        lines.push(format!(
            "Wait for pages: {} ms p50, {} ms p99; mean {}, predicted {}; computing them, {} ms.",
            short_or_dash(tiers.wait_ms.p50),
            short_or_dash(tiers.wait_ms.p99),
            short_or_dash(tiers.wait_ms.mean),
            short_or_dash(tiers.predicted_wait_ms),
            short_or_dash(tiers.predicted_compute_ms),
        ));
    }
    if tiers.prefetches > 0 {
        let contexts = short(tiers.prefetches as f64);
        lines.push(format!("Fetched while tools ran: {contexts} contexts."));
    }
    lines
}
