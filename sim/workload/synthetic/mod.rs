//! Synthetic workloads: agents, reasoning and chat from measured distributions.
//!
//! A TOML file describes one (`workloads/synthetic/`), each figure with its source. [`Tasks`] is
//! the endless stream of its tasks: the i-th depends on the seed and i alone, whatever was drawn
//! before. Pages carry identities that mean equal prefixes wherever they are equal: shared
//! prefixes are equal for all tasks, everything else belongs to one line of one task.

mod agent;
mod catalog;
mod dialogue;
mod draw;
mod identity;
mod spec;
mod tasks;

pub use catalog::{embedded_workloads, workload_file};
pub use spec::Provenance;
pub use tasks::{Compaction, Synthetic, Tasks};

pub(in crate::workload) use identity::is_shared;
