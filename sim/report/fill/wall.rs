//! A row of the ladder from the best run of a chip.

use super::evidence::average_decode;
use super::task::{Used, power};
use super::turns::{intensities, overlaps};
use crate::cluster::{Best, Deployment, Order, RunResult};
use crate::economics::Yield;
use crate::hardware::{Chip, Engine};
use crate::report::{LinkReport, Shares, WallRow};
use crate::units::{Joules, PerSec, Usd};

/// The row of `order`'s chip at its best.
pub fn fill_row(order: &Order, best: &Best) -> WallRow {
    let (chip, result) = (order.chip, &best.result);
    let gpus = best.deployment.plan.gpus();
    let stages = f64::from(best.deployment.plan.pp);
    let per_gpu = 1.0 / f64::from(gpus);
    let tasks_per_hour = result.tasks_per_hour() * per_gpu;
    let output = PerSec::new(result.output_tok_s() * per_gpu);
    let rate = Yield { output_tokens: output, tasks_per_hour };
    let (ttft, tpot) = (result.ttft(), result.tpot());
    let weights = order.model.main_format(order.precision);
    let engine = chip.engine_for(weights);
    let as_run = Order { plan: best.deployment.plan, ..*order };
    let used = Used { order: &as_run, replicas: 1, meter: &result.meter };
    WallRow {
        gpus: Some(gpus),
        parallel: Some(best.deployment.plan.to_string()),
        concurrency: best.concurrency,
        meets_slo: Some(best.meets_slo),
        weights: Some(weights.to_string()),
        kv: Some(order.precision.kv.to_string()),
        precision: Some(format!("{weights} weights, {} KV", order.precision.kv)),
        matrix_engine: Some(engine.name().to_owned()),
        bf16_pflop_s: chip.peak(Engine::Bf16).map(|peak| peak.get() / 1e15),
        dense_pflop_s: chip.peak(engine).map(|peak| peak.get() / 1e15),
        output_tok_s_per_gpu: Some(output.get()),
        total_tok_s_per_gpu: Some(result.total_tok_s() * per_gpu),
        tok_s_per_user_p50: tpot.map(|tpot| 1e3 / tpot.p50),
        ttft_ms_p50: ttft.map(|ttft| ttft.p50),
        ttft_ms_p99: ttft.map(|ttft| ttft.p99),
        tpot_ms_p50: tpot.map(|tpot| tpot.p50),
        tpot_ms_p99: tpot.map(|tpot| tpot.p99),
        answer_s_per_task: result.answer_s_per_task(),
        tasks_per_hour_per_gpu: Some(tasks_per_hour),
        kv_hit_rate: result.hit_rate(),
        // A rank does one stage of what is counted for the whole pass.
        mfu: flop_utilisation(chip, engine, result).map(|share| share / stages),
        mbu: bandwidth_utilisation(chip, result).map(|share| share / stages),
        time_share: Shares::from(&result.time()),
        decode_bound: Shares::from(&result.meter.decode()),
        power: power(&[used], result),
        energy_j_per_output_tok: rate.it_energy_per_output_token(chip).map(Joules::get),
        usd_per_task: rate.rent_per_task(chip).map(Usd::get),
        tok_s_per_facility_mw: rate.output_tokens_per_facility_mw(chip).map(PerSec::get),
        intensity: intensities(order, best),
        overlap: overlaps(order, best),
        constants: constants(&best.deployment),
        bottleneck_link: best
            .deployment
            .program
            .narrowest(&average_decode(best))
            .map(LinkReport::from),
        ..bare_row(chip)
    }
}

/// Where the constants of a deployment's time model are from.
pub(super) fn constants(deployment: &Deployment) -> Vec<String> {
    deployment.program.provenance().into_iter().map(str::to_owned).collect()
}

/// The row of a chip that has no best, and why.
pub fn unfit_row(chip: &Chip, reason: String) -> WallRow {
    WallRow { reason: Some(reason), ..bare_row(chip) }
}

/// A row with the chip's own figures and nothing measured.
fn bare_row(chip: &Chip) -> WallRow {
    let known = |value: f64| (value > 0.0).then_some(value);
    WallRow {
        system: chip.system.clone(),
        hbm_tb_s: known(chip.memory.bandwidth.get() / 1e12),
        hbm_gb: known(chip.memory.usable.get() / 1e9),
        ..WallRow::unknown(&chip.name, &chip.title, chip.class)
    }
}

/// MFU: operations done over those the engine's dense peak allows in the window.
fn flop_utilisation(chip: &Chip, engine: Engine, result: &RunResult) -> Option<f64> {
    let possible = chip.peak(engine)? * result.window.seconds();
    (!possible.is_zero()).then(|| result.meter.work().flop / possible)
}

/// MBU: bytes moved over those the pins allow in the window.
fn bandwidth_utilisation(chip: &Chip, result: &RunResult) -> Option<f64> {
    let possible = chip.memory.bandwidth * result.window.seconds();
    (!possible.is_zero()).then(|| result.meter.work().traffic / possible)
}
