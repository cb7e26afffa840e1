//! Stores as they are asked for, and what becomes of that on a replica.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::surroundings::{Sourced, Surroundings};
use super::tiering::{Fetching, Place, Tier, Tiering, Writing};
use crate::cluster::deploy::{Deployment, Order};
use crate::hardware::Catalog;
use crate::model::Plan;
use crate::serving::kv::Eviction;
use crate::units::{Bytes, BytesPerSec, Seconds, SimSpan};

/// A store as it is asked for: `host`, `nvme:capacity=30TB,bandwidth=40GB/s`; none of the places is
/// no store.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wish {
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

/// All stores below HBM as they are asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wishes {
    /// The stores, the nearest first.
    pub stores: Vec<Wish>,
    /// When content goes down.
    pub writing: Writing,
    /// When it comes back.
    pub fetching: Fetching,
    /// How long before a tool ends its context is fetched.
    pub prefetch: Option<SimSpan>,
}

/// A figure that was not given and that no spec has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{what} of `{place}` is not in the specs of {chip} and its system; give it: `{place}:{key}=…`"
)]
pub struct Unknown {
    /// Of which store.
    pub place: Place,
    /// The figure in words.
    pub what: &'static str,
    /// Its key.
    pub key: &'static str,
    /// On which chip.
    pub chip: String,
}

/// Where a store's figures are from, by key: `capacity`, `bandwidth`, `link`.
pub type Sources = BTreeMap<&'static str, String>;

const KEYS: &str = "capacity, bandwidth, read, write, link, latency, eviction, ttl, compression";

impl FromStr for Wish {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self::default());
        }
        let (name, rest) = text.split_once(':').unwrap_or((text, ""));
        let place = name.parse().map_err(|problem| format!("{problem}, none"))?;
        let mut wish = Self { place: Some(place), ..Self::default() };
        for setting in rest.split(',').filter(|setting| !setting.is_empty()) {
            let (key, value) = setting
                .split_once('=')
                .ok_or_else(|| format!("write KEY=VALUE, not `{setting}`; keys are {KEYS}"))?;
            wish.set(key, value).map_err(|problem| format!("{key}: {problem}"))?;
        }
        Ok(wish)
    }
}

impl Wish {
    /// Where; none for no store.
    pub fn place(&self) -> Option<Place> {
        self.place
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "capacity" => {
                self.capacity = Some(value.parse().map_err(|error| format!("{error}"))?);
            }
            "bandwidth" => {
                let given = Some(rate(value)?);
                (self.read, self.write) = (given, given);
            }
            "read" => self.read = Some(rate(value)?),
            "write" => self.write = Some(rate(value)?),
            "link" => self.link = Some(rate(value)?),
            "latency" => self.latency = Some(span(value)?),
            "eviction" => self.eviction = value.parse()?,
            "ttl" => self.ttl = Some(span(value)?),
            "compression" => {
                let factor = value.parse().ok().filter(|f: &f64| (1.0..=100.0).contains(f));
                self.compression = Some(factor.ok_or("give a factor from 1 to 100")?);
            }
            _ => return Err(format!("is no key of a store; know {KEYS}")),
        }
        Ok(())
    }

    fn tier(
        &self,
        place: Place,
        around: &Surroundings,
        order: &Order,
    ) -> Result<(Tier, Sources), Unknown> {
        let chip = || order.chip.name.clone();
        let missing = |what, key| Unknown { place, what, key, chip: chip() };
        let chips = f64::from(order.plan.gpus());
        let is_host = place == Place::Host;
        let dram = around.dram.as_ref().filter(|_| is_host);
        let streams = around.dram_bandwidth.as_ref().filter(|_| is_host);
        let link = if place.is_shared() { &around.nic } else { &around.up };
        let [capacity_from, rate_from, link_from] = [
            from(self.capacity.is_some(), dram)
                .ok_or_else(|| missing("the capacity", "capacity"))?,
            from(self.read.or(self.write).is_some(), streams)
                .ok_or_else(|| missing("the bandwidth", "bandwidth"))?,
            from(self.link.is_some(), link.as_ref())
                .ok_or_else(|| missing("the bandwidth of the link", "link"))?,
        ];
        let known = streams.map_or(BytesPerSec::ZERO, |rate| rate.value * chips);
        let read = self.read.or(self.write).unwrap_or(known);
        let tier = Tier {
            place,
            capacity: self.capacity.unwrap_or(dram.map_or(Bytes::ZERO, |dram| dram.value * chips)),
            read,
            write: self.write.unwrap_or(read),
            latency: self.latency.unwrap_or(SimSpan::ZERO),
            eviction: self.eviction,
            ttl: self.ttl,
            compression: self.compression.unwrap_or(1.0),
        };
        let sources = [("capacity", capacity_from), ("bandwidth", rate_from), ("link", link_from)];
        Ok((tier, sources.into()))
    }
}

