//! `memwall rank`.

mod command;
mod document;
mod print;

pub(in crate::cli) use command::RankCommand;
