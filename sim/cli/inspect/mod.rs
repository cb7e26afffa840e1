//! Commands that look at what is there: the catalogue, files, and the command line itself.

mod chips;
mod generate;
pub(super) mod models;
mod trace;
pub(super) mod workloads;

pub(super) use chips::ChipsCommand;
pub(super) use generate::{Completions, Man, SchemaCommand};
pub(super) use models::ModelsCommand;
pub(super) use trace::TraceCommand;
pub(super) use workloads::WorkloadsCommand;
