//! Which replica a request goes to: the policies by name.

use std::fmt;
use std::str::FromStr;

use crate::units::SimSpan;

/// How a router chooses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Policy {
    /// One after another.
    #[default]
    RoundRobin,
    /// The one with the fewest requests, then with the fewest prompt tokens under way.
    LeastLoaded,
    /// `SGLang`'s cache-aware router: the one whose requests, as the router remembers them, share
    /// the longest prefix, if it is long enough and loads are balanced; else the least loaded.
    PrefixAffinity,
    /// Dynamo's KV router: the least sum of prompt tokens to compute, those that it holds in its
    /// cache left out, and of prompt tokens under way.
    KvAware,
    /// All calls of a task to one, by a hash that moves no other task when a replica fails.
    SessionAffinity,
}

impl Policy {
    /// All policies.
    pub const ALL: [Self; 5] = [
        Self::RoundRobin,
        Self::LeastLoaded,
        Self::PrefixAffinity,
        Self::KvAware,
        Self::SessionAffinity,
    ];

    /// Its name in scenarios.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RoundRobin => "round-robin",
            Self::LeastLoaded => "least-loaded",
            Self::PrefixAffinity => "prefix-affinity",
            Self::KvAware => "kv-aware",
            Self::SessionAffinity => "session-affinity",
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Policy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|policy| policy.name() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::name).join(", ");
            format!("unknown routing policy; know {known}")
        })
    }
}

/// A router's policy, and how fresh what it knows is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Routing {
    /// The policy.
    pub policy: Policy,
    /// Replicas report their load and cached content this often; zero: at once.
    pub refresh: SimSpan,
    /// What a prompt token to compute counts in [`Policy::KvAware`], where one under way counts 1:
    /// Dynamo's `overlap_score_weight`, 1 by default.
    pub overlap_weight: u32,
}

impl Default for Routing {
    fn default() -> Self {
        Self { policy: Policy::default(), refresh: SimSpan::ZERO, overlap_weight: 1 }
    }
}
