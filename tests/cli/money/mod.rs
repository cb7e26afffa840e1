//! The planners' commands.

mod diff;
mod import;
