//! Every combination of techniques, measured.

use rayon::prelude::*;

use crate::cli::Shell;
use crate::cluster::{Best, Setup, Station, Terms};
use crate::insight::{Bench, Switches, Technique};

/// A chip and the techniques that are studied on it.
pub(super) struct Study<'a> {
    pub(super) bench: Bench<'a>,
    pub(super) studied: Vec<Technique>,
    /// Those that would be if they were possible, and why they are not.
    pub(super) left_out: Vec<(Technique, String)>,
}

/// What a combination yields, or why it yields nothing.
pub(super) type Cell = Result<Found, String>;

/// What a combination yields.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) output_tok_s_per_gpu: f64,
    pub(super) parallel: String,
    pub(super) gpus: u32,
    pub(super) concurrency: Option<u32>,
    pub(super) ttft_ms_p99: Option<f64>,
    pub(super) tpot_ms_p50: Option<f64>,
}

impl Found {
    fn of(best: &Best<Setup>) -> Self {
        let plan = best.deployment.plan();
        let pools = best.deployment.split.map(|(pools, _)| pools);
        let split = pools.map_or(String::new(), |pools| {
            format!(", {} prefill + {} decode", pools.prefill, pools.decode)
        });
        Self {
            output_tok_s_per_gpu: best.output_tok_s_per_gpu,
            parallel: format!("{plan}{split}"),
            gpus: best.deployment.gpus(),
            concurrency: best.concurrency,
            ttft_ms_p99: best.result.ttft().map(|ttft| ttft.p99),
            tpot_ms_p50: best.result.tpot().map(|tpot| tpot.p50),
        }
    }
}

impl Study<'_> {
    /// Combinations of its techniques.
    pub(super) fn sets(&self) -> usize {
        1 << self.studied.len()
    }
}

/// The cells of every study, by study, then by seed, then by combination. All run in parallel;
/// which thread runs one changes nothing.
pub(super) fn measure(studies: &[Study], seeds: &[Terms], shell: &Shell) -> Vec<Vec<Vec<Cell>>> {
    let jobs: Vec<(usize, usize, usize)> = (0..studies.len())
        .flat_map(|study| (0..seeds.len()).map(move |seed| (study, seed)))
        .flat_map(|(study, seed)| (0..studies[study].sets()).map(move |set| (study, seed, set)))
        .collect();
    let progress = shell.progress("trying every combination", jobs.len() as u64);
    let run = |&(study, seed, on): &(usize, usize, usize)| -> Cell {
        let Study { bench, studied, .. } = &studies[study];
        let found = bench.measure(Switches { studied, on }, &seeds[seed]);
        progress.advance(1);
        found.map(|best| Found::of(&best)).map_err(|reason| reason.to_string())
    };
    let mut cells = jobs.par_iter().with_max_len(1).map(run).collect::<Vec<Cell>>().into_iter();
    let of_study =
        |study: &Study| seeds.iter().map(|_| cells.by_ref().take(study.sets()).collect()).collect();
    studies.iter().map(of_study).collect()
}
