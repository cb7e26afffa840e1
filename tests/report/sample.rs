//! A ladder made up for these tests; none of its results were simulated.

use memwall::cost::Bound;
use memwall::hardware::Class;
use memwall::insight::{Use, Uses};
use memwall::report::{
    AblateDocument, Band, ByUse, ChipGains, Claims, ContextCurve, ContextPoint, Elasticity,
    FrontierPoint, Intensity, Interaction, Life, LifeStage, Phase, Provenance, Roofline,
    RooflinePoint, Shares, Slo, TechniqueGains, Turn, WallDocument, WallReport, WallRow,
};

/// Title, class, HBM TB/s and GB, engine, dense PFLOP/s, output tokens/s per GPU, decode's share of
/// HBM bandwidth. The physical figures are the real ones, roughly; the rest is plausible at best.
type Sample = (&'static str, Class, f64, f64, &'static str, f64, f64, f64);

const LADDER: [Sample; 8] = [
    ("H100 SXM", Class::Datasheet, 3.35, 79.6, "fp8", 1.979, 142.3, 0.71),
    ("H200 SXM", Class::Datasheet, 4.8, 139.8, "fp8", 1.979, 214.9, 0.74),
    ("B200 SXM (HGX)", Class::Datasheet, 8.0, 178.4, "fp4", 9.0, 611.2, 0.62),
    ("GB300 (per GPU)", Class::Datasheet, 8.0, 275.9, "fp4", 15.0, 702.8, 0.58),
    ("Rubin R200 (shipping bin)", Class::Reported, 19.7, 275.9, "fp4", 35.0, 1504.0, 0.49),
    ("Rubin R200 (22 TB/s specification)", Class::Estimate, 22.0, 275.9, "fp4", 35.0, 1623.0, 0.47),
    ("Rubin Ultra 384 GB", Class::Reported, 32.0, 384.0, "fp4", 50.0, 2190.0, 0.38),
    ("Rubin Ultra 1 TB (as announced)", Class::Announced, 32.0, 1024.0, "fp4", 100.0, 2614.0, 0.36),
];

pub(super) fn shares(bandwidth: f64, compute: f64, idle: f64) -> Shares {
    let latency = 1.0 - bandwidth - compute - idle - 0.04;
    Shares {
        compute: Some(compute),
        hbm_bandwidth: Some(bandwidth),
        hbm_capacity: Some(0.0),
        interconnect: Some(0.03),
        latency: Some(latency),
        host: Some(0.01),
        idle: Some(idle),
    }
}

fn sample_row(index: usize) -> WallRow {
    let (title, class, tb_s, gb, engine, pflop, output, bound) = LADDER[index];
    let weights = if engine == "fp8" { "fp8" } else { "nvfp4" };
    WallRow {
        system: Some("test-rack".into()),
        gpus: Some(4),
        parallel: Some("tp4".into()),
        concurrency: Some(16 << (index / 2)),
        weights: Some(weights.into()),
        kv: Some("fp8".into()),
        precision: Some(format!("{weights} weights, fp8 KV")),
        hbm_tb_s: Some(tb_s),
        hbm_gb: Some(gb),
        matrix_engine: Some(engine.into()),
        dense_pflop_s: Some(pflop),
        output_tok_s_per_gpu: Some(output),
        total_tok_s_per_gpu: Some(output * 181.0),
        tok_s_per_user_p50: Some(26.0 + 7.1 * index as f64),
        ttft_ms_p50: Some(812.345_678_9 / pflop),
        ttft_ms_p99: Some(6123.4 / pflop),
        tpot_ms_p50: Some(38.1 / (1.0 + index as f64 / 4.0)),
        tpot_ms_p99: Some(71.3 / (1.0 + index as f64 / 4.0)),
        tasks_per_hour_per_gpu: Some(output / 17.0),
        kv_hit_rate: Some(0.927),
        mfu: Some(0.21 / (1.0 + index as f64)),
        mbu: Some(bound * 0.8),
        time_share: shares(bound - 0.23, 0.41, 0.02),
        decode_bound: shares(bound, 0.06, 0.0),
        energy_j_per_output_tok: Some(900.0 / output),
        usd_per_task: Some(0.31 / (1.0 + index as f64 / 2.0)),
        tok_s_per_facility_mw: Some(output / 1.6e-3 / (1.0 + index as f64 / 9.0)),
        band: Band { low: Some(output * 0.9), high: Some(output * (1.08 + index as f64 / 30.0)) },
        elasticity: slopes([0.5, 0.3, 0.2, 0.04, 0.02]),
        elasticity_error: slopes([0.03; 5]),
        intensity: Intensity {
            chip_flop_b: Some(pflop * 1e3 / tb_s),
            task_flop_b: Some(140.0),
            decode_flop_b: Some(21.0),
        },
        life: Some(sample_life(index as f64)),
        turns: (10..=17).map(|power| sample_turn(1 << power, gb)).collect(),
        frontier: (0..6).map(|step| sample_point(output, step)).collect(),
        ..WallRow::unknown(&name(title), title, class)
    }
}

