//! The report layer from outside: the documents' keys, the table's width, and the page in a real
//! browser. The ladder below is made up for these tests; none of its results were simulated.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use memwall::cost::Bound;
use memwall::hardware::Class;
use memwall::report::{
    Band, ContextCurve, ContextPoint, Phase, Provenance, Quantiles, Roofline, RooflinePoint,
    RunDocument, Shares, Slo, WallDocument, WallReport, WallRow, render_run, render_wall_page,
    render_wall_table, to_json,
};
use serde_json::Value;

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

fn shares(bandwidth: f64, compute: f64, idle: f64) -> Shares {
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
        time_share: shares(bound - 0.2, 0.41, 0.02),
        decode_bound: shares(bound, 0.06, 0.0),
        energy_j_per_output_tok: Some(900.0 / output),
        usd_per_task: Some(0.31 / (1.0 + index as f64 / 2.0)),
        tok_s_per_facility_mw: Some(output / 1.6e-3 / (1.0 + index as f64 / 9.0)),
        band: Band { low: Some(output * 0.9), high: Some(output * (1.08 + index as f64 / 30.0)) },
        ..WallRow::unknown(&name(title), title, class)
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
            time_share,
        };
    Roofline {
        chip: row.chip.clone(),
        matrix_engine: row.matrix_engine.clone().unwrap(),
        peak_flop_s: peak,
        bandwidth_b_s: bandwidth,
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
        ContextPoint { context_tokens, tok_s_per_user, bound }
    });
    ContextCurve { chip: row.chip.clone(), batch: 16, points: points.collect() }
}

/// Eight chips that ran and one that could not.
fn sample() -> WallReport {
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
        slo: Slo { ttft_ms_p99: Some(10_000.0), tpot_ms_p50: Some(50.0) },
        rows,
        warnings: vec!["fewer than 1,000 requests stand behind the p99 of Tiny L4".into()],
        ..WallDocument::default()
    };
    WallReport { document, rooflines, context_curves, provenance }
}

const SHARE_KEYS: &str = "compute hbm_bandwidth hbm_capacity interconnect latency host idle";

/// Every path that each row of a wall document has.
fn promised_paths() -> Vec<String> {
    let flat = "chip system gpus parallel class output_tok_s_per_gpu total_tok_s_per_gpu \
        tok_s_per_user_p50 ttft_ms_p50 ttft_ms_p99 tpot_ms_p50 tpot_ms_p99 tasks_per_hour_per_gpu \
        kv_hit_rate mfu mbu energy_j_per_output_tok usd_per_task tok_s_per_facility_mw title \
        concurrency weights kv precision hbm_tb_s hbm_gb reason";
    let nested = [
        ("time_share", SHARE_KEYS),
        ("decode_bound", SHARE_KEYS),
        ("elasticity", "hbm_bandwidth hbm_capacity compute interconnect host"),
        ("band", "low high"),
    ];
    let below = nested.iter().flat_map(|(group, keys)| {
        keys.split_whitespace().map(move |key| format!("/{group}/{key}"))
    });
    flat.split_whitespace().map(|key| format!("/{key}")).chain(below).collect()
}

