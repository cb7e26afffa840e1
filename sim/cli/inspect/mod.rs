//! Commands that look at what is there: the catalogue, and files.

mod chips;
pub(super) mod models;
mod trace;
pub(super) mod workloads;

pub(super) use chips::ChipsCommand;
pub(super) use models::ModelsCommand;
pub(super) use trace::TraceCommand;
pub(super) use workloads::WorkloadsCommand;
