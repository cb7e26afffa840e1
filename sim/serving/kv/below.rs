//! What an engine asks of the stores below HBM.

use crate::serving::{Extent, RequestId};
use crate::units::{SimSpan, SimTime};

/// A request that has its pages and is about to compute those that HBM does not hold.
#[derive(Clone, Copy, Debug)]
pub struct Need<'a> {
    /// Whose.
    pub id: RequestId,
    /// Its content.
    pub content: &'a [Extent],
    /// Pages that HBM holds.
    pub from: u32,
    /// Pages that it could do without computing.
    pub to: u32,
    /// Whether it was admitted, and counted, before.
    pub is_again: bool,
}

/// The stores below a replica's HBM.
pub trait Below {
    /// Starts to fetch pages from `need.from` on if that is predicted to be faster than computing
    /// them, and returns how many. `compute` says how long computing the prompt takes from a page
    /// on. The replica hears of their arrival by
    /// [`Replica::arrived`](crate::serving::Replica::arrived).
    fn fetch(&mut self, now: SimTime, need: &Need, compute: &dyn Fn(u32) -> SimSpan) -> u32;
}

/// No store at all.
#[derive(Clone, Copy, Debug)]
pub struct Nothing;

impl Below for Nothing {
    #[inline]
    fn fetch(&mut self, _: SimTime, _: &Need, _: &dyn Fn(u32) -> SimSpan) -> u32 {
        0
    }
}
