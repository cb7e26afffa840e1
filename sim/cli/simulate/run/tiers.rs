//! The flags of `run` that put stores below HBM.

use std::str::FromStr;

use clap::Args;

use crate::cli::CliError;
use crate::cli::simulate::values;
use crate::cluster::{
    Deployment, Fetching, Order, Place, Sourced, Surroundings, Tier, Tiering, Writing,
};
use crate::hardware::Catalog;
use crate::model::Plan;
use crate::report::StoreLabel;
use crate::serving::kv::Eviction;
use crate::units::{Bytes, BytesPerSec, SimSpan};

/// Stores for KV below HBM.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "KV beyond HBM")]
pub(super) struct TierFlags {
    /// Stores, the nearest first: `host` (DRAM of a replica's box), `nvme` (its drives), `pool` (one
    /// for all, on the network), or `none`. Figures are the system's; others follow the name:
    /// `host:capacity=1TB,link=64GB/s`, `pool:capacity=1PB,bandwidth=400GB/s,latency=1ms`. Keys:
    /// capacity (of a replica, or of the pool), bandwidth or read and write (likewise), link (of one
    /// chip), latency, eviction (lru, fifo, size), ttl, compression
    #[arg(long, value_name = "STORE[:KEY=VALUE,…]", num_args = 1..)]
    kv_tiers: Vec<Wish>,
    /// When KV goes down: as soon as it is computed (through), or when there is no room for it
    /// above (back)
    #[arg(long, value_name = "WHEN", default_value_t = Writing::Through)]
    kv_write: Writing,
    /// What comes back: what is predicted to come faster than it is computed (fastest), or all that
    /// is there (always)
    #[arg(long, value_name = "WHAT", default_value_t = Fetching::Fastest)]
    kv_fetch: Fetching,
    /// Fetch an agent's context this long before its tool ends [default: when it asks]
    #[arg(long, value_name = "TIME", value_parser = values::span)]
    kv_prefetch: Option<SimSpan>,
}

/// A store as it was asked for; none of the places is no store.
#[derive(Clone, Debug, Default)]
struct Wish {
    place: Option<Place>,
    capacity: Option<Bytes>,
    read: Option<BytesPerSec>,
    write: Option<BytesPerSec>,
    link: Option<BytesPerSec>,
    latency: Option<SimSpan>,
    eviction: Eviction,
    ttl: Option<SimSpan>,
    compression: Option<f64>,
}

impl FromStr for Wish {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, rest) = text.split_once(':').unwrap_or((text, ""));
        if text == "none" {
            return Ok(Self::default());
        }
        let place = name.parse().map_err(|problem| format!("{problem}, none"))?;
        let mut wish = Self { place: Some(place), ..Self::default() };
        for setting in rest.split(',').filter(|setting| !setting.is_empty()) {
            let (key, value) = setting
                .split_once('=')
                .ok_or_else(|| format!("write KEY=VALUE, not `{setting}`"))?;
            wish.set(key, value).map_err(|problem| format!("{key}: {problem}"))?;
        }
        Ok(wish)
    }
}

impl Wish {
    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "capacity" => {
                let capacity: Bytes = value.parse().map_err(|error| format!("{error}"))?;
                self.capacity = Some(capacity);
            }
            "bandwidth" => {
                let rate = values::bandwidth(value)?;
                (self.read, self.write) = (Some(rate), Some(rate));
            }
            "read" => self.read = Some(values::bandwidth(value)?),
            "write" => self.write = Some(values::bandwidth(value)?),
            "link" => self.link = Some(values::bandwidth(value)?),
            "latency" => self.latency = Some(values::span(value)?),
            "eviction" => self.eviction = value.parse()?,
            "ttl" => self.ttl = Some(values::span(value)?),
            "compression" => {
                let factor = value.parse().ok().filter(|f: &f64| (1.0..=100.0).contains(f));
                self.compression = Some(factor.ok_or("give a factor from 1 to 100")?);
            }
            _ => {
                return Err("is no key of a store; know capacity, bandwidth, read, write, link, \
                            latency, eviction, ttl, compression"
                    .into());
            }
        }
        Ok(())
    }
}

/// Stores as they will be, and where their figures are from.
#[derive(Clone, Debug)]
pub(in crate::cli::simulate) struct Stores {
    pub(super) tiering: Tiering,
    pub(super) labels: Vec<StoreLabel>,
}

impl TierFlags {
    /// Whether there is any store.
    pub(super) fn is_on(&self) -> bool {
        self.kv_tiers.iter().any(|wish| wish.place.is_some())
    }

    /// Refuses what does not go together.
    pub(super) fn check(&self, is_explained: bool, is_open_loop: bool) -> Result<(), CliError> {
        let places: Vec<_> = self.kv_tiers.iter().map(|wish| wish.place).collect();
        let unordered = places.windows(2).find(|pair| pair[0] >= pair[1] || pair[0].is_none());
        if let Some(pair) = unordered {
            let name = |place: Option<Place>| place.map_or("none", Place::name);
            let value = format!("{} {}", name(pair[0]), name(pair[1]));
            let remedy = "name each store once, in the order host, nvme, pool, or none alone";
            return refuse("--kv-tiers", value, "stores go from the nearest down", remedy);
        }
        if !self.is_on() {
            let only = [
                ("--kv-write", self.kv_write != Writing::default()),
                ("--kv-fetch", self.kv_fetch != Fetching::default()),
                ("--kv-prefetch", self.kv_prefetch.is_some()),
            ];
            let set = only.into_iter().find(|(_, is_set)| *is_set);
            // A scenario may be run without its stores.
            if let (Some((flag, _)), true) = (set, self.kv_tiers.is_empty()) {
                let remedy = "give --kv-tiers, or leave it out";
                return refuse(flag, "is set".into(), "there is no store below HBM", remedy);
            }
            return Ok(());
        }
        if is_explained {
            let remedy = "leave it out, or leave --kv-tiers out";
            let problem = "bands with stores below HBM are not computed";
            return refuse("--explain", "is set".into(), problem, remedy);
        }
        if self.kv_prefetch.is_some() && is_open_loop {
            let remedy = "leave --open-loop or it out";
            let problem = "calls at recorded times wait for no tool";
            return refuse("--kv-prefetch", "is set".into(), problem, remedy);
        }
        Ok(())
    }

