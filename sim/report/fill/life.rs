//! The life of a task, and HBM's time, in a row.

use crate::cluster::{Best, HbmTime, Inside};
use crate::insight::{Along, Stage, life_error, stages, whole_life};
use crate::report::{ByUse, CallStage, HbmShare, Life, LifeStage, WallRow};

/// Gives `row`, of a chip at its `best`, what was seen `inside` a run of it.
pub fn fill_life(row: &mut WallRow, best: &Best, inside: &Inside) {
    row.hbm_share = divided(row.time_share.hbm_bandwidth, inside.hbm);
    row.decode_hbm_share = divided(row.decode_bound.hbm_bandwidth, inside.decode_hbm);
    let along = |along| stages(&inside.lives, along, inside.calls_per_task);
    let by_context = along(Along::Context);
    let whole = whole_life(&by_context);
    let tasks = best.concurrency.map(f64::from);
    let error = life_error(&inside.lives, inside.calls_per_task);
    row.life = (whole.total() > 0.0).then(|| Life {
        seconds_per_task: whole.total(),
        elapsed_s_per_task: tasks.zip(inside.seconds_per_task()).map(|(tasks, s)| tasks * s),
        agents_at_work: inside.agents(),
        seconds_per_task_error: error.map(|error| error.seconds),
        calls_seen: inside.result.measured(),
        share: ByUse(whole.shares()),
        share_error: error.map(|error| ByUse(error.share)),
        by_context: by_context.iter().map(stage).collect(),
        by_call: along(Along::Calls).iter().map(call_stage).collect(),
    });
}

fn divided(share: Option<f64>, time: HbmTime) -> HbmShare {
    let kv = share.map(|share| share * time.kv_share());
    HbmShare { weights: share.zip(kv).map(|(share, kv)| share - kv), kv }
}

fn stage(stage: &Stage) -> LifeStage {
    LifeStage {
        context_tokens_from: stage.from,
        context_tokens_to: stage.to,
        calls_per_task: stage.calls,
        before_s: ByUse(stage.before),
        prefill_s: ByUse(stage.prefill),
        decode_s: ByUse(stage.decode),
    }
}

fn call_stage(stage: &Stage) -> CallStage {
    CallStage {
        call_from: stage.from,
        call_to: stage.to,
        calls_per_task: stage.calls,
        before_s: ByUse(stage.before),
        prefill_s: ByUse(stage.prefill),
        decode_s: ByUse(stage.decode),
    }
}
