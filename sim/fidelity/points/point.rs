//! A measured figure.

use super::scenario::Scenario;

/// One measured figure, and what to simulate for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// The file it is from, as the user named it.
    pub file: String,
    /// Its row in the file, from 0, the header not counted.
    pub row: usize,
    /// Which figure.
    pub metric: Metric,
    /// Its value: milliseconds, or tokens per second.
    pub measured: f64,
    /// What it is grouped by.
    pub tags: Tags,
    /// What to simulate, or why that is not possible.
    pub ask: Result<Scenario, String>,
}

/// Which figure of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Its name in the file: `tpot_ms_mean`.
    pub name: String,
    /// What it is.
    pub family: Family,
    /// Which statistic of a latency; without meaning for throughputs.
    pub statistic: Statistic,
    /// A throughput is per chip.
    pub is_per_gpu: bool,
}

/// Kinds of figures that are scored together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Time to first token, in milliseconds.
    Ttft,
    /// Time per output token, in milliseconds.
    Tpot,
    /// Generated tokens per second.
    Output,
    /// Prompt and generated tokens per second.
    Total,
    /// From the first prompt to the last token, in milliseconds.
    EndToEnd,
}

impl Family {
    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ttft => "ttft_ms",
            Self::Tpot => "tpot_ms",
            Self::Output => "output_tok_s",
            Self::Total => "total_tok_s",
            Self::EndToEnd => "e2e_ms",
        }
    }
}

/// Statistic of a latency over requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// Mean.
    Mean,
    /// Median.
    P50,
    /// 99th percentile.
    P99,
}

impl Family {
    /// The figure whose remainder its band takes.
    pub const fn remainder(self) -> &'static str {
        match self {
            Self::Ttft => "ttft",
            Self::Tpot => "tpot",
            Self::Output | Self::Total | Self::EndToEnd => "throughput",
        }
    }
}

impl Metric {
    /// The metric called `name` in the column layouts, if memwall predicts it.
    pub fn named(name: &str) -> Option<Self> {
        let (rest, statistic) = match name.rsplit_once('_') {
            Some((rest, "mean")) => (rest, Statistic::Mean),
            Some((rest, "p50")) => (rest, Statistic::P50),
            Some((rest, "p99")) => (rest, Statistic::P99),
            _ => (name, Statistic::Mean),
        };
        let (family, is_per_gpu) = match rest {
            "ttft_ms" => (Family::Ttft, false),
            // The mean gap between tokens and the mean time per token are one figure.
            "tpot_ms" => (Family::Tpot, false),
            "itl_ms" if statistic == Statistic::Mean => (Family::Tpot, false),
            "output_tok_s_total" => (Family::Output, false),
            "output_tok_s_per_gpu" => (Family::Output, true),
            "total_tok_s_total" => (Family::Total, false),
            "total_tok_s_per_gpu" => (Family::Total, true),
            "e2e_latency_ms" => (Family::EndToEnd, false),
            _ => return None,
        };
        Some(Self { name: name.to_owned(), family, statistic, is_per_gpu })
    }
}

/// What points are grouped by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags {
    /// The chip's name in the catalogue, or as written if it is not there.
    pub chip: String,
    /// The model's, likewise.
    pub model: String,
    /// Engine: a profile's name, or as written.
    pub engine: String,
    /// Weight format as written.
    pub dtype: String,
    /// Kind of measurement: `aggregated`, `offline`, …
    pub scenario: String,
    /// Engine and its version, as written; empty where it is not stated.
    pub version: String,
}

impl Tags {
    /// The groupings of a summary, each a name and this point's group.
    pub fn groups(&self) -> [(&'static str, &str); 5] {
        [
            ("chip", &self.chip),
            ("model", &self.model),
            ("engine", &self.engine),
            ("dtype", &self.dtype),
            ("scenario", &self.scenario),
        ]
    }
}
