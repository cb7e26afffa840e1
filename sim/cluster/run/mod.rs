//! One run: tasks meet a replica on one clock.

mod arrivals;
mod client;
mod graph;
mod latency;
mod plan;
mod result;
mod service;
mod simulation;
mod sketches;

pub use arrivals::at_rate;
pub use client::{Agent, News, Next};
pub use latency::{ClassFigures, Summary};
pub use plan::{Classes, Load, Progress, RunPlan};
pub use result::{InTime, RequestCounts, RunResult, TaskCounts};
pub use service::{Account, Service};
pub use simulation::{simulate, simulate_while};
pub use sketches::Sketches;
