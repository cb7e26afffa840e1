//! Who leaves a store first: the policies by name.

use std::fmt;
use std::str::FromStr;

/// How a store chooses what to give up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Eviction {
    /// What was used longest ago; of what was used at once, its tail.
    #[default]
    Lru,
    /// What came longest ago, used or not.
    Fifo,
    /// Greedy-Dual-Size (Cao and Irani, 1997): long contexts before short ones that were used
    /// about as lately.
    Size,
}

impl Eviction {
    /// All policies.
    pub const ALL: [Self; 3] = [Self::Lru, Self::Fifo, Self::Size];

    /// Its name in flags.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lru => "lru",
            Self::Fifo => "fifo",
            Self::Size => "size",
        }
    }

    /// The rank of what is used as one of `pages` pages at the `clock`-th use, when `level` is the
    /// rank of what was evicted last; smaller ranks leave first.
    pub(super) fn rank(self, clock: u64, level: u64, pages: u64) -> u64 {
        /// The rank that a context of a single page has over the level.
        const UNIT: u64 = 1 << 32;
        match self {
            Self::Lru | Self::Fifo => clock,
            Self::Size => level + UNIT / pages.max(1),
        }
    }
}

impl fmt::Display for Eviction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Eviction {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|policy| policy.name() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::name).join(", ");
            format!("unknown eviction policy `{text}`; know {known}")
        })
    }
}
