//! The document of one run.

use crate::cluster::{ClassFigures, Classes, Deployment, Order, RunResult, Summary};
use crate::cost::Batch;
use crate::economics::{Yield, rental_rate};
use crate::report::{
    Bubbles, ClassReport, Cost, Energy, HiddenReport, KvCache, Latency, LinkReport, OverlapReport,
    PipelineReport, Quantiles, RanksReport, Requests, RunDocument, Shares, Sim, Throughput,
    TokenCounts, UsersReport,
};
use crate::serving::RankFigures;
use crate::units::{Joules, PerSec, Usd, UsdPerHour};

use super::wall::constants;

/// Fills a document with what `result` measured; names and warnings are the caller's.
pub fn fill_run(order: &Order, deployment: &Deployment, result: &RunResult) -> RunDocument {
    let gpus = order.plan.gpus();
    let (meter, window) = (&result.meter, result.window.seconds().get());
    let rate = Yield {
        output_tokens: PerSec::new(result.output_tok_s() / f64::from(gpus)),
        tasks_per_hour: result.tasks_per_hour() / f64::from(gpus),
    };
    RunDocument {
        model: order.model.name.clone(),
        chip: order.chip.name.clone(),
        gpus,
        replicas: 1,
        plan: order.plan.to_string(),
        weights: order.model.main_format(order.precision).to_string(),
        kv_format: order.precision.kv.to_string(),
        cost_model: order.pricing.model.to_string(),
        engine_profile: order.pricing.engine.to_string(),
        sim: Sim {
            events: result.events,
            steps: meter.steps,
            simulated_s: window,
            wall_s: None,
            requests_per_wall_s: None,
        },
        requests: Requests {
            submitted: result.requests.submitted,
            completed: result.requests.completed,
            rejected: result.requests.rejected,
            preempted: meter.preempted,
        },
        tokens: TokenCounts {
            prompt: meter.tokens.prompt,
            cached: meter.tokens.cached,
            prefilled: meter.tokens.prefilled,
            output: meter.tokens.output,
        },
        latency: Latency {
            ttft_ms: quantiles(result.ttft()),
            tpot_ms: quantiles(result.tpot()),
            itl_ms: quantiles(result.itl()),
            e2e_ms: quantiles(result.e2e()),
        },
        classes: classes(result),
        constants: constants(deployment),
        throughput: throughput(result, gpus),
        kv: kv_cache(deployment, result),
        pipeline: pipeline(order, deployment, result),
        users: result.door.as_ref().map(|door| UsersReport {
            users: door.users,
            per_user: door.most,
            tasks: door.tasks,
            waited_share: (door.tasks > 0).then(|| door.waited as f64 / door.tasks as f64),
            wait_ms: quantiles(door.wait),
            waiting: door.waiting,
            fairness: door.fairness,
        }),
        overlap: overlap(deployment, result),
        ranks: result.ranks.as_ref().map(ranks),
        time_share: Shares::from(&result.time()),
        decode_bound: Shares::from(&meter.decode()),
        bottleneck_link: deployment
            .program
            .narrowest(&average_step(deployment, result))
            .map(LinkReport::from),
        energy: energy(order, &rate),
        cost: cost(order, &rate),
        ..RunDocument::default()
    }
}

/// What requests of each urgency waited for, if there are several.
fn classes(result: &RunResult) -> Vec<ClassReport> {
    let report = |class: ClassFigures| ClassReport {
        class: Classes::NAMES[usize::from(class.priority)],
        requests: class.requests,
        preempted: class.preempted,
        ttft_ms: quantiles(class.ttft),
        tpot_ms: quantiles(class.tpot),
        e2e_ms: quantiles(class.e2e),
    };
    result.by_class().into_iter().map(report).collect()
}

/// How steps go through the stages, if there are several: the average decode step, and the same
/// with prompts in one micro-batch and in all.
fn pipeline(order: &Order, deployment: &Deployment, result: &RunResult) -> Option<PipelineReport> {
    let program = &deployment.program;
    let decode = average_step(deployment, result);
    let beat = program.beat(&decode)?;
    let room = |chunks: u32| {
        let mut batch = decode;
        let tokens = order.limits.max_batched_tokens;
        let own = decode.decode.sequences.div_ceil(beat.stages);
        let new = tokens.saturating_sub(own).max(1).saturating_mul(chunks);
        batch.prefill.add(0, new, program.clips());
        program.beat(&batch).map_or(0.0, |beat| beat.bubbles)
    };
    Some(PipelineReport {
        stages: beat.stages,
        micro_batch_tokens: order.limits.max_batched_tokens,
        micro_batches: beat.micro_batches,
        round_ms: beat.round.get() * 1e3,
        bubble_share: Bubbles {
            decode: beat.bubbles,
            one_chunk: room(1),
            all_chunks: room(beat.stages),
        },
    })
}

