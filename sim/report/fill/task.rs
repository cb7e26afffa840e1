//! A run's average task in tokens, dollars, joules and time.

use crate::cluster::{Order, RunResult};
use crate::cost::Bound;
use crate::des::quantile;
use crate::economics::{Activity, ApiPrice, Basis, BilledTokens, EnergyUse, PowerModel};
use crate::report::{
    ApiCost, Deadline, KindPrices, PowerReport, Quantiles, RunDocument, TaskCost, TaskJoules,
    TaskTokens,
};
use crate::serving::Meter;
use crate::units::{Bytes, Joules, Seconds, SimSpan};

/// Equal replicas, and what they did.
#[derive(Clone, Copy)]
pub struct Used<'a> {
    /// What each was ordered as.
    pub order: &'a Order<'a>,
    /// How many.
    pub replicas: u32,
    /// Measurements of all of them together.
    pub meter: &'a Meter,
}

/// How tasks are paid for.
#[derive(Clone, Copy)]
pub struct Paid<'a> {
    /// How chips are.
    pub basis: &'a Basis,
    /// An API's price, to show beside it.
    pub api: Option<&'a ApiPrice>,
    /// Share of tasks that are completed; the others are paid for as well.
    pub success: f64,
    /// How long a task may take, where that is asked.
    pub deadline: Option<SimSpan>,
    /// How long KV is kept, where that is asked.
    pub ttl: Option<SimSpan>,
}

impl Used<'_> {
    fn gpus(&self) -> f64 {
        f64::from(self.order.plan.gpus() * self.replicas)
    }

    fn hourly(&self, basis: &Basis) -> Option<f64> {
        Some(basis.hourly(self.order.chip)?.get() * self.gpus())
    }
}

/// Puts what `result`, of replicas as they were `used`, cost into `document`: the cost of a
/// completed task, and all dollars.
pub fn fill_task(document: &mut RunDocument, used: &[Used], result: &RunResult, paid: &Paid) {
    let hours = result.window.seconds().get() / 3600.0;
    let gpus: f64 = used.iter().map(Used::gpus).sum();
    let tasks = result.tasks_per_hour() * hours * paid.success;
    let per_task = |total: f64| (tasks > 0.0).then(|| total / tasks);
    let hourly: Option<f64> = used.iter().map(|used| used.hourly(paid.basis)).sum();
    let usd = hourly.map(|hourly| hourly * hours);
    let tokens = result.meter.tokens;
    let usd_per_task = usd.and_then(per_task);
    document.cost.usd_per_task = usd_per_task;
    document.energy.it_wh_per_task = document.energy.it_wh_per_task.map(|wh| wh / paid.success);
    document.cost.usd_per_gpu_hour = hourly.map(|hourly| hourly / gpus);
    document.cost.usd_per_mtok_output = per_million(usd, tokens.output);
    let in_vain = (tokens.prompt + tokens.output) as f64 * (1.0 - paid.success);
    document.task = TaskCost {
        basis: paid.basis.name(),
        attempts: 1.0 / paid.success,
        calls: (result.calls_per_task > 0.0).then(|| result.calls_per_task / paid.success),
        tokens: TaskTokens {
            prompt: per_task(tokens.prompt as f64),
            cached: per_task(tokens.cached as f64),
            fresh: per_task(tokens.prompt.saturating_sub(tokens.cached) as f64),
            wasted: per_task(tokens.recomputed as f64),
            failed: per_task(in_vain),
            output: per_task(tokens.output as f64),
        },
        wall_s: wall_s(&result.task_spans),
        deadline: paid.deadline.map(|deadline| {
            let met = result.within(deadline);
            Deadline {
                deadline_s: deadline.seconds().get(),
                met: met.map(|met| met.share),
                tasks_per_hour: met.map(|met| met.per_hour),
            }
        }),
        gpu_s: per_task(hours * 3600.0 * gpus),
        usd: usd_per_task,
        usd_per_hour: hourly,
        usd_per_mtok: by_kind(used, result, (hours, usd), paid.basis),
        joules: joules(used, result, &per_task),
        api: paid.api.map(|price| api_cost((price, paid.ttl), result, usd_per_task, &per_task)),
    };
    fill_attempts(document, used, (paid.basis, hours), tasks);
    document.power = power(used, result);
}

