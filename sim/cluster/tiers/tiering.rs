//! What lies below HBM, as it is asked for.

use std::fmt;
use std::str::FromStr;

use crate::serving::kv::Eviction;
use crate::units::{Bytes, BytesPerSec, SimSpan};

/// Where a store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// DRAM of the host, over the host link (`PCIe` or C2C).
    Host,
    /// Drives of the box, over the host link.
    Nvme,
    /// A store on the network that all replicas share.
    Pool,
}

impl Place {
    /// All places, the nearest first.
    pub const ALL: [Self; 3] = [Self::Host, Self::Nvme, Self::Pool];

    /// Its name in flags.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Nvme => "nvme",
            Self::Pool => "pool",
        }
    }

    /// Whether all replicas have one store there.
    pub const fn is_shared(self) -> bool {
        matches!(self, Self::Pool)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|place| place.name() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::name).join(", ");
            format!("unknown store `{text}`; know {known}")
        })
    }
}

/// One store, or one for each replica.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tier {
    /// Where.
    pub place: Place,
    /// Room for KV: of one replica's store, or of the pool.
    pub capacity: Bytes,
    /// What it can deliver.
    pub read: BytesPerSec,
    /// What it can take in; DRAM delivers and takes in over the same channels.
    pub write: BytesPerSec,
    /// Time before the first byte of a transfer flows.
    pub latency: SimSpan,
    /// What it gives up first.
    pub eviction: Eviction,
    /// How long it keeps what is not used.
    pub ttl: Option<SimSpan>,
    /// KV bytes in HBM over bytes stored and sent.
    pub compression: f64,
}

/// When content goes down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Writing {
    /// To every store as soon as it is computed.
    #[default]
    Through,
    /// To the next store when the one above gives it up.
    Back,
}

/// When content comes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Fetching {
    /// As far as that is predicted to be faster than computing it.
    #[default]
    Fastest,
    /// Whenever it is there.
    Always,
}

/// The stores below HBM and the links to them.
#[derive(Clone, Debug, PartialEq)]
pub struct Tiering {
    /// The stores, the nearest first, each place at most once.
    pub tiers: Vec<Tier>,
    /// From the host to all chips of a replica.
    pub up: BytesPerSec,
    /// From all chips of a replica to the host.
    pub down: BytesPerSec,
    /// Network of a replica, per direction.
    pub nic: BytesPerSec,
    /// When content goes down.
    pub writing: Writing,
    /// When it comes back.
    pub fetching: Fetching,
    /// What waits for a tool is fetched this long before the tool ends; not at all if none.
    pub prefetch: Option<SimSpan>,
    /// KV of a page, each head once.
    pub page: Bytes,
    /// Windows and states of a sequence, which each transfer carries.
    pub sequence: Bytes,
}

impl Tiering {
    /// Pages that a store has room for.
    pub(super) fn pages(&self, tier: &Tier) -> u64 {
        (tier.capacity.get() * tier.compression / self.page.get()) as u64
    }

    /// What `pages` pages are on the way from or to a store.
    pub(super) fn bytes(&self, tier: &Tier, pages: u64) -> Bytes {
        (self.page * pages as f64 + self.sequence) / tier.compression
    }
}

macro_rules! named {
    ($type:ident, $what:literal, $($variant:ident = $name:literal),+) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$variant => $name),+ })
            }
        }

        impl FromStr for $type {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($name => Ok(Self::$variant),)+
                    _ => Err(format!(
                        concat!("unknown ", $what, " `{}`; know {}"), text, [$($name),+].join(", ")
                    )),
                }
            }
        }
    };
}

named!(Writing, "way of writing", Through = "through", Back = "back");
named!(Fetching, "way of fetching", Fastest = "fastest", Always = "always");
