//! The planners' commands.

mod diff;
mod import;
mod plan;
mod supply;