fn slopes([bandwidth, capacity, compute, interconnect, host]: [f64; 5]) -> Elasticity {
    Elasticity {
        hbm_bandwidth: Some(bandwidth),
        hbm_capacity: Some(capacity),
        compute: Some(compute),
        interconnect: Some(interconnect),
        host: Some(host),
    }
}

fn sample_turn(context_tokens: u32, gb: f64) -> Turn {
    let capacity_batch = (gb * 4e6 / f64::from(context_tokens)) as u32;
    let kv_batch = Some(900_000 / context_tokens).filter(|batch| *batch <= capacity_batch);
    let compute_batch = (context_tokens < 3_000).then_some(400);
    let band = |batch: Option<u32>| batch.map_or_else(Band::default, |at| around(f64::from(at)));
    Turn {
        context_tokens,
        kv_batch,
        compute_batch,
        capacity_batch,
        kv_band: band(kv_batch),
        compute_band: band(compute_batch),
        capacity_band: band(Some(capacity_batch)),
    }
}

/// A fifth either way.
fn around(figure: f64) -> Band {
    Band { low: Some(figure * 0.8), high: Some(figure * 1.2) }
}

fn sample_point(output: f64, step: u32) -> FrontierPoint {
    let yields = 1.2 * output / f64::from(1 << step);
    FrontierPoint {
        parallel: format!("tp{}", 8 >> (step / 2)),
        gpus: 8 >> (step / 2),
        concurrency: 256 >> step,
        max_batched_tokens: 2048,
        batch_mean: 12.0,
        tok_s_per_user_p50: 9.0 * f64::from(1 << step),
        output_tok_s_per_gpu: yields,
        tok_s_per_facility_mw: Some(output * 500.0),
        usd_per_task: None,
        ttft_ms_p99: Some(4_000.0 / f64::from(step + 1)),
        meets_slo: step > 1,
        bands: [("output_tok_s_per_gpu", around(yields))].into(),
    }
}

fn name(title: &str) -> String {
    title.to_lowercase().replace([' ', '(', ')', '/'], "-")
}

fn sample_roofline(row: &WallRow) -> Roofline {
    let (peak, bandwidth) = (row.dense_pflop_s.unwrap() * 1e15, row.hbm_tb_s.unwrap() * 1e12);
    let point =
        |operator: &str, phase, intensity: f64, efficiency: f64, time_share| RooflinePoint {
            operator: operator.into(),
            phase,
            intensity_flop_b: intensity,
            achieved_flop_s: (intensity * bandwidth).min(peak) * efficiency,
            band: around((intensity * bandwidth).min(peak) * efficiency),
            time_share,
        };
    Roofline {
        chip: row.chip.clone(),
        matrix_engine: row.matrix_engine.clone().unwrap(),
        peak_flop_s: peak,
        peak_band: around(peak),
        bandwidth_b_s: bandwidth,
        bandwidth_band: around(bandwidth),
        points: vec![
            point("qkv", Phase::Decode, 62.0, 0.71, 0.09),
            point("attention", Phase::Decode, 15.8, 0.82, 0.21),
            point("gate_up", Phase::Decode, 64.0, 0.84, 0.20),
            point("down", Phase::Decode, 63.0, 0.78, 0.11),
            point("lm_head", Phase::Decode, 32.0, 0.66, 0.02),
            point("qkv", Phase::Prefill, 1800.0, 0.61, 0.04),
            point("attention", Phase::Prefill, 940.0, 0.33, 0.09),
            point("gate_up", Phase::Prefill, 2900.0, 0.72, 0.15),
            point("down", Phase::Prefill, 2700.0, 0.69, 0.08),
        ],
    }
}

