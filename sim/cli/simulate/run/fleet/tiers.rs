//! The flags that put stores below HBM.

use clap::Args;

use crate::cli::CliError;
use crate::cli::simulate::values;
use crate::cluster::{Deployment, Fetching, Order, Place, Sources, Tiering, Wish, Wishes, Writing};
use crate::hardware::Catalog;
use crate::units::SimSpan;

/// Stores for KV below HBM.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "KV beyond HBM")]
pub(in crate::cli) struct TierFlags {
    /// Stores, the nearest first: `host` (DRAM of a replica's box), `nvme` (its drives), `pool`
    /// (one for all, on the network), or `none`. Figures are the system's; others follow the name:
    /// `host:capacity=1TB,link=64GB/s`, `pool:capacity=1PB,bandwidth=400GB/s,latency=1ms`. Keys:
    /// capacity (of a replica, or of the pool), bandwidth or read and write (likewise), link (of
    /// one chip), latency, eviction (lru, fifo, size), ttl, compression
    #[arg(long = "kv-tiers", value_name = "STORE[:KEY=VALUE,…]", num_args = 1..)]
    stores: Vec<Wish>,
    /// When KV goes down: as soon as it is computed (through), or when there is no room for it
    /// above (back)
    #[arg(long = "kv-write", value_name = "WHEN", default_value_t = Writing::Through)]
    write: Writing,
    /// What comes back: what is predicted to come faster than it is computed (fastest), or all that
    /// is there (always)
    #[arg(long = "kv-fetch", value_name = "WHAT", default_value_t = Fetching::Fastest)]
    fetch: Fetching,
    /// Fetch an agent's context this long before its tool ends [default: when it asks]
    #[arg(long = "kv-prefetch", value_name = "TIME", value_parser = values::span)]
    prefetch: Option<SimSpan>,
}

impl TierFlags {
    /// These stores, written through and read where that is faster.
    pub(in crate::cli::simulate) fn of(stores: Vec<Wish>) -> Self {
        Self { stores, ..Self::default() }
    }

    /// What was asked for.
    pub(in crate::cli::simulate) fn wishes(&self) -> Wishes {
        Wishes {
            stores: self.stores.clone(),
            writing: self.write,
            fetching: self.fetch,
            prefetch: self.prefetch,
        }
    }

    /// Whether there is any store.
    pub(in crate::cli::simulate::run) fn is_on(&self) -> bool {
        self.wishes().is_on()
    }

    /// Refuses what does not go together.
    pub(in crate::cli::simulate) fn check(
        &self,
        is_explained: bool,
        is_open_loop: bool,
    ) -> Result<(), CliError> {
        let refuse = |flag, value: String, problem: &str, remedy: &str| {
            Err(CliError::Flag { flag, value, problem: problem.into(), remedy: remedy.into() })
        };
        let places: Vec<_> = self.stores.iter().map(Wish::place).collect();
        let unordered = places.windows(2).find(|pair| pair[0] >= pair[1] || pair[0].is_none());
        if let Some(pair) = unordered {
            let name = |place: Option<Place>| place.map_or("none", Place::name);
            let value = format!("{} {}", name(pair[0]), name(pair[1]));
            let remedy = "name each store once, in the order host, nvme, pool, or none alone";
            return refuse("--kv-tiers", value, "stores go from the nearest down", remedy);
        }
        let set = || "is set".to_owned();
        if !self.is_on() {
            let only = [
                ("--kv-write", self.write != Writing::default()),
                ("--kv-fetch", self.fetch != Fetching::default()),
                ("--kv-prefetch", self.prefetch.is_some()),
            ];
            // A scenario may be run without its stores.
            let only = only.into_iter().find(|(_, is_set)| *is_set && self.stores.is_empty());
            return only.map_or(Ok(()), |(flag, _)| {
                let remedy = "give --kv-tiers, or leave it out";
                refuse(flag, set(), "there is no store below HBM", remedy)
            });
        }
        if is_explained {
            let problem = "bands with stores below HBM are not computed";
            return refuse("--explain", set(), problem, "leave it out, or leave --kv-tiers out");
        }
        if self.prefetch.is_some() && is_open_loop {
            let problem = "calls at recorded times wait for no tool";
            return refuse("--kv-prefetch", set(), problem, "leave --open-loop or it out");
        }
        Ok(())
    }

    /// The stores below the replicas of `order`; none if none was asked for.
    pub(in crate::cli::simulate) fn stores(
        &self,
        catalog: &Catalog,
        order: &Order,
        deployment: &Deployment,
    ) -> Result<Option<Stores>, CliError> {
        let wishes = self.wishes();
        if !wishes.is_on() {
            return Ok(None);
        }
        wishes.tiering(catalog, order, deployment).map(Some).map_err(|unknown| CliError::Flag {
            flag: "--kv-tiers",
            value: unknown.place.to_string(),
            problem: format!(
                "{} is not in the specs of {} and its system",
                unknown.what, unknown.chip
            ),
            remedy: format!("give it: `{}:{}=…`", unknown.place, unknown.key),
        })
    }
}

/// Stores as they will be, and where their figures are from.
pub(in crate::cli::simulate::run) type Stores = (Tiering, Vec<Sources>);