/// What a first attempt costs and what an escalation adds; the better model is used last.
fn fill_attempts(
    document: &mut RunDocument,
    used: &[Used],
    (basis, hours): (&Basis, f64),
    tasks: f64,
) {
    let escalation = document.fleet.as_mut().and_then(|fleet| fleet.escalation.as_mut());
    let (Some(escalation), Some((better, first))) = (escalation, used.split_last()) else {
        return;
    };
    let share = escalation.escalated as f64 / escalation.tasks.max(1) as f64;
    let per = |usd: f64, count: f64| (count > 0.0).then(|| usd * hours / count);
    let first: Option<f64> = first.iter().map(|used| used.hourly(basis)).sum();
    escalation.usd_per_attempt = first.and_then(|usd| per(usd, tasks));
    escalation.usd_per_escalation = better.hourly(basis).and_then(|usd| per(usd, tasks * share));
}

/// What a power cap did to the replicas that have one.
pub(super) fn power(used: &[Used], result: &RunResult) -> Option<PowerReport> {
    let cap = used.iter().find_map(|used| used.order.ways.power)?.cap.get();
    let (model, window) = (PowerModel::embedded(), result.window.seconds());
    let (mut busy, mut slow, mut lost, mut joules, mut gpus) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for used in used {
        let throttled = used.meter.throttled();
        busy += used.meter.busy().total().get();
        slow += throttled.slow.get();
        lost += throttled.lost.get();
        let each = energy(&model, used, window)?;
        joules += (each.it().get() - each.host.get()) * used.gpus();
        gpus += used.gpus();
    }
    let share = |part: f64| if busy > 0.0 { part / busy } else { 0.0 };
    let output = result.meter.tokens.output as f64;
    Some(PowerReport {
        cap_w: cap,
        chip_w: joules / gpus / window.get(),
        throttled_share: share(slow),
        lost_share: share(lost),
        chip_j_per_output_tok: (output > 0.0).then(|| joules / output),
    })
}

/// The time of tasks that began and ended within the window.
pub(super) fn wall_s(spans: &[SimSpan]) -> Quantiles {
    let mut spans = spans.to_vec();
    spans.sort_unstable();
    let spans: Vec<f64> = spans.into_iter().map(|span| span.seconds().get()).collect();
    let at = |share: f64| quantile(&spans, share);
    let mean = (!spans.is_empty()).then(|| spans.iter().sum::<f64>() / spans.len() as f64);
    Quantiles { mean, p50: at(0.5), p90: at(0.9), p99: at(0.99) }
}

fn per_million(usd: Option<f64>, tokens: u64) -> Option<f64> {
    usd.filter(|_| tokens > 0).map(|usd| usd * 1e6 / tokens as f64)
}

fn by_kind(
    used: &[Used],
    result: &RunResult,
    (hours, usd): (f64, Option<f64>),
    basis: &Basis,
) -> KindPrices {
    let tokens = result.meter.tokens;
    // Each kind of replica by its own time; in dollars, since chips differ in price.
    let parts = used.iter().map(|used| {
        let (busy, decode) = (used.meter.busy().total().get(), used.meter.decode().total().get());
        let decode = if busy > 0.0 { (decode / busy).min(1.0) } else { 0.0 };
        let usd = used.hourly(basis)? * hours;
        Some([usd * (1.0 - decode), usd * decode])
    });
    let parts: Option<Vec<[f64; 2]>> = parts.collect();
    let part = |of: usize| parts.as_ref().map(|parts| parts.iter().map(|part| part[of]).sum());
    KindPrices {
        fresh: per_million(part(0), tokens.prefilled),
        output: per_million(part(1), tokens.output),
        blended: per_million(usd, tokens.prompt + tokens.output),
    }
}

