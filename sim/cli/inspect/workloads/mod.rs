//! `memwall workloads`: what is generated, from which measured figures.

mod check;
mod command;
mod figures;
mod list;
mod named;
mod sample;
mod show;

pub(in crate::cli) use command::WorkloadsCommand;
pub(in crate::cli) use named::workload_named;
