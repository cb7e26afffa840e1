//! The command line from outside: the built binary, its streams and its exit codes.

mod ablate;
mod bad_input;
mod chips;
mod escalation;
mod fidelity;
mod fleet;
mod generate;
mod help;
mod mechanisms;
mod models;
mod money;
mod policies;
mod program;
mod replay;
mod run;
mod scenarios;
mod steps;
mod study;
mod sweep;
mod tiers;
mod timeline;
mod trace;
mod wall;
mod what_if;
mod workloads;
