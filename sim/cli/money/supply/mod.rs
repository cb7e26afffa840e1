//! `memwall supply`: what can be built, year by year, and whether it carries demand.

mod command;
mod document;
mod gains;
mod page;
mod print;

pub(in crate::cli) use command::SupplyCommand;
