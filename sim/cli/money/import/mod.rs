//! `memwall import`: what somebody used, what it cost, and a workload of its shape.

mod command;
mod document;
mod print;

pub(in crate::cli) use command::ImportCommand;