fn sample_curve(row: &WallRow) -> ContextCurve {
    let bandwidth = row.hbm_tb_s.unwrap();
    let points = (10..=20).map(|power| {
        let context_tokens = 1_u64 << power;
        let kv_tb = 16.0 * context_tokens as f64 * 80e3 / 1e12 / 4.0;
        let tok_s_per_user = 1.0 / (0.006 + (0.018 + kv_tb) / (bandwidth * 0.8));
        let bound = if kv_tb > 0.01 { Bound::HbmBandwidth } else { Bound::Latency };
        let band = Band { low: Some(tok_s_per_user * 0.9), high: Some(tok_s_per_user * 1.1) };
        ContextPoint { context_tokens, tok_s_per_user, band, bound }
    });
    ContextCurve { chip: row.chip.clone(), batch: 16, points: points.collect() }
}

/// Eight chips that ran and one that could not.
pub(super) fn sample() -> WallReport {
    let mut rows: Vec<WallRow> = (0..LADDER.len()).map(sample_row).collect();
    let sources = rows.iter().flat_map(|row| {
        ["memory.stacks", "memory.pin_rate", "compute.dense.fp8", "power.tdp"].map(|figure| {
            Provenance {
                chip: row.chip.clone(),
                figure: figure.into(),
                value: "9.6 Gb/s".into(),
                class: row.class,
                source: "made up for a test, see https://example.org/datasheet.pdf, page 7".into(),
                date: Some("2026-08".into()),
                note: Some("printed figure is 2:4 sparse, halved".into()),
            }
        })
    });
    let provenance = sources.collect();
    let rooflines = rows.iter().map(sample_roofline).collect();
    let context_curves = rows.iter().map(sample_curve).collect();
    let reason = "the weights take 141 GB of 7.5 GB usable on one chip";
    rows.insert(
        4,
        WallRow {
            reason: Some(reason.into()),
            ..WallRow::unknown("tiny", "Tiny L4", Class::Datasheet)
        },
    );
    let document = WallDocument {
        model: "llama-3.1-70b".into(),
        workload: "agentic-coding".into(),
        cost: "calibrated".into(),
        engine_profile: "vllm".into(),
        precision: "native".into(),
        seed: 7,
        slo: Slo { ttft_ms_p99: Some(10_000.0), tpot_ms_p50: Some(50.0), ..Slo::default() },
        rows,
        ablation: Some(studied()),
        warnings: vec!["fewer than 1,000 requests stand behind the p99 of Tiny L4".into()],
        ..WallDocument::default()
    };
    WallReport { document, rooflines, context_curves, provenance }
}

