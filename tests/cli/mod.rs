//! The command line from outside: the built binary, its streams and its exit codes.

mod chips;
mod help;
mod models;
mod program;
mod run;
mod trace;
mod validate;
mod wall;
mod workloads;
