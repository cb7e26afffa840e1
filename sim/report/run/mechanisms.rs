//! What the plan's mechanisms add to the document of a run.

use std::fmt;

use serde::Serialize;

use crate::cost::Hidden;
use crate::hardware::Narrowest;
use crate::report::Quantiles;
use crate::report::text::{counted, percent, short};

/// The link that a step waits for longest.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LinkReport {
    /// What it is: `NVLink4 port of a chip`.
    pub name: String,
    /// What it carries, per direction.
    pub gb_s: f64,
    /// What it leaves to each rank.
    pub gb_s_per_rank: f64,
}

impl From<Narrowest> for LinkReport {
    fn from(link: Narrowest) -> Self {
        let [gb_s, gb_s_per_rank] = [link.bandwidth, link.rate].map(|rate| rate.get() / 1e9);
        Self { name: link.name, gb_s, gb_s_per_rank }
    }
}

impl fmt::Display for LinkReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} GB/s", self.name, short(self.gb_s))
    }
}

/// How steps go through pipeline stages: of the average batch, and of prompts beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct PipelineReport {
    /// Stages.
    pub stages: u32,
    /// Most tokens of a micro-batch.
    pub micro_batch_tokens: u32,
    /// Micro-batches of the average decode step.
    pub micro_batches: u32,
    /// What that step takes: a token of every sequence.
    pub round_ms: f64,
    /// Shares of their time in which stages have nothing to do.
    pub bubble_share: Bubbles,
}

/// Shares of the stages' time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Bubbles {
    /// In the average decode step.
    pub decode: f64,
    /// In the same with prompts in one of its micro-batches.
    pub one_chunk: f64,
    /// In the same with prompts in all of them.
    pub all_chunks: f64,
}

/// One line on the pipeline.
pub(super) fn pipeline_line(report: &PipelineReport) -> String {
    let PipelineReport { stages, micro_batches, round_ms, bubble_share: bubbles, .. } = report;
    format!(
        "{stages} stages, {}, a round {} ms; bubbles {}, {} with one chunk, {} with all",
        counted(u64::from(*micro_batches), "micro-batch"),
        short(*round_ms),
        percent(bubbles.decode),
        percent(bubbles.one_chunk),
        percent(bubbles.all_chunks)
    )
}

/// What a power cap did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct PowerReport {
    /// Most that a chip may draw.
    pub cap_w: f64,
    /// What a chip drew on average, idle time included.
    pub chip_w: f64,
    /// Share of the steps' time in steps at lower clocks.
    pub throttled_share: f64,
    /// Share of the steps' time that they would not have taken at full clocks.
    pub lost_share: f64,
    /// Energy of all chips per output token, without their machines.
    pub chip_j_per_output_tok: Option<f64>,
}

/// One line on power.
pub(in crate::report) fn power_line(report: &PowerReport) -> String {
    let PowerReport { cap_w, chip_w, throttled_share, lost_share, .. } = report;
    let each = report.chip_j_per_output_tok;
    let each = each.map_or_else(String::new, |joules| format!(", {} J per token", short(joules)));
    let slow = if *throttled_share > 0.0 {
        format!(
            "lower clocks {} of the time, which made it {} longer",
            percent(*throttled_share),
            percent(lost_share / (1.0 - lost_share).max(1e-9)),
        )
    } else {
        "always at full clocks".to_owned()
    };
    format!("{} W a chip: {slow}; {} W drawn{each}", short(*cap_w), short(*chip_w))
}

/// What two halves of a step hide from each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct OverlapReport {
    /// Of the average decode step.
    pub decode: HiddenReport,
    /// Of a step full of prompts.
    pub prefill: HiddenReport,
}

/// One step in two halves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct HiddenReport {
    /// In one piece.
    pub plain_ms: f64,
    /// In two halves.
    pub halved_ms: f64,
    /// Exchanges of both halves.
    pub exchange_ms: f64,
    /// The share of them that is hidden.
    pub hidden_share: f64,
}

