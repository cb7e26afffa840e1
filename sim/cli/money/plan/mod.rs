//! `memwall plan`.

mod candidates;
mod command;
mod document;
mod flags;
mod page;
mod print;

pub(in crate::cli) use command::PlanCommand;
