//! Integration tests: laws, closed forms, measured data, the command line.

mod ablation;
mod cli;
mod clocks;
mod context;
mod cost;
mod hardware;
mod hbm;
mod insight;
mod latent;
mod links;
mod model;
mod pipeline;
mod report;
mod serving;
mod silicon;
mod tidy;
mod validation;
mod workload;
