//! What passes between ranks: collectives, and rings of keys.

mod collective;
mod exchange;
mod ring;

pub(crate) use collective::BEYOND_A_TRAY;
pub(in crate::cost) use collective::CollectiveForm;
pub(super) use collective::{Group, nccl_way, own_ways};
pub(super) use exchange::exchange_way;
pub(in crate::cost) use ring::RingForm;
