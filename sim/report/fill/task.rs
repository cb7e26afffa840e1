//! A run's average task in tokens, dollars, joules and time.

use crate::cluster::{Order, RunResult};
use crate::cost::Bound;
use crate::economics::{Activity, ApiPrice, Basis, BilledTokens, PowerModel};
use crate::report::{
    ApiCost, KindPrices, Quantiles, RunDocument, TaskCost, TaskJoules, TaskTokens,
};
use crate::units::{Bytes, Joules, Seconds};

use super::wall::main_format;

/// Puts what `result` cost into `document`: the cost of a task, and all dollars on `basis`.
pub fn fill_task(
    document: &mut RunDocument,
    order: &Order,
    result: &RunResult,
    basis: &Basis,
    api: Option<&ApiPrice>,
) {
    let hours = result.window.seconds().get() / 3600.0;
    let gpus = f64::from(order.plan.gpus());
    let tasks = result.tasks_per_hour() * hours;
    let per_task = |total: f64| (tasks > 0.0).then(|| total / tasks);
    let hourly = basis.hourly(order.chip).map(|rate| rate.get() * gpus);
    let usd = hourly.map(|hourly| hourly * hours);
    let tokens = result.meter.tokens;
    let usd_per_task = usd.and_then(per_task);
    document.cost.usd_per_task = usd_per_task;
    document.cost.usd_per_gpu_hour = hourly.map(|hourly| hourly / gpus);
    document.cost.usd_per_mtok_output = per_million(usd, tokens.output);
    document.task = TaskCost {
        basis: basis.name(),
        calls: (result.calls_per_task > 0.0).then_some(result.calls_per_task),
        tokens: TaskTokens {
            prompt: per_task(tokens.prompt as f64),
            cached: per_task(tokens.cached as f64),
            fresh: per_task(tokens.prompt.saturating_sub(tokens.cached) as f64),
            wasted: per_task(tokens.recomputed as f64),
            output: per_task(tokens.output as f64),
        },
        wall_s: wall_s(result),
        gpu_s: per_task(hours * 3600.0 * gpus),
        usd: usd_per_task,
        usd_per_hour: hourly,
        usd_per_mtok: by_kind(usd, result),
        joules: joules(order, result, &per_task),
        api: api.map(|price| api_cost(price, result, usd_per_task, &per_task)),
    };
}

/// The time of tasks that began and ended within the window.
fn wall_s(result: &RunResult) -> Quantiles {
    let mut spans: Vec<f64> = result.task_spans.iter().map(|span| span.seconds().get()).collect();
    if spans.is_empty() {
        return Quantiles::default();
    }
    spans.sort_by(f64::total_cmp);
    let at = |share: f64| spans[((spans.len() - 1) as f64 * share).round() as usize];
    Quantiles {
        mean: Some(spans.iter().sum::<f64>() / spans.len() as f64),
        p50: Some(at(0.5)),
        p90: Some(at(0.9)),
        p99: Some(at(0.99)),
    }
}

fn per_million(usd: Option<f64>, tokens: u64) -> Option<f64> {
    usd.filter(|_| tokens > 0).map(|usd| usd * 1e6 / tokens as f64)
}

fn by_kind(usd: Option<f64>, result: &RunResult) -> KindPrices {
    let meter = &result.meter;
    let (busy, decode) = (meter.busy().total().get(), meter.decode().total().get());
    let prefill = if busy > 0.0 { (1.0 - decode / busy).max(0.0) } else { 0.0 };
    let part = |share: f64| usd.filter(|_| busy > 0.0).map(|usd| usd * share);
    KindPrices {
        fresh: per_million(part(prefill), meter.tokens.prefilled),
        output: per_million(part(1.0 - prefill), meter.tokens.output),
        blended: per_million(usd, meter.tokens.prompt + meter.tokens.output),
    }
}

fn joules(order: &Order, result: &RunResult, per_task: &impl Fn(f64) -> Option<f64>) -> TaskJoules {
    let (model, chip) = (PowerModel::embedded(), order.chip);
    let stages = f64::from(order.plan.pp);
    let work = result.meter.work();
    let activity = Activity {
        window: result.window.seconds(),
        engine: chip.engine_for(main_format(order.model, order.precision)),
        // A rank does one stage of what is counted for the whole pass.
        flop: work.flop / stages,
        traffic: work.traffic / stages,
        sent: sent(order, result),
    };
    let Some(used) = model.energy(chip, &activity) else { return TaskJoules::default() };
    let gpus = f64::from(order.plan.gpus());
    let of = |energy: Joules| per_task(energy.get() * gpus);
    TaskJoules {
        idle: of(used.idle),
        compute: of(used.compute),
        memory: of(used.memory),
        links: of(used.links),
        host: of(used.host),
        it: of(used.it()),
        facility: of(used.it() * model.pue()),
    }
}

/// What a chip sent at most: its link's rate in the time that went to links.
fn sent(order: &Order, result: &RunResult) -> Bytes {
    let busy = result.meter.busy();
    let links = Bound::ALL.iter().position(|&bound| bound == Bound::Interconnect);
    let time = links.map_or(0.0, |at| busy.shares()[at] * busy.total().get());
    let rate = order.chip.scale_up.as_ref().map(|link| link.bandwidth);
    rate.filter(|_| time.is_finite()).map_or(Bytes::ZERO, |rate| rate * Seconds::new(time))
}

/// An agent writes to a cache what it does not find there.
fn api_cost(
    price: &ApiPrice,
    result: &RunResult,
    silicon: Option<f64>,
    per_task: &impl Fn(f64) -> Option<f64>,
) -> ApiCost {
    let tokens = result.meter.tokens;
    let billed = BilledTokens {
        cache_write: tokens.prompt.saturating_sub(tokens.cached),
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
