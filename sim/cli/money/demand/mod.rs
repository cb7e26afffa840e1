//! `memwall demand`: what people ask for, in tokens, tasks, dollars, chips and kilowatts.

mod command;
mod document;
mod page;
mod print;

pub(in crate::cli) use command::DemandCommand;
