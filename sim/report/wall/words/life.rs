//! What is said about a task's life.

use super::super::life::use_name;
use super::super::{WallDocument, WallRow};
use super::ladder::comparison;
use crate::insight::Use;
use crate::report::text::{listed, percent, short};

/// Below this share of all agents' time that passes, sub-agents are worth a word.
const SIDE_BY_SIDE: f64 = 0.99;

/// Uses that are told of one chip.
const TOLD: usize = 4;

/// Where a task's life goes on the ends of the ladder.
pub(in crate::report) fn life(document: &WallDocument) -> Vec<String> {
    let ends = comparison(document).map(|(first, last)| vec![first, last]);
    let rows = ends.unwrap_or_else(|| document.rows.iter().filter(|row| row.ran()).collect());
    rows.into_iter().flat_map(|row| [told(row), split(row)]).flatten().collect()
}

/// How a call changes as its context grows, on the ends of the ladder.
pub(in crate::report) fn stages(document: &WallDocument) -> Vec<String> {
    let ends = comparison(document).map(|(first, last)| vec![first, last]);
    let rows = ends.unwrap_or_else(|| document.rows.iter().filter(|row| row.ran()).collect());
    rows.into_iter().filter_map(grown).collect()
}

fn told(row: &WallRow) -> Option<String> {
    let life = row.life.as_ref()?;
    let mut uses: Vec<(Use, f64)> =
        Use::ALL.into_iter().map(|what| (what, life.share.0.get(what))).collect();
    uses.sort_by(|a, b| b.1.total_cmp(&a.1));
    let parts: Vec<String> = uses
        .into_iter()
        .take(TOLD)
        .map(|(what, share)| format!("{} to {}", percent(share), use_name(what)))
        .collect();
    let error = life.seconds_per_task_error.map(|error| format!(" (± {})", short(error)));
    let lived = format!("{} s{}", short(life.seconds_per_task), error.unwrap_or_default());
    let takes = match life.elapsed_s_per_task {
        // Sub-agents work side by side: their time adds up to more than passes.
        Some(elapsed) if elapsed < SIDE_BY_SIDE * life.seconds_per_task => format!(
            "takes {} s from its start to its end, and lives for {lived}, sub-agents' time \
             included",
            short(elapsed)
        ),
        _ => format!("lives for {lived}"),
    };
    Some(format!("On {} a task {takes}, of which go {}.", row.title, listed(&parts)))
}

/// What a call of the first stage and one of the last take in the batch.
fn grown(row: &WallRow) -> Option<String> {
    let life = row.life.as_ref()?;
    let mut stages = life.by_context.iter().filter(|stage| stage.calls_per_task > 0.0);
    let (first, last) = (stages.next()?, stages.next_back()?);
    if life.by_context.len() < 2 {
        return None;
    }
    let a_call = |stage: &super::super::LifeStage| {
        (stage.prefill_s.0.total() + stage.decode_s.0.total()) / stage.calls_per_task
    };
    let kv = |stage: &super::super::LifeStage| {
        stage.decode_s.0.get(Use::Kv) / stage.decode_s.0.total().max(f64::MIN_POSITIVE)
    };
    Some(format!(
        "On {} a call of less than {} tokens is {} s in the batch, one of {} or more {} s; KV \
         takes {} of decode in the first, {} in the last.",
        row.title,
        short(f64::from(first.context_tokens_to.unwrap_or(first.context_tokens_from))),
        short(a_call(first)),
        short(f64::from(last.context_tokens_from)),
        short(a_call(last)),
        percent(kv(first)),
        percent(kv(last)),
    ))
}

fn split(row: &WallRow) -> Option<String> {
    let hbm = row.decode_hbm_share;
    let (weights, kv, overlap) = (hbm.weights?, hbm.kv?, row.overlap.decode?);
    Some(format!(
        "Of its decode time {} goes to weights from HBM and {} to KV; during at least {} of the \
         average step a second resource is busy under the one that it is counted for.",
        percent(weights),
        percent(kv),
        percent(overlap),
    ))
}
