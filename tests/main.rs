//! Integration tests: laws, closed forms, measured data, the command line.

mod ablation;
mod cli;
mod cost;
mod hardware;
mod hbm;
mod insight;
mod model;
mod report;
mod serving;
mod silicon;
mod tidy;
mod validation;
mod workload;
