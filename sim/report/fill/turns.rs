//! Crossovers, intensities, overlaps and frontiers of a row.

use std::collections::BTreeMap;

use super::evidence::{average_decode, full_prefill};
use super::wall::fill_row;
use crate::cluster::{Best, Order};
use crate::insight::{crossovers, frontier, intensity, overlap};
use crate::report::{FrontierPoint, Intensity, Overlap, Turn};
use crate::units::FlopPerSec;

/// Operations per byte: the chip's, the run's, and the average decode step's.
pub(super) fn intensities(order: &Order, best: &Best) -> Intensity {
    let engine = order.chip.engine_for(order.model.main_format(order.precision));
    let bandwidth = order.chip.memory.bandwidth.get();
    let peak = order.chip.peak(engine).map(FlopPerSec::get).filter(|_| bandwidth > 0.0);
    let work = best.result.meter.work();
    let has_traffic = !work.traffic.is_zero();
    Intensity {
        chip_flop_b: peak.map(|peak| peak / bandwidth),
        task_flop_b: has_traffic.then(|| work.flop.get() / work.traffic.get()),
        decode_flop_b: intensity(&best.deployment.program.price_ops(&average_decode(best))),
    }
}

/// How far a second resource is busy under the first.
pub(super) fn overlaps(order: &Order, best: &Best) -> Overlap {
    let engine = order.chip.engine_for(order.model.main_format(order.precision));
    let of = |batch| overlap(&best.deployment.program.price_ops(&batch), order.chip, engine);
    Overlap { decode: of(average_decode(best)), prefill: of(full_prefill(best)) }
}

/// Where decode turns under the plan of `best`.
pub fn turns(best: &Best) -> Vec<Turn> {
    let turns = crossovers(&best.deployment).into_iter().map(|crossover| Turn {
        context_tokens: crossover.context,
        kv_batch: crossover.kv_batch,
        compute_batch: crossover.compute_batch,
        capacity_batch: crossover.capacity_batch,
        ..Turn::default()
    });
    turns.collect()
}

/// Of the points that were `tried` those that no other beats, slowest for the user first.
pub fn unbeaten(tried: &[FrontierPoint]) -> Vec<FrontierPoint> {
    let both = |point: &FrontierPoint| {
        (told_apart(point.tok_s_per_user_p50), told_apart(point.output_tok_s_per_gpu))
    };
    let figures: Vec<(f64, f64)> = tried.iter().map(both).collect();
    frontier(&figures).into_iter().map(|place| tried[place].clone()).collect()
}

/// To four digits: what differs by less is no other point. Steps of other sizes, where few prompts
/// are longer than one, give almost the same run, whose figures differ in what the window's ends
/// cut; seeds move them by a hundred times as much.
fn told_apart(figure: f64) -> f64 {
    format!("{figure:.3e}").parse().expect("a formatted number reads back")
}

/// `order` at its `best` as a point; `None` where the run has no figures.
pub fn frontier_point(order: &Order, best: &Best) -> Option<FrontierPoint> {
    let row = fill_row(order, best);
    let meter = &best.result.meter;
    Some(FrontierPoint {
        parallel: row.parallel?,
        gpus: row.gpus?,
        concurrency: row.concurrency?,
        max_batched_tokens: best.deployment.limits.max_batched_tokens,
        batch_mean: meter.tokens.output as f64 / meter.steps.max(1) as f64,
        tok_s_per_user_p50: row.tok_s_per_user_p50?,
        output_tok_s_per_gpu: row.output_tok_s_per_gpu?,
        tok_s_per_facility_mw: row.tok_s_per_facility_mw,
        usd_per_task: row.usd_per_task,
        ttft_ms_p99: row.ttft_ms_p99,
        meets_slo: row.meets_slo?,
        bands: BTreeMap::new(),
    })
}
