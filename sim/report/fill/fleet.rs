//! A fleet's figures in the document of its run.

use crate::cluster::{Deployment, FleetFigures, Order, PoolFigures, RunResult};
use crate::cost::{Bound, Breakdown};
use crate::economics::rental_rate;
use crate::report::{
    Cost, Energy, EscalationReport, FailedParts, FaultReport, FleetReport, HandoffReport, KvCache,
    NicReport, PoolReport, RunDocument, Shares, Throughput, ToolReport,
};
use crate::units::{Seconds, SimSpan, UsdPerHour, Watts};

use super::run::{fill_run, quantiles, ranks};
use super::task::wall_s;

/// One pool as it was asked for: its role, order and deployment, and its router's policy.
#[derive(Clone, Copy)]
pub struct Pool<'a> {
    /// `serve`, `decode`, `prefill` or `better`.
    pub role: &'static str,
    /// What was ordered.
    pub order: &'a Order<'a>,
    /// What it became.
    pub deployment: &'a Deployment,
    /// The policy of its router.
    pub routing: &'static str,
}

/// What carries KV from pool to pool.
#[derive(Clone, Debug, Default)]
pub struct Wire {
    /// The fabric's name, `network`, or `given`.
    pub name: String,
    /// What one prefill replica can send, and one decode replica receive, in GB/s.
    pub gb_s: [f64; 2],
}

impl Wire {
    /// Whether it is made of NICs, and not of the links of one domain.
    pub fn has_nics(&self) -> bool {
        matches!(self.name.as_str(), "network" | "given")
    }
}

/// Fills a document with what a fleet measured; names and warnings are the caller's.
///
/// # Panics
/// If there is no pool.
pub fn fill_fleet(
    pools: &[Pool],
    result: &RunResult,
    figures: &FleetFigures,
    wire: &Wire,
) -> RunDocument {
    let first = &pools[0];
    let measured: Vec<_> = pools.iter().zip(&figures.pools).collect();
    let gpus: u32 = measured.iter().map(|(pool, f)| pool.order.plan.gpus() * f.replicas).sum();
    let whole = fill_run(first.order, first.deployment, result);
    let window = result.window.seconds().get();
    let rows = measured.iter().map(|(pool, figures)| pool_report(pool, figures, result));
    let rows: Vec<PoolReport> = rows.collect();
    RunDocument {
        replicas: figures.pools[0].replicas,
        throughput: Throughput {
            output_tok_s_per_gpu: whole.throughput.output_tok_s.map(|rate| rate / f64::from(gpus)),
            ..whole.throughput
        },
        kv: kv_cache(&whole.kv, first, &figures.pools[0]),
        time_share: time_share(&measured, result),
        energy: energy(&measured, result),
        cost: cost(&measured, result, gpus),
        fleet: Some(FleetReport {
            gpus,
            pools: rows,
            handoff: figures.handoff.map(|handoff| HandoffReport {
                link: wire.name.clone(),
                send_gb_s: wire.gb_s[0],
                receive_gb_s: wire.gb_s[1],
                prompts: handoff.count,
                local_prompts: handoff.local,
                sent_gb: handoff.bytes.get() / 1e9,
                spared_tokens: handoff.spared_tokens,
                wait_ms: quantiles(handoff.wait),
                transfer_ms: quantiles(handoff.transfer),
            }),
            faults: figures.faults.map(|faults| FaultReport {
                failures: faults.failures,
                parts: None,
                migrated_requests: faults.migrated,
                lost_tokens: faults.lost_tokens,
                down_s: faults.down_s,
                degraded_s: faults.degraded_s,
                nics: faults.nics.map(|nics| NicReport {
                    restarted_handoffs: nics.restarted,
                    resent_gb: nics.resent.get() / 1e9,
                    rerouted_handoffs: nics.rerouted,
                    narrow_s: nics.narrow_s,
                }),
            }),
            tools: figures.tools.map(|tools| ToolReport {
                cores: tools.cores,
                calls: tools.calls,
                busy_fraction: (window > 0.0)
                    .then(|| (tools.busy_s / window / f64::from(tools.cores)).min(1.0)),
                wait_ms: quantiles(tools.wait),
            }),
            escalation: None,
        }),
        ..whole
    }
}

/// Puts which parts failed at drawn times into `document`.
pub fn fill_parts(document: &mut RunDocument, figures: &FleetFigures) {
    let faults = document.fleet.as_mut().and_then(|fleet| fleet.faults.as_mut());
    if let (Some(report), Some(measured)) = (faults, figures.faults) {
        let [chips, stacks, links, nics] = measured.parts;
        report.parts = Some(FailedParts { chips, stacks, links, nics });
    }
}

/// Puts what a better model did into `document`, whose last pool is its own.
pub fn fill_escalation(document: &mut RunDocument, better: &Order, rate: f64, result: &RunResult) {
    let Some(fleet) = &mut document.fleet else { return };
    let pool = fleet.pools.pop().unwrap_or_default();
    let first = first_spans(result);
    fleet.escalation = Some(EscalationReport {
        model: better.model.name.clone(),
        rate,
        tasks: result.tasks.started,
        escalated: result.tasks.escalated,
        pool,
        first_wall_s: wall_s(&first),
        escalated_wall_s: wall_s(&result.escalated_spans),
        ..EscalationReport::default()
    });
}