impl From<Hidden> for HiddenReport {
    fn from(hidden: Hidden) -> Self {
        Self {
            plain_ms: hidden.plain.get() * 1e3,
            halved_ms: hidden.halved.get() * 1e3,
            exchange_ms: hidden.exchange.get() * 1e3,
            hidden_share: hidden.share,
        }
    }
}

/// One line on two-batch overlap.
pub(super) fn overlap_line(report: &OverlapReport) -> String {
    format!("decode {}; prefill {}", report.decode, report.prefill)
}

impl fmt::Display for HiddenReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [plain, halved, exchange] =
            [self.plain_ms, self.halved_ms, self.exchange_ms].map(short);
        let share = percent(self.hidden_share);
        write!(f, "{plain} → {halved} ms, {share} of {exchange} ms hidden")
    }
}

/// How evenly groups of ranks with sequences of their own were loaded.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RanksReport {
    /// How requests were spread over them.
    pub balance: String,
    /// Groups.
    pub groups: u32,
    /// Share of the steps' time that groups waited for the slowest of them.
    pub lost_share: Option<f64>,
    /// What the slowest group did for itself in a step, over the average group.
    pub slowest_over_mean: Option<f64>,
    /// Share of the steps' time in which a group had nothing to do, on average.
    pub idle_share: Option<f64>,
    /// The average over steps of the mean tokens of a group over the most of one.
    pub balance_ratio: Option<f64>,
    /// Tokens prefilled and generated by the busiest group, over the average.
    pub most_tokens_over_mean: Option<f64>,
    /// Pages held at its peak by the fullest group, over the average.
    pub most_pages_over_mean: Option<f64>,
}

/// One line on ranks.
pub(super) fn ranks_line(report: &RanksReport) -> String {
    let share = |share: Option<f64>| share.map_or_else(|| "–".to_owned(), percent);
    let ratio = |ratio: Option<f64>| ratio.map_or_else(|| "–".to_owned(), short);
    format!(
        "{} groups by {}: {} of the steps' time waits for the slowest ({} × the mean), {} idle; \
         balance {} (mean tokens over most); over a run most tokens {} ×, most pages {} × the \
         mean",
        report.groups,
        report.balance,
        share(report.lost_share),
        ratio(report.slowest_over_mean),
        share(report.idle_share),
        share(report.balance_ratio),
        ratio(report.most_tokens_over_mean),
        ratio(report.most_pages_over_mean)
    )
}

/// What requests of one urgency waited for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassReport {
    /// Whose they are: `foreground`, `sub-agents`, `background`.
    pub class: &'static str,
    /// How many ended in the window.
    pub requests: u64,
    /// How often they were preempted.
    pub preempted: u64,
    /// Time to first token.
    pub ttft_ms: Quantiles,
    /// Time per output token, one value a request.
    pub tpot_ms: Quantiles,
    /// From arrival to the last token.
    pub e2e_ms: Quantiles,
}

/// Users, each with so many tasks in flight, and what others waited for at the door.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct UsersReport {
    /// Users.
    pub users: u32,
    /// Tasks of one in flight at most.
    pub per_user: u32,
    /// Tasks that came.
    pub tasks: u64,
    /// Share of them that did not enter at once.
    pub waited_share: Option<f64>,
    /// From a task's coming until it entered; no other figure of a run contains it.
    pub wait_ms: Quantiles,
    /// Tasks that waited when the run ended.
    pub waiting: u64,
    /// Jain's index of tokens served by user, prompt and output: 1 if all were served alike.
    pub fairness: Option<f64>,
}

/// One line on the door.
pub(super) fn users_line(report: &UsersReport) -> String {
    let UsersReport { users, per_user, wait_ms, .. } = report;
    let seconds = |ms: Option<f64>| ms.map_or_else(|| "–".to_owned(), |ms| short(ms / 1e3));
    format!(
        "{users} users, {per_user} tasks each: {} waited (those that entered: mean {} s, p99 \
         {} s), {} still wait; fairness {}",
        report.waited_share.map_or_else(|| "–".to_owned(), percent),
        seconds(wait_ms.mean),
        seconds(wait_ms.p99),
        short(report.waiting as f64),
        report.fairness.map_or_else(|| "–".to_owned(), short)
    )
}
