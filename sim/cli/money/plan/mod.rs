//! `memwall plan`.
//!
//! Candidates are replicas of every plan of every chip, and pools that prefill and decode apart,
//! each at its best load ([`search`]). Fleets of them are counted up, tried whole at their peak
//! ([`peak`]), and counted again ([`choice`]).

mod aim;
mod choice;
mod command;
mod document;
mod flags;
mod page;
mod peak;
mod print;
mod search;

pub(in crate::cli) use command::PlanCommand;