/// What tasks took that did not go on.
fn first_spans(result: &RunResult) -> Vec<SimSpan> {
    let mut escalated = result.escalated_spans.iter().peekable();
    // Both lists are in order of time: what is in the second stands in the first.
    let own = |span: &&SimSpan| escalated.next_if(|next| next == span).is_none();
    result.task_spans.iter().filter(own).copied().collect()
}

fn pool_report(pool: &Pool, figures: &PoolFigures, result: &RunResult) -> PoolReport {
    let window = result.window.seconds().get();
    let gpus = f64::from(pool.order.plan.gpus() * figures.replicas);
    let per_gpu = |count: u64| (window > 0.0).then(|| count as f64 / window / gpus);
    let [least, most] = [figures.sent.iter().min(), figures.sent.iter().max()];
    let pages = figures.kv_pages;
    PoolReport {
        role: pool.role,
        chip: pool.order.chip.name.clone(),
        plan: pool.order.plan.to_string(),
        replicas: figures.replicas,
        gpus: pool.order.plan.gpus(),
        routing: pool.routing,
        requests_per_replica: [least, most].map(|count| count.copied().unwrap_or(0)),
        hit_rate: figures.routing.hit_rate(),
        prefilled_tok_s_per_gpu: per_gpu(figures.meter.tokens.prefilled),
        output_tok_s_per_gpu: per_gpu(figures.meter.tokens.output),
        peak_used_fraction: (pages > 0)
            .then(|| figures.meter.peak_held_pages as f64 / pages as f64),
        evicted_pages: figures.evicted_pages,
        time_share: Shares::from(&time(figures, result)),
        ranks: figures.ranks.as_ref().map(ranks),
    }
}

/// The time of all replicas of a pool, idle time included.
fn time(figures: &PoolFigures, result: &RunResult) -> Breakdown {
    let busy = figures.meter.busy();
    let window = result.window.seconds() * f64::from(figures.replicas);
    busy + Breakdown::of(Bound::Idle, window.saturating_sub(busy.total()))
}

type Measured<'a> = (&'a Pool<'a>, &'a PoolFigures);

/// Shares of the time of all chips.
fn time_share(pools: &[Measured], result: &RunResult) -> Shares {
    let mut sum = Breakdown::default();
    for (pool, figures) in pools {
        let chips = f64::from(pool.order.plan.gpus());
        let time = time(figures, result);
        for bound in Bound::ALL {
            sum += Breakdown::of(bound, Seconds::new(time[bound] * chips));
        }
    }
    Shares::from(&sum)
}

/// The cache of one replica of the first pool; evictions and hits are those of the fleet.
fn kv_cache(whole: &KvCache, pool: &Pool, figures: &PoolFigures) -> KvCache {
    let pages = figures.kv_pages;
    KvCache {
        pages: pool.deployment.pages,
        peak_used_fraction: (pages > 0)
            .then(|| figures.meter.peak_held_pages as f64 / pages as f64),
        ..whole.clone()
    }
}

/// A sum over all chips of a figure that each of them must have.
fn over_chips(pools: &[Measured], figure: impl Fn(&Order) -> Option<f64>) -> Option<f64> {
    let parts = pools.iter().map(|(pool, figures)| {
        let chips = f64::from(pool.order.plan.gpus() * figures.replicas);
        figure(pool.order).map(|each| each * chips)
    });
    parts.sum()
}

fn energy(pools: &[Measured], result: &RunResult) -> Energy {
    let rate = result.output_tok_s();
    let it = over_chips(pools, |order| order.chip.power.it.map(Watts::get));
    let facility = over_chips(pools, |order| order.chip.power.facility.map(Watts::get));
    let tasks = result.tasks_per_hour();
    let per_token = |watts: Option<f64>| watts.filter(|_| rate > 0.0).map(|watts| watts / rate);
    Energy {
        it_j_per_output_tok: per_token(it),
        facility_j_per_output_tok: per_token(facility),
        it_wh_per_task: it.filter(|_| tasks > 0.0).map(|watts| watts / tasks),
        tok_s_per_facility_mw: facility.filter(|&watts| watts > 0.0).map(|w| rate * 1e6 / w),
    }
}

fn cost(pools: &[Measured], result: &RunResult, gpus: u32) -> Cost {
    let hourly = over_chips(pools, |order| rental_rate(order.chip).map(UsdPerHour::get));
    let (rate, tasks) = (result.output_tok_s(), result.tasks_per_hour());
    Cost {
        usd_per_task: hourly.filter(|_| tasks > 0.0).map(|usd| usd / tasks),
        usd_per_mtok_output: hourly.filter(|_| rate > 0.0).map(|usd| usd / 3600.0 / rate * 1e6),
        usd_per_gpu_hour: hourly.map(|usd| usd / f64::from(gpus)),
    }
}