/// The sum over all chips; unknown if it is of any.
fn joules(used: &[Used], result: &RunResult, per_task: &impl Fn(f64) -> Option<f64>) -> TaskJoules {
    let model = PowerModel::embedded();
    let of_all = |used: &Used| Some((energy(&model, used, result.window.seconds())?, used.gpus()));
    let Some(parts) = used.iter().map(of_all).collect::<Option<Vec<_>>>() else {
        return TaskJoules::default();
    };
    let of = |part: fn(&EnergyUse) -> Joules| {
        per_task(parts.iter().map(|(each, gpus)| part(each).get() * gpus).sum())
    };
    let it = of(EnergyUse::it);
    TaskJoules {
        idle: of(|used| used.idle),
        compute: of(|used| used.compute),
        memory: of(|used| used.memory),
        links: of(|used| used.links),
        host: of(|used| used.host),
        it,
        facility: it.map(|joules| joules * model.pue()),
    }
}

/// What one chip of `used` takes on average.
fn energy(model: &PowerModel, used: &Used, window: Seconds) -> Option<EnergyUse> {
    let Used { order, replicas, meter } = used;
    // A rank does one stage of what is counted for the whole pass.
    let share = 1.0 / (f64::from(order.plan.pp) * f64::from((*replicas).max(1)));
    let work = meter.work();
    let activity = Activity {
        window,
        engine: order.chip.engine_for(order.model.main_format(order.precision)),
        // Lower clocks take less for an operation.
        flop: work.flop.saturating_sub(meter.throttled().spared) * share,
        traffic: work.traffic * share,
        sent: sent(used) * (1.0 / f64::from((*replicas).max(1))),
    };
    match &order.ways.power {
        Some(envelope) => Some(model.energy_by(envelope, order.chip, &activity)),
        None => model.energy(order.chip, &activity),
    }
}

/// What a chip of each replica sent at most, all together: its link's rate in the time that went to
/// links.
fn sent(used: &Used) -> Bytes {
    let busy = used.meter.busy();
    let links = Bound::ALL.iter().position(|&bound| bound == Bound::Interconnect);
    let time = links.map_or(0.0, |at| busy.shares()[at] * busy.total().get());
    let rate = used.order.chip.scale_up.as_ref().map(|link| link.bandwidth);
    rate.filter(|_| time.is_finite()).map_or(Bytes::ZERO, |rate| rate * Seconds::new(time))
}

/// The shorter of the two times for which APIs keep a prompt that is cached.
const SHORT_TTL: SimSpan = SimSpan::from_ms(300_000);

/// An agent writes to a cache what it does not find there; it pays for an hour where five minutes
/// are not enough.
fn api_cost(
    (price, ttl): (&ApiPrice, Option<SimSpan>),
    result: &RunResult,
    silicon: Option<f64>,
    per_task: &impl Fn(f64) -> Option<f64>,
) -> ApiCost {
    let tokens = result.meter.tokens;
    let written = tokens.prompt.saturating_sub(tokens.cached);
    let is_long = ttl.is_some_and(|ttl| ttl > SHORT_TTL);
    let (cache_write, cache_write_1h) = if is_long { (0, written) } else { (written, 0) };
    let billed = BilledTokens {
        cache_write,
        cache_write_1h,
        cache_read: tokens.cached,
        output: tokens.output,
        ..BilledTokens::default()
    };
    let calls = (result.outcomes.len() as u64).max(1);
    let usd = per_task(price.rates_for(tokens.prompt / calls).cost(&billed).get());
    ApiCost {
        model: price.model.clone(),
        usd_per_task: usd,
        silicon_share: silicon.zip(usd.filter(|usd| *usd > 0.0)).map(|(own, api)| own / api),
    }
}