impl Wishes {
    /// Whether there is any store.
    pub fn is_on(&self) -> bool {
        self.stores.iter().any(|wish| wish.place.is_some())
    }

    /// The places of the stores by name; none without any.
    pub fn names(&self) -> Option<String> {
        let places = self.stores.iter().filter_map(Wish::place);
        let names: Vec<_> = places.map(Place::name).collect();
        (!names.is_empty()).then(|| names.join(", "))
    }

    /// The stores below a replica of `order`, with figures of its chip's surroundings where none
    /// were given, and where they are from.
    pub fn tiering(
        &self,
        catalog: &Catalog,
        order: &Order,
        deployment: &Deployment,
    ) -> Result<(Tiering, Vec<Sources>), Unknown> {
        let around = Surroundings::of(catalog, order.chip);
        let wishes = || self.stores.iter().filter_map(|wish| Some((wish.place?, wish)));
        let built: Result<Vec<_>, _> =
            wishes().map(|(place, wish)| wish.tier(place, &around, order)).collect();
        let (tiers, sources) = built?.into_iter().unzip();
        let link = |is_shared: bool, known: &Option<Sourced<BytesPerSec>>| {
            let mut of_these = wishes().filter(|(place, _)| place.is_shared() == is_shared);
            let given = of_these.find_map(|(_, wish)| wish.link);
            // A link that no store needs carries nothing.
            given.or(known.as_ref().map(|known| known.value)).unwrap_or(BytesPerSec::new(1.0))
        };
        let (model, kv, whole) = (order.model, order.precision.kv, Plan::tp(1));
        let per_token = model.kv_bytes_per_token(kv, &whole);
        let page = (per_token * f64::from(order.limits.page_tokens)).max(Bytes::new(1.0));
        // What several ranks hold a copy of passes over the link of each.
        let ranks = f64::from(order.plan.gpus() / order.plan.dp.max(1));
        let distinct = (page / (deployment.memory.page * ranks)).min(1.0);
        let all = f64::from(order.plan.gpus()) * distinct;
        let tiering = Tiering {
            tiers,
            up: link(false, &around.up) * all,
            down: link(false, &around.down) * all,
            nic: link(true, &around.nic) * all,
            writing: self.writing,
            fetching: self.fetching,
            prefetch: self.prefetch,
            page,
            sequence: model.window_bytes(kv, &whole, u32::MAX)
                + model.state_bytes_per_sequence(&whole),
        };
        Ok((tiering, sources))
    }
}

/// Where a figure is from: given, or a spec.
fn from<T>(is_given: bool, known: Option<&Sourced<T>>) -> Option<String> {
    if is_given { Some("given".into()) } else { known.map(|known| known.source.clone()) }
}

fn rate(text: &str) -> Result<BytesPerSec, String> {
    let rate: BytesPerSec = text.parse().map_err(|error| format!("{error}"))?;
    if rate.is_zero() { Err("give more than nothing".into()) } else { Ok(rate) }
}

fn span(text: &str) -> Result<SimSpan, String> {
    let seconds: Seconds = text.parse().map_err(|error| format!("{error}"))?;
    // Within what a run can last.
    if seconds.get() > 100.0 * 86_400.0 {
        return Err("give at most 100 days (2400h)".into());
    }
    Ok(SimSpan::from_seconds(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_read_with_their_units() {
        let wish: Wish = "pool:capacity=1PB,bandwidth=40GB/s,write=20GB/s,ttl=1h".parse().unwrap();
        assert_eq!(wish.place(), Some(Place::Pool));
        assert_eq!(wish.write, Some(BytesPerSec::new(20e9)));
        assert_eq!(wish.ttl, Some(SimSpan::from_ms(3_600_000)));
        assert_eq!("none".parse::<Wish>().unwrap().place(), None);
        for (text, part) in [
            ("disk", "unknown store `disk`"),
            ("host:1TB", "KEY=VALUE"),
            ("host:size=1TB", "no key of a store"),
            ("host:capacity=1TB/s", "capacity: "),
            ("host:bandwidth=0GB/s", "more than nothing"),
            ("host:eviction=mru", "lru, fifo, size"),
            ("host:compression=0.5", "from 1 to 100"),
        ] {
            let error = text.parse::<Wish>().unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
