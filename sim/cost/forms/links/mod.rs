//! What passes between ranks: collectives, and rings of keys.

mod collective;
mod ring;

pub(in crate::cost) use collective::CollectiveForm;
pub(super) use collective::{Group, exchange_way, nccl_way, own_ways};
pub(in crate::cost) use ring::RingForm;
