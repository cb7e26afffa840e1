//! The flags of a service level, and what is said of a row that misses it.

use clap::Args;

use crate::cli::simulate::values;
use crate::cluster::Slo;
use crate::report::WallRow;
use crate::units::{SimSpan, significant};

/// The latencies that a load must keep.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Service level")]
pub(in crate::cli) struct LevelFlags {
    /// Highest 99th percentile of the time to first token
    #[arg(long = "slo-ttft", value_name = "TIME", default_value = "10s")]
    #[arg(value_parser = values::span)]
    ttft: SimSpan,
    /// Highest median of the time per output token
    #[arg(long = "slo-tpot", value_name = "TIME", default_value = "50ms")]
    #[arg(value_parser = values::span)]
    tpot: SimSpan,
    /// Highest 99th percentile of the time per output token
    #[arg(long = "slo-tpot-p99", value_name = "TIME", value_parser = values::span)]
    tpot_p99: Option<SimSpan>,
    /// Longest that the answers to all calls of a task may take together, on average; pauses
    /// between them, for tools and people, do not count
    #[arg(long = "slo-task", value_name = "TIME", value_parser = values::span)]
    task: Option<SimSpan>,
}

impl LevelFlags {
    /// What they say.
    pub(in crate::cli) fn slo(&self) -> Slo {
        Slo {
            tpot_ms_p99: self.tpot_p99.map(SimSpan::as_ms),
            task_s: self.task.map(|span| span.seconds().get()),
            ..Slo::new(self.ttft.as_ms(), self.tpot.as_ms())
        }
    }
}

impl Default for LevelFlags {
    fn default() -> Self {
        let (ttft, tpot) = (SimSpan::from_ms(10_000), SimSpan::from_ms(50));
        Self { ttft, tpot, tpot_p99: None, task: None }
    }
}

/// A load that was asked for is shown even where it is too high; this says so.
pub(super) fn missed(row: &WallRow, slo: &Slo) -> String {
    let ms = |value: Option<f64>| value.map_or_else(|| "no".into(), |ms| significant(ms, 3));
    format!(
        "{} misses the latency targets at this load with {}: p99 TTFT {} ms (at most {}), \
         p50 TPOT {} ms (at most {})",
        row.chip,
        row.parallel.as_deref().unwrap_or("every plan"),
        ms(row.ttft_ms_p99),
        significant(slo.ttft_ms_p99, 3),
        ms(row.tpot_ms_p50),
        significant(slo.tpot_ms_p50, 3),
    )
}
