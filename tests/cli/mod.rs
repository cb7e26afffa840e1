//! The command line from outside: the built binary, its streams and its exit codes.

mod chips;
mod fidelity;
mod fleet;
mod help;
mod models;
mod money;
mod program;
mod run;
mod trace;
mod wall;
mod workloads;