/// What two halves of a step hide, if steps are halved: of the average decode step, and of a step
/// full of prompts.
fn overlap(deployment: &Deployment, result: &RunResult) -> Option<OverlapReport> {
    let program = &deployment.program;
    let of = |batch: &Batch| program.hidden(batch).map(HiddenReport::from);
    let groups = deployment.limits.groups.max(1);
    let each = (deployment.limits.max_batched_tokens / groups).max(1);
    let mut prompts = Batch { logits: groups, ..Batch::default() };
    (0..groups).for_each(|_| prompts.prefill.add(0, each, program.clips()));
    Some(OverlapReport { decode: of(&average_step(deployment, result))?, prefill: of(&prompts)? })
}

/// How evenly groups of ranks were loaded.
pub(super) fn ranks(figures: &RankFigures) -> RanksReport {
    RanksReport {
        balance: figures.balance.to_string(),
        groups: figures.groups() as u32,
        lost_share: figures.lost_share(),
        slowest_over_mean: figures.slowest_over_mean(),
        idle_share: figures.idle_share(),
        balance_ratio: figures.balance_ratio,
        most_tokens_over_mean: figures
            .most_over_mean(|rank| rank.tokens.prefilled + rank.tokens.output),
        most_pages_over_mean: figures.most_over_mean(|rank| rank.peak_held_pages),
    }
}

/// The decode step of the average batch at the average context.
fn average_step(deployment: &Deployment, result: &RunResult) -> Batch {
    let meter = &result.meter;
    let sequences = (meter.itl.count() / meter.steps.max(1)).max(1) as u32;
    let context = meter.tokens.prompt / (result.measured()).max(1);
    Batch::decoding(sequences, context.max(1) as u32, deployment.program.clips())
}

fn throughput(result: &RunResult, gpus: u32) -> Throughput {
    let window = result.window.seconds().get();
    if window == 0.0 {
        return Throughput::default();
    }
    Throughput {
        output_tok_s: Some(result.output_tok_s()),
        total_tok_s: Some(result.total_tok_s()),
        output_tok_s_per_gpu: Some(result.output_tok_s() / f64::from(gpus)),
        requests_per_s: Some(result.measured() as f64 / window),
        tasks_per_hour: Some(result.tasks_per_hour()),
    }
}

fn kv_cache(deployment: &Deployment, result: &RunResult) -> KvCache {
    let pages = deployment.pages;
    let ranks = f64::from(deployment.plan.gpus());
    let per_group = pages as f64 / f64::from(deployment.plan.dp);
    KvCache {
        pages,
        page_tokens: deployment.limits.page_tokens,
        capacity_gb: Some(per_group * deployment.memory.page.get() * ranks / 1e9),
        hit_rate: result.hit_rate(),
        evicted_pages: result.evicted_pages,
        peak_used_fraction: (pages > 0).then(|| result.meter.peak_held_pages as f64 / pages as f64),
        clairvoyant_hit_rate: None,
        tiers: None,
    }
}

fn energy(order: &Order, rate: &Yield) -> Energy {
    let chip = order.chip;
    let per_token = rate.it_energy_per_output_token(chip).map(Joules::get);
    let facility = rate.output_tokens_per_facility_mw(chip).map(PerSec::get);
    let it_watts = chip.power.it.filter(|_| rate.tasks_per_hour > 0.0);
    Energy {
        it_j_per_output_tok: per_token,
        facility_j_per_output_tok: facility.filter(|&rate| rate > 0.0).map(|rate| 1e6 / rate),
        it_wh_per_task: it_watts.map(|watts| watts.get() / rate.tasks_per_hour),
        tok_s_per_facility_mw: facility,
    }
}

fn cost(order: &Order, rate: &Yield) -> Cost {
    let chip = order.chip;
    Cost {
        usd_per_task: rate.rent_per_task(chip).map(Usd::get),
        usd_per_mtok_output: rate.rent_per_million_output_tokens(chip).map(Usd::get),
        usd_per_gpu_hour: rental_rate(chip).map(UsdPerHour::get),
    }
}

/// The quantiles of a latency; all null if there was none.
pub(super) fn quantiles(summary: Option<Summary>) -> Quantiles {
    summary.map_or_else(Quantiles::default, |summary| Quantiles {
        mean: Some(summary.mean),
        p50: Some(summary.p50),
        p90: Some(summary.p90),
        p99: Some(summary.p99),
    })
}
