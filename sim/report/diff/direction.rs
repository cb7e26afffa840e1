//! Which way is worse, by the name of a metric.

/// What a rise of a metric means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// More is better: tokens a second.
    Better,
    /// More is worse: milliseconds, dollars, joules.
    Worse,
    /// Neither: a seed, a share, a count of chips.
    Neither,
}

/// Parts of names that say that more is worse.
const WORSE: [&str; 16] = [
    "ttft_ms",
    "tpot_ms",
    "itl_ms",
    "e2e_ms",
    "usd_per",
    "usd",
    "energy_j",
    "_j_per",
    "wh_per",
    "rejected",
    "preempted",
    "evicted",
    "recomputed",
    "wasted",
    "abs_rel_err",
    "facility_mw",
];

/// Parts of names that say that more is better.
const BETTER: [&str; 11] = [
    "tok_s",
    "tasks_per_hour",
    "requests_per_s",
    "requests_per_wall_s",
    "hit_rate",
    "mfu",
    "mbu",
    "completed",
    "achieved",
    "band_coverage",
    "multiple",
];

/// Sections whose figures describe causes, not results.
const NEITHER: [&str; 7] =
    ["bands", "band", "band_causes", "time_share", "decode_bound", "elasticity", "slo"];

impl Direction {
    /// The direction of the metric at `path`: `rows[gb300].ttft_ms_p99`.
    pub fn of(path: &str) -> Self {
        // Names of rows say nothing of the metric, and may have dots.
        let names = path.split('[').map(|piece| piece.rsplit(']').next().unwrap_or(piece));
        let bare = names.collect::<String>();
        let parts: Vec<_> = bare.split('.').collect();
        if parts.iter().any(|part| NEITHER.contains(part)) {
            return Self::Neither;
        }
        let says =
            |words: &[&str]| parts.iter().any(|part| words.iter().any(|word| part.contains(word)));
        // `tok_s_per_facility_mw` and `output_tok_s` come before `facility_mw`.
        if says(&BETTER) {
            Self::Better
        } else if says(&WORSE) {
            Self::Worse
        } else {
            Self::Neither
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_which_way_is_worse() {
        for (path, direction) in [
            ("latency.ttft_ms.p99", Direction::Worse),
            ("rows[gb300].tok_s_per_facility_mw", Direction::Better),
            ("rows[gb300].usd_per_task", Direction::Worse),
            ("fleets[0].facility_mw", Direction::Worse),
            ("throughput.output_tok_s", Direction::Better),
            ("rows[llama-3.1-8b usd 0.5].ttft_ms_p99", Direction::Worse),
            ("rows[llama-3.1-8b usd 0.5].seed", Direction::Neither),
            ("rows[gb300].time_share.compute", Direction::Neither),
            ("bands.latency.ttft_ms.p50.low", Direction::Neither),
            ("seed", Direction::Neither),
            ("requests.rejected", Direction::Worse),
        ] {
            assert_eq!(Direction::of(path), direction, "{path}");
        }
    }
}
