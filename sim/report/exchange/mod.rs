//! A run in the shapes that other tools write, so that their plots and scripts read it.

mod aiconfigurator;
mod aiperf;
mod inferencex;
mod samples;
mod vllm;

pub use aiconfigurator::aiconfigurator_csv;
pub use aiperf::aiperf_json;
pub use inferencex::inferencex_json;
pub use samples::{Bench, Figures};
pub use vllm::vllm_json;
