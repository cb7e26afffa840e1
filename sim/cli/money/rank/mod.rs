//! `memwall rank`.

mod command;
mod document;
mod page;
mod print;

pub(in crate::cli) use command::RankCommand;
