//! memwall: a discrete-event simulator of LLM inference on accelerators.
//!
//! It models each chip down to its HBM stacks, runs agentic work on it, and shows where the memory
//! wall stands. The layers look down only, in this order; `docs/architecture.md` has a reading
//! order.

pub mod units;

pub mod des;

pub mod hardware;

pub mod model;

pub mod cost;

pub mod serving;

pub mod workload;

pub mod cluster;

pub mod fidelity;

pub mod insight;

pub mod economics;

pub mod planning;

pub mod sweep;

#[cfg(feature = "cli")]
pub mod report;

#[cfg(feature = "cli")]
pub mod cli;
