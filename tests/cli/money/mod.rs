//! The planners' commands.

mod import;
