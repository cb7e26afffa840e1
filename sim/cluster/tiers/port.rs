//! The hierarchy as one replica's engine sees it.

use super::hierarchy::Hierarchy;
use crate::serving::kv::{Below, Need};
use crate::units::{SimSpan, SimTime};

/// What lies below the HBM of one replica.
#[derive(Debug)]
pub(in crate::cluster) struct Port<'a> {
    /// All of it.
    pub(in crate::cluster) hierarchy: &'a mut Hierarchy,
    /// The replica's number in its fleet.
    pub(in crate::cluster) member: usize,
}

impl Below for Port<'_> {
    fn fetch(&mut self, now: SimTime, need: &Need, compute: &dyn Fn(u32) -> SimSpan) -> u32 {
        self.hierarchy.fetch(now, self.member, need, compute)
    }
}