#[test]
fn every_row_has_every_promised_key_whether_the_model_fits_or_not() {
    let json: Value = serde_json::from_str(&to_json(&sample().document)).unwrap();
    assert_eq!(json["schema"], "memwall.wall/1");
    let rows = json["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 9);
    for row in rows {
        for path in promised_paths() {
            assert!(row.pointer(&path).is_some(), "{} lacks {path}", row["chip"]);
        }
        let ran = row["reason"].is_null();
        assert_eq!(row["output_tok_s_per_gpu"].is_number(), ran, "{}", row["chip"]);
        for group in ["time_share", "decode_bound"] {
            let parts = row[group].as_object().unwrap().values();
            let sum: f64 = parts.filter_map(Value::as_f64).sum();
            assert!((sum - f64::from(u8::from(ran))).abs() < 1e-5, "{group} sums to {sum}");
        }
    }
}

#[test]
fn numbers_in_json_have_six_digits_at_most() {
    let json: Value = serde_json::from_str(&to_json(&sample().document)).unwrap();
    assert_eq!(json["rows"][0]["ttft_ms_p50"].to_string(), "410.483");
    assert_eq!(json["rows"][0]["class"], "datasheet");
}

#[test]
fn the_table_keeps_within_its_width_and_names_what_it_drops() {
    let document = sample().document;
    for width in [60, 80, 100, 120, 160] {
        let text = render_wall_table(&document, width);
        println!("{text}");
        for line in text.lines() {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
        assert!(text.contains("H100 SXM"), "{text}");
        assert!(text.contains("HBM bw 71 %"), "{text}");
        let text = text.replace('\n', " ");
        assert!(text.contains("Tiny L4 has no result: the weights take"), "{text}");
    }
    assert!(render_wall_table(&document, 80).contains("No room for:"));
    assert!(!render_wall_table(&document, 250).contains("No room for:"));
}

#[test]
fn a_run_is_told_in_full_and_its_wall_time_only_on_request() {
    let mut run = RunDocument {
        model: "llama-3.1-70b".into(),
        gpus: 8,
        replicas: 1,
        ..RunDocument::default()
    };
    run.latency.ttft_ms =
        Quantiles { mean: Some(410.0), p50: Some(333.0), p90: Some(800.0), p99: Some(1999.0) };
    run.decode_bound = shares(0.6, 0.1, 0.0);
    let json: Value = serde_json::from_str(&to_json(&run)).unwrap();
    assert_eq!(json["schema"], "memwall.run/1");
    for path in [
        "/latency/itl_ms/p90",
        "/kv/peak_used_fraction",
        "/cost/usd_per_task",
        "/energy/it_j_per_output_tok",
    ] {
        assert_eq!(json.pointer(path), Some(&Value::Null), "{path}");
    }
    assert_eq!(json.pointer("/sim/wall_s"), None);
    run.sim.wall_s = Some(0.5);
    let json: Value = serde_json::from_str(&to_json(&run)).unwrap();
    assert_eq!(json["sim"]["wall_s"], 0.5);

    let text = render_run(&run, 80);
    assert!(text.contains("1999"), "{text}");
    assert!(
        text.contains("Decode is held back most by HBM bandwidth (60 % of its time)."),
        "{text}"
    );
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn the_page_is_small_and_fetches_nothing() {
    let page = render_wall_page(&sample());
    assert!(page.len() < 3_000_000, "{} bytes", page.len());
    assert!(page.contains("default-src 'none'"));
    assert!(page.contains("https://example.org/datasheet.pdf"), "sources stay as text");
    let markup = page.split("id=\"document\"").next().unwrap();
    for attribute in [" src=", " href=", "url(", "@import", "<link", "<iframe", "<img"] {
        assert!(!markup.contains(attribute), "{attribute}");
    }
    assert_eq!(page, render_wall_page(&sample()), "equal reports, equal pages");
}

#[test]
fn an_empty_ladder_is_still_a_page_and_a_table() {
    let empty = WallReport::default();
    assert!(render_wall_page(&empty).contains("<main>"));
    assert!(!render_wall_table(&empty.document, 80).contains("Chip"));
}

/// A name that tries to leave every context it stands in.
const HOSTILE: &str = "</script><img src=x onerror=alert(1)><a href='javascript:1'>&quot;\u{1b}[2J";

fn hostile() -> WallReport {
    let mut report = sample();
    report.document.model = HOSTILE.into();
    report.document.rows[0].title = HOSTILE.into();
    report.document.rows[4].reason = Some(HOSTILE.into());
    report.document.warnings.push(HOSTILE.into());
    report.rooflines[0].points[0].operator = HOSTILE.into();
    report.provenance[0].source = HOSTILE.into();
    report
}

#[test]
fn hostile_names_stay_text() {
    let page = render_wall_page(&hostile());
    assert!(!page.contains("<img"));
    assert_eq!(page.matches("</script>").count(), 4, "one a script element");
    assert!(!render_wall_table(&hostile().document, 120).contains('\u{1b}'));
}

/// What headless Chromium made of a page: the document after its scripts ran, and the log.
struct Visit {
    dom: String,
    log: String,
}

/// None where the environment says that there is no browser.
fn visit(report: &WallReport, name: &str) -> Option<Visit> {
    if std::env::var_os("MEMWALL_NO_BROWSER").is_some() {
        return None;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("report-{name}"));
    fs::create_dir_all(&folder).unwrap();
    let page = folder.join("wall.html");
    fs::write(&page, render_wall_page(report)).unwrap();
    let output = Command::new(chromium())
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--enable-logging=stderr",
            "--v=0",
            "--virtual-time-budget=10000",
            "--dump-dom",
        ])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(format!("file://{}", page.display()))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Some(Visit { dom: text(&output.stdout), log: text(&output.stderr) })
}

fn chromium() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|file| file.is_file())
        .expect(
            "this test needs a browser: `apt-get install chromium`, or set MEMWALL_NO_BROWSER=1 \
             to go without",
        )
}

fn assert_drawn(visit: &Visit, charts: usize) {
    let root = visit.dom.split('>').nth(1).unwrap_or_default();
    assert!(root.contains("data-ready=\"true\""), "{root}\n{}", visit.log);
    assert!(!root.contains("data-error"), "{root}");
    assert!(root.contains(&format!("data-charts=\"{charts}\"")), "{root}");
    assert!(visit.dom.matches("class=\"main-svg\"").count() >= charts);
    for word in ["CONSOLE", "Uncaught"] {
        assert!(!visit.log.contains(word), "{}", visit.log);
    }
}

#[test]
fn a_browser_draws_every_chart_without_complaint() {
    let Some(visit) = visit(&sample(), "sample") else { return };
    assert_drawn(&visit, 6);
    for text in [
        "does not fit",
        "Whole task",
        "HBM bandwidth",
        "gate_up",
        "output tokens/s per facility MW",
    ] {
        assert!(visit.dom.contains(text), "{text}");
    }
}

#[test]
fn a_browser_shows_hostile_names_letter_by_letter() {
    let Some(visit) = visit(&hostile(), "hostile") else { return };
    assert_drawn(&visit, 6);
    let body = visit.dom.split("<body").nth(1).unwrap();
    for element in ["<img", "<a ", "onerror=\"", "xlink:href=\"javascript"] {
        assert!(!body.contains(element), "a name became {element}");
    }
}

#[test]
fn a_browser_takes_an_empty_ladder() {
    let Some(visit) = visit(&WallReport::default(), "empty") else { return };
    assert_drawn(&visit, 0);
}
