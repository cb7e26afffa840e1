//! What stands beside the ladder: rooflines, context curves, sources.

use crate::cluster::{Best, Order};
use crate::cost::{Batch, OpTime};
use crate::hardware::Catalog;
use crate::report::{Band, ContextCurve, ContextPoint, Phase, Provenance, Roofline, RooflinePoint};

use super::wall::main_format;
use crate::units::FlopPerSec;

/// Operators with less of the time than this are left out of the roofline.
const VISIBLE_SHARE: f64 = 0.002;

/// Contexts of a curve at most.
const MOST_CONTEXTS: usize = 11;

/// Contexts of the curve, in tokens.
const CONTEXTS: [u32; MOST_CONTEXTS] =
    [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 512_000, 1_000_000];

/// The chip's roofline with the operators of its best run's average decode step and of a full
/// prefill step under it, as far as they take time worth showing.
pub fn roofline(order: &Order, best: &Best) -> Roofline {
    let mut roof = whole_roofline(order, best);
    roof.points.retain(|point| point.time_share > VISIBLE_SHARE);
    roof
}

/// The same with every operator that moves bytes and computes.
pub fn whole_roofline(order: &Order, best: &Best) -> Roofline {
    let engine = order.chip.engine_for(main_format(order.model, order.precision));
    let program = &best.deployment.program;
    let decode = program.price_ops(&average_decode(best));
    let prefill = program.price_ops(&full_prefill(best));
    let steps = [(Phase::Prefill, prefill), (Phase::Decode, decode)];
    let shares = phase_shares(best);
    let points =
        steps.into_iter().zip(shares).flat_map(|((phase, ops), share)| points(phase, &ops, share));
    Roofline {
        chip: order.chip.name.clone(),
        matrix_engine: engine.name().to_owned(),
        peak_flop_s: order.chip.peak(engine).map_or(0.0, FlopPerSec::get),
        peak_band: Band::default(),
        bandwidth_b_s: order.chip.memory.bandwidth.get(),
        bandwidth_band: Band::default(),
        points: points.collect(),
    }
}

/// The operators of one step as points; `share` is its phase's part of all busy time.
fn points(phase: Phase, ops: &[OpTime], share: f64) -> Vec<RooflinePoint> {
    let total: f64 = ops.iter().map(|op| op.time.get()).sum();
    let both = ops.iter().filter_map(|op| {
        let has_both = !op.flops.is_zero() && !op.bytes.is_zero();
        has_both.then(|| RooflinePoint {
            operator: op.name.clone(),
            phase,
            intensity_flop_b: op.flops.get() / op.bytes.get(),
            achieved_flop_s: op.flops.get() / op.time.get(),
            band: Band::default(),
            time_share: share * op.time.get() / total,
        })
    });
    both.collect()
}

/// Prefill's and decode's parts of the busy time.
fn phase_shares(best: &Best) -> [f64; 2] {
    let meter = &best.result.meter;
    let busy = meter.busy().total().get();
    let decode = if busy > 0.0 { meter.decode().total().get() / busy } else { 0.0 };
    [(1.0 - decode).max(0.0), decode.min(1.0)]
}

/// The decode step of the average running batch at the average context.
pub(super) fn average_decode(best: &Best) -> Batch {
    let result = &best.result;
    let steps = result.meter.steps.max(1);
    let sequences = (result.meter.itl.count() / steps).max(1) as u32;
    let requests = result.outcomes.len().max(1) as u64;
    let prompts: u64 = result.outcomes.iter().map(|outcome| u64::from(outcome.prompt)).sum();
    let context = (prompts / requests).max(1) as u32;
    Batch::decoding(sequences, context, best.deployment.program.clips())
}

/// A step that is all prefill, in the middle of an average prompt.
pub(super) fn full_prefill(best: &Best) -> Batch {
    let outcomes = &best.result.outcomes;
    let missed: u64 = outcomes.iter().map(|o| u64::from(o.prompt - o.cached)).sum();
    let prompts: u64 = outcomes.iter().map(|o| u64::from(o.prompt)).sum();
    let requests = outcomes.len().max(1) as u64;
    let new = best.deployment.limits.max_batched_tokens;
    let past = ((prompts - missed) / requests) as u32;
    let mut batch = Batch { logits: 1, ..Batch::default() };
    batch.prefill.add(past, new, best.deployment.program.clips());
    batch
}

/// Speed per user of `batch` sequences as their contexts grow, as far as the KV cache reaches.
pub fn context_curve(order: &Order, best: &Best, batch: u32) -> ContextCurve {
    let deployment = &best.deployment;
    let fits = |context: &u32| {
        u64::from(deployment.limits.pages(*context)) * u64::from(batch) <= deployment.pages
    };
    let points = CONTEXTS.into_iter().take_while(fits).map(|context| {
        let program = &deployment.program;
        let parts = program.price(&Batch::decoding(batch, context, program.clips())).parts;
        ContextPoint {
            context_tokens: u64::from(context),
            tok_s_per_user: 1.0 / parts.total().get(),
            band: Band::default(),
            bound: parts.largest(),
        }
    });
    ContextCurve { chip: order.chip.name.clone(), batch, points: points.collect() }
}

/// Every sourced figure of a chip.
pub fn provenance(catalog: &Catalog, chip: &str) -> Vec<Provenance> {
    let figures = catalog.figures(chip).into_iter().map(|figure| Provenance {
        chip: chip.to_owned(),
        figure: figure.key,
        value: figure.value,
        class: figure.class,
        source: figure.source,
        date: figure.date,
        note: figure.note,
    });
    figures.collect()
}