    /// The stores below the replicas of `order`; none if none was asked for.
    pub(super) fn stores(
        &self,
        catalog: &Catalog,
        order: &Order,
        deployment: &Deployment,
    ) -> Result<Option<Stores>, CliError> {
        if !self.is_on() {
            return Ok(None);
        }
        let around = Surroundings::of(catalog, order.chip);
        let chips = f64::from(order.plan.gpus());
        let wishes = || self.kv_tiers.iter().filter_map(|wish| Some((wish.place?, wish)));
        let mut built = Vec::new();
        for (place, wish) in wishes() {
            built.push(wish.tier(place, &around, chips, &order.chip.name)?);
        }
        let (tiers, labels): (Vec<_>, Vec<_>) = built.into_iter().unzip();
        let of_host = wishes().filter(|(place, _)| *place != Place::Pool);
        let host_link = of_host.into_iter().find_map(|(_, wish)| wish.link);
        let of_pool = wishes().filter(|(place, _)| *place == Place::Pool);
        let pool_link = of_pool.into_iter().find_map(|(_, wish)| wish.link);
        let rate = |given: Option<BytesPerSec>, known: &Option<Sourced<BytesPerSec>>| {
            given.or(known.as_ref().map(|sourced| sourced.value)).unwrap_or(BytesPerSec::new(1.0))
        };
        let page = page_bytes(order);
        // What several ranks hold a copy of passes over the link of each.
        let ranks = f64::from(order.plan.gpus() / order.plan.dp.max(1));
        let distinct = (page / (deployment.memory.page * ranks)).min(1.0);
        let (model, kv, whole) = (order.model, order.precision.kv, Plan::tp(1));
        let tiering = Tiering {
            tiers,
            up: rate(host_link, &around.up) * (chips * distinct),
            down: rate(host_link, &around.down) * (chips * distinct),
            nic: rate(pool_link, &around.nic) * (chips * distinct),
            writing: self.kv_write,
            fetching: self.kv_fetch,
            prefetch: self.kv_prefetch,
            page,
            sequence: model.window_bytes(kv, &whole, u32::MAX)
                + model.state_bytes_per_sequence(&whole),
        };
        Ok(Some(Stores { tiering, labels }))
    }
}

/// KV of a page, each head once.
fn page_bytes(order: &Order) -> Bytes {
    let per_token = order.model.kv_bytes_per_token(order.precision.kv, &Plan::tp(1));
    (per_token * f64::from(order.limits.page_tokens)).max(Bytes::new(1.0))
}

impl Wish {
    fn tier(
        &self,
        place: Place,
        around: &Surroundings,
        chips: f64,
        chip: &str,
    ) -> Result<(Tier, StoreLabel), CliError> {
        let missing = |what: &str, key: &str| {
            let problem = format!("{what} is not in the specs of {chip} and its system");
            let remedy = format!("give it: `{place}:{key}=…`");
            refuse("--kv-tiers", place.to_string(), &problem, &remedy)
        };
        let (dram, rate) = match place {
            Place::Host => (around.dram.as_ref(), around.dram_bandwidth.as_ref()),
            Place::Nvme | Place::Pool => (None, None),
        };
        let link = if place == Place::Pool { &around.nic } else { &around.up };
        if self.link.is_none() && link.is_none() {
            return missing("the bandwidth of its link", "link");
        }
        let given = "given".to_owned();
        let (capacity, from) = match (self.capacity, dram) {
            (Some(capacity), _) => (capacity, given.clone()),
            (None, Some(dram)) => (dram.value * chips, dram.source.clone()),
            (None, None) => return missing("its capacity", "capacity"),
        };
        let known = rate.map(|rate| rate.value * chips);
        let Some(read) = self.read.or(self.write).or(known) else {
            return missing("its bandwidth", "bandwidth");
        };
        let rate_from = match (self.read.or(self.write), rate) {
            (None, Some(rate)) => rate.source.clone(),
            _ => given.clone(),
        };
        let link_from = match (self.link, link) {
            (None, Some(link)) => link.source.clone(),
            _ => given,
        };
        let tier = Tier {
            place,
            capacity,
            read,
            write: self.write.unwrap_or(read),
            latency: self.latency.unwrap_or(SimSpan::ZERO),
            eviction: self.eviction,
            ttl: self.ttl,
            compression: self.compression.unwrap_or(1.0),
        };
        let sources = [("capacity", from), ("bandwidth", rate_from), ("link", link_from)];
        Ok((tier, StoreLabel { sources: sources.map(|(key, from)| (key, from)).into() }))
    }
}

fn refuse<T>(
    flag: &'static str,
    value: String,
    problem: &str,
    remedy: &str,
) -> Result<T, CliError> {
    Err(CliError::Flag { flag, value, problem: problem.into(), remedy: remedy.into() })
}
