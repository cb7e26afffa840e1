//! Results as other tools write them.

use clap::ValueEnum;

use crate::report::{Bench, aiconfigurator_csv, aiperf_json, inferencex_json, vllm_json};

/// Whose shape a result takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli::simulate::run) enum ToolFormat {
    /// The JSON of `vllm bench serve --save-result`
    Vllm,
    /// The JSON of `AIPerf`, `profile_export_aiperf.json`
    Aiperf,
    /// A row of InferenceX
    Inferencex,
    /// A row of aiconfigurator's `pareto.csv`
    Aiconfigurator,
}

impl ToolFormat {
    /// The result in it.
    pub(in crate::cli::simulate::run) fn render(self, bench: &Bench) -> String {
        match self {
            Self::Vllm => vllm_json(bench),
            Self::Aiperf => aiperf_json(bench),
            Self::Inferencex => inferencex_json(bench),
            Self::Aiconfigurator => aiconfigurator_csv(bench),
        }
    }
}
