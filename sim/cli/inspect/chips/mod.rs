//! `memwall chips`: the catalogue of accelerators, and the check of one's own spec files.

mod check;
mod command;
mod links;
mod list;
mod rows;
mod show;

pub(in crate::cli) use command::ChipsCommand;
