//! The flags of a service level.

use clap::Args;

use crate::cli::simulate::values;
use crate::cluster::Slo;
use crate::units::SimSpan;

/// The latencies that a load must keep.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Service level")]
pub(in crate::cli) struct LevelFlags {
    /// Highest 99th percentile of the time to first token
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = values::span)]
    slo_ttft: SimSpan,
    /// Highest median of the time per output token
    #[arg(long, value_name = "TIME", default_value = "50ms", value_parser = values::span)]
    slo_tpot: SimSpan,
    /// Highest 99th percentile of the time per output token
    #[arg(long, value_name = "TIME", value_parser = values::span)]
    slo_tpot_p99: Option<SimSpan>,
    /// Longest that the answers to all calls of a task may take together, on average; pauses
    /// between them, for tools and people, do not count
    #[arg(long, value_name = "TIME", value_parser = values::span)]
    slo_task: Option<SimSpan>,
}

impl LevelFlags {
    /// What they say.
    pub(in crate::cli) fn slo(&self) -> Slo {
        Slo {
            tpot_ms_p99: self.slo_tpot_p99.map(SimSpan::as_ms),
            task_s: self.slo_task.map(|span| span.seconds().get()),
            ..Slo::new(self.slo_ttft.as_ms(), self.slo_tpot.as_ms())
        }
    }
}

impl Default for LevelFlags {
    fn default() -> Self {
        let (slo_ttft, slo_tpot) = (SimSpan::from_ms(10_000), SimSpan::from_ms(50));
        Self { slo_ttft, slo_tpot, slo_tpot_p99: None, slo_task: None }
    }
}