/// A life of two stages.
fn sample_life(index: f64) -> Life {
    let waiting = Uses::default().plus(Use::Tool, 900.0).plus(Use::Human, 4000.0);
    let before = waiting.plus(Use::Capacity, 300.0 / (1.0 + index)).plus(Use::Host, 12.0);
    let batch = Uses::default().plus(Use::Kv, 400.0).plus(Use::Weights, 200.0);
    let decode = batch.plus(Use::Compute, 300.0).plus(Use::Latency, 100.0);
    let stage = |from: u32, to: Option<u32>, calls: f64| LifeStage {
        context_tokens_from: from,
        context_tokens_to: to,
        calls_per_task: calls,
        before_s: ByUse(before),
        prefill_s: ByUse(batch),
        decode_s: ByUse(decode),
    };
    let by_context = vec![
        stage(0, Some(8_000), 20.0),
        stage(8_000, Some(16_000), 0.0),
        stage(16_000, None, 60.0),
    ];
    let all = by_context.iter().fold(Uses::default(), |sum, stage| {
        let parts = [&stage.before_s.0, &stage.prefill_s.0, &stage.decode_s.0];
        Use::ALL.into_iter().fold(sum, |sum, what| {
            parts.iter().fold(sum, |sum, part| sum.plus(what, part.get(what)))
        })
    });
    let small = Use::ALL.into_iter().fold(Uses::default(), |sum, what| sum.plus(what, 0.01));
    Life {
        seconds_per_task: all.total(),
        elapsed_s_per_task: Some(all.total() * 0.9),
        agents_at_work: 17.0,
        seconds_per_task_error: Some(120.0),
        calls_seen: 5000,
        share: ByUse(all.shares()),
        share_error: Some(ByUse(small)),
        by_context,
        by_call: Vec::new(),
    }
}

fn claims() -> Claims {
    Claims {
        source: "a memo".into(),
        together: [3.0, 8.0],
        techniques: vec!["kv-precision".into(), "bigger-batches".into()],
        holding: 1,
        found: Some(2.4),
        found_error: Some(0.04),
        holds: Some(false),
    }
}

/// A study of two techniques on the first chip.
pub(super) fn studied() -> AblateDocument {
    let technique = |name: &str, alone: f64, last: f64, claim| TechniqueGains {
        chip: "h100-sxm".into(),
        name: name.into(),
        alone: Some(alone),
        alone_error: Some(0.05),
        last: Some(last),
        last_error: Some(0.03),
        shapley: Some((alone * last).sqrt()),
        shapley_error: Some(0.02),
        claim,
        claim_holds: claim.map(|[low, high]: [f64; 2]| (low..=high).contains(&alone)),
        with: "with it".into(),
        without: "without it".into(),
        class: "built",
        reason: None,
    };
    let interactions = vec![Interaction {
        chip: "h100-sxm".into(),
        first: "kv-precision".into(),
        second: "bigger-batches".into(),
        alone: Some(0.9),
        mean: Some(0.8),
        mean_error: Some(0.02),
    }];
    AblateDocument {
        schema: AblateDocument::SCHEMA,
        model: "llama-3.1-70b".into(),
        workload: "agentic-coding".into(),
        cost: "calibrated".into(),
        engine_profile: "vllm".into(),
        seed: 0,
        repeats: 2,
        measure: "best_load",
        concurrency: None,
        slo: Slo::default(),
        chips: vec![ChipGains {
            chip: "h100-sxm".into(),
            title: "H100 SXM".into(),
            none_output_tok_s_per_gpu: Some(10.0),
            all_output_tok_s_per_gpu: Some(24.0),
            best_output_tok_s_per_gpu: Some(24.0),
            best_with: vec!["kv-precision".into(), "bigger-batches".into()],
            joint: Some(2.4),
            joint_error: Some(0.04),
            product_alone: Some(3.0),
            product_last: Some(1.92),
            orders: 2.0,
            needed: Vec::new(),
            hopeless: Vec::new(),
            claims: claims(),
            reason: None,
        }],
        techniques: vec![
            technique("kv-precision", 1.5, 1.2, Some([1.2, 2.0])),
            technique("bigger-batches", 2.0, 1.6, None),
        ],
        interactions,
        left_out: Vec::new(),
        configurations: Vec::new(),
        assumptions: Vec::new(),
        warnings: Vec::new(),
    }
}

/// A name that tries to leave every context it stands in.
const HOSTILE: &str = "</script><img src=x onerror=alert(1)><a href='javascript:1'>&quot;\u{1b}[2J";

pub(super) fn hostile() -> WallReport {
    let mut report = sample();
    report.document.model = HOSTILE.into();
    report.document.rows[0].title = HOSTILE.into();
    report.document.rows[4].reason = Some(HOSTILE.into());
    report.document.warnings.push(HOSTILE.into());
    report.rooflines[0].points[0].operator = HOSTILE.into();
    report.provenance[0].source = HOSTILE.into();
    report
}
