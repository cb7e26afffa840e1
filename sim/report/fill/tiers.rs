//! KV below HBM in the document of its run.

use crate::cluster::{FleetFigures, Sources, TierFigures, Tiering};
use crate::report::{RunDocument, StoreReport, TierReport};

use super::run::quantiles;

/// Adds what a cache of the same size would have found that knows the future, if that was asked
/// for.
pub fn fill_oracle(document: &mut RunDocument, figures: &FleetFigures) {
    let prompt = document.tokens.prompt;
    let tokens = figures.clairvoyant_pages.map(|pages| pages * u64::from(document.kv.page_tokens));
    document.kv.clairvoyant_hit_rate =
        tokens.filter(|_| prompt > 0).map(|tokens| tokens as f64 / prompt as f64);
}

/// Adds what was measured below HBM to the document of its run.
pub fn fill_tiers(
    document: &mut RunDocument,
    (tiering, sources): (&Tiering, &[Sources]),
    figures: &TierFigures,
) {
    let prompt = document.tokens.prompt;
    let page_tokens = u64::from(document.kv.page_tokens);
    let stores = tiering.tiers.iter().zip(sources).zip(&figures.stores);
    let stores = stores.map(|((tier, sources), store)| {
        let hit_tokens = store.hit_pages * page_tokens;
        StoreReport {
            store: tier.place.to_string(),
            count: store.count,
            capacity_gb: tier.capacity.get() / 1e9,
            read_gb_s: tier.read.get() / 1e9,
            write_gb_s: tier.write.get() / 1e9,
            latency_ms: tier.latency.as_ms(),
            eviction: tier.eviction.to_string(),
            ttl_s: tier.ttl.map(|ttl| ttl.seconds().get()),
            compression: tier.compression,
            hit_rate: (prompt > 0).then(|| hit_tokens as f64 / prompt as f64),
            hit_tokens,
            read_gb: store.read.get() / 1e9,
            written_gb: store.written.get() / 1e9,
            evicted_pages: store.evicted_pages,
            used_fraction: (store.pages > 0).then(|| store.used_pages as f64 / store.pages as f64),
            sources: sources.clone(),
        }
    });
    let fetches = figures.fetches;
    document.kv.tiers = Some(TierReport {
        write: tiering.writing.to_string(),
        fetch: tiering.fetching.to_string(),
        host_link_gb_s: [tiering.up, tiering.down].map(|rate| rate.get() / 1e9),
        stores: stores.collect(),
        fetched_requests: fetches.count,
        declined_requests: fetches.declined,
        prefetches: fetches.ahead,
        wait_ms: quantiles(fetches.wait),
        predicted_wait_ms: fetches.predicted_ms,
        predicted_compute_ms: fetches.compute_ms,
    });
}
