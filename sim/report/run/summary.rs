//! One run as text for a terminal.

use super::RunDocument;
use super::mechanisms::{overlap_line, pipeline_line, power_line, ranks_line, users_line};
use super::pools::render_fleet;
use super::tiers::render_tiers;
use crate::cost::Bound;
use crate::report::shares::{short_name, spoken_name};
use crate::report::text::{counted, percent, printable, short, short_or_dash, wrap};
use crate::report::{Band, Quantiles, Shares};
use crate::units::significant;

/// Width of the labels at the left.
const LABEL: usize = 22;
/// Links that take this share of the time have the one named that is waited for.
const NAMED_LINKS: f64 = 0.05;
/// Width of one figure in the latency block.
const FIGURE: usize = 10;

/// What a run gave, for a terminal of `width` columns.
pub fn render_run(run: &RunDocument, width: usize) -> String {
    let mut blocks = vec![
        heading(run, width),
        latency(run),
        classes(run),
        render_fleet(run, width),
        render_tiers(run),
        figures(&throughput(run), width),
        figures(&work(run), width),
        shares(run, width),
        figures(&bills(run), width),
        bands(run, width),
    ];
    blocks.retain(|block| !block.is_empty());
    blocks.join("\n\n") + "\n"
}

/// Where the figures fall with 80 % probability, if that was asked for.
fn bands(run: &RunDocument, width: usize) -> String {
    let range = |band: &Band| format!("{}–{}", short_or_dash(band.low), short_or_dash(band.high));
    let of = |(name, key): (&str, &str)| {
        run.bands.get(key).map(|band| format!("{name} {}", range(band)))
    };
    let known = [
        ("output tok/s", "throughput.output_tok_s"),
        ("p99 TTFT ms", "latency.ttft_ms.p99"),
        ("p50 TPOT ms", "latency.tpot_ms.p50"),
        ("p50 end to end ms", "latency.e2e_ms.p50"),
        ("USD per task", "cost.usd_per_task"),
    ];
    let ranges: Vec<_> = known.into_iter().filter_map(of).collect();
    if ranges.is_empty() {
        return String::new();
    }
    folded(&format!("With 80 % probability: {}.", ranges.join(", ")), width).join("\n")
}

fn folded(text: &str, width: usize) -> Vec<String> {
    wrap(&printable(text), width)
}

fn heading(run: &RunDocument, width: usize) -> String {
    let prefill = run.fleet.as_ref().and_then(|fleet| fleet.pools.get(1));
    let prefill = prefill.map_or_else(String::new, |pool| {
        format!(" + {} × {} ({})", pool.gpus * pool.replicas, pool.chip, pool.plan)
    });
    let fleet = format!("{} × {} ({}){prefill}", run.gpus * run.replicas, run.chip, run.plan);
    let text = format!(
        "{} on {fleet}, {}: {} weights, {} KV; {} time model, {} engine, seed {}.",
        run.model,
        run.workload,
        run.weights,
        run.kv_format,
        run.cost_model,
        run.engine_profile,
        run.seed
    );
    folded(&text, width).join("\n")
}

fn latency(run: &RunDocument) -> String {
    let rows = [
        ("TTFT, ms", run.latency.ttft_ms),
        ("TPOT, ms", run.latency.tpot_ms),
        ("ITL, ms", run.latency.itl_ms),
        ("End to end, s", in_seconds(run.latency.e2e_ms)),
    ];
    let known = rows.into_iter().filter(|(_, values)| *values != Quantiles::default());
    let mut lines: Vec<String> = known
        .map(|(label, Quantiles { mean, p50, p90, p99 })| {
            latency_line(label, &[mean, p50, p90, p99].map(short_or_dash))
        })
        .collect();
    if !lines.is_empty() {
        lines.insert(0, latency_line("", &["mean", "p50", "p90", "p99"].map(str::to_owned)));
    }
    lines.join("\n")
}

/// One line a class of requests.
fn classes(run: &RunDocument) -> String {
    if run.classes.is_empty() {
        return String::new();
    }
    let titles = ["requests", "TTFT p50", "TTFT p99", "TPOT p50", "E2E p50"];
    let mut lines = vec![class_line("By urgency, ms", &titles.map(str::to_owned))];
    lines.extend(run.classes.iter().map(|class| {
        let times = [class.ttft_ms.p50, class.ttft_ms.p99, class.tpot_ms.p50, class.e2e_ms.p50];
        let [ttft, ttft_p99, tpot, e2e] = times.map(short_or_dash);
        class_line(class.class, &[short(class.requests as f64), ttft, ttft_p99, tpot, e2e])
    }));
    lines.join("\n")
}

fn class_line(label: &str, figures: &[String; 5]) -> String {
    let [requests, times @ ..] = figures;
    let label = format!("{label:<LABEL$}{requests:>FIGURE$}");
    times.iter().fold(label, |line, time| line + &format!("{time:>FIGURE$}"))
}

fn in_seconds(ms: Quantiles) -> Quantiles {
    let [mean, p50, p90, p99] = [ms.mean, ms.p50, ms.p90, ms.p99].map(|ms| Some(ms? / 1e3));
    Quantiles { mean, p50, p90, p99 }
}

fn latency_line(label: &str, [mean, p50, p90, p99]: &[String; 4]) -> String {
    format!("{label:<LABEL$}{mean:>FIGURE$}{p50:>FIGURE$}{p90:>FIGURE$}{p99:>FIGURE$}")
}

/// Label and text of one line; lines without a figure are left out.
type Line = (&'static str, Option<String>);

fn figures(lines: &[Line], width: usize) -> String {
    let known = lines.iter().filter_map(|(label, text)| Some((*label, text.as_ref()?)));
    let folded = known.flat_map(|(label, text)| {
        let labels = std::iter::once(label).chain(std::iter::repeat(""));
        let lines = labels.zip(folded(text, width.saturating_sub(LABEL)));
        lines.map(|(label, line)| format!("{label:<LABEL$}{line}"))
    });
    folded.collect::<Vec<_>>().join("\n")
}

fn with_unit(value: Option<f64>, unit: &str) -> Option<String> {
    value.map(|value| format!("{} {unit}", short(value)))
}

fn throughput(run: &RunDocument) -> [Line; 5] {
    let output = &run.throughput;
    [
        ("Output", with_unit(output.output_tok_s, "tok/s")),
        ("Output per GPU", with_unit(output.output_tok_s_per_gpu, "tok/s")),
        ("Prompt and output", with_unit(output.total_tok_s, "tok/s")),
        ("Requests completed", with_unit(output.requests_per_s, "per second")),
        ("Tasks completed", with_unit(output.tasks_per_hour, "per hour")),
    ]
}

fn work(run: &RunDocument) -> [Line; 10] {
    let (requests, tokens) = (&run.requests, &run.tokens);
    let count = |n: u64| short(n as f64);
    // A request that is missing must show.
    let exact = |n: u64| significant(n as f64, 3);
    let page_size = run.kv.page_tokens;
    [
        (
            "Requests",
            Some(format!(
                "{} submitted, {} completed, {} rejected in the whole run; {}",
                exact(requests.submitted),
                exact(requests.completed),
                exact(requests.rejected),
                counted(requests.preempted, "preemption")
            )),
        ),
        (
            "Tokens",
            Some(format!(
                "{} prompt, {} cached, {} prefilled, {} output",
                count(tokens.prompt),
                count(tokens.cached),
                count(tokens.prefilled),
                count(tokens.output)
            )),
        ),
        (
            "KV cache",
            run.kv.capacity_gb.map(|size| {
                format!("{} GB, {} pages of {page_size} tokens", short(size), count(run.kv.pages))
            }),
        ),
        (
            "KV hits, peak use",
            run.kv.hit_rate.map(|hits| {
                let peak = run.kv.peak_used_fraction.map_or_else(|| "–".to_owned(), percent);
                let evicted = counted(run.kv.evicted_pages, "page");
                format!("{}, {peak}; {evicted} evicted", percent(hits))
            }),
        ),
        ("Pipeline", run.pipeline.as_ref().map(pipeline_line)),
        ("Two batches", run.overlap.as_ref().map(overlap_line)),
        ("Ranks", run.ranks.as_ref().map(ranks_line)),
        ("At the door", run.users.as_ref().map(users_line)),
        ("Power cap", run.power.as_ref().map(power_line)),
        ("Simulated", Some(simulated(run))),
    ]
}

fn simulated(run: &RunDocument) -> String {
    let sim = &run.sim;
    let took = sim.wall_s.map_or_else(String::new, |wall| format!("; took {} s", short(wall)));
    format!(
        "{} s in {} events, {} steps{took}",
        short(sim.simulated_s),
        short(sim.events as f64),
        short(sim.steps as f64)
    )
}

/// One line a bound with a bar each for the whole task and for decode.
fn shares(run: &RunDocument, width: usize) -> String {
    let Some((leader, share)) = run.decode_bound.largest().or_else(|| run.time_share.largest())
    else {
        return String::new();
    };
    let bar = (width.saturating_sub(LABEL + 18) / 2).clamp(5, 24);
    let column = bar + 8;
    let mut lines = vec![format!("{:<LABEL$}{:<column$}decode", "Time goes to", "whole task")];
    for bound in Bound::ALL {
        let cells = [run.time_share, run.decode_bound].map(|shares| bar_cell(&shares, bound, bar));
        if cells.iter().any(|cell| cell.trim() != "0 %" && !cell.is_empty()) {
            let line = format!("{:<LABEL$}{:<column$}{}", short_name(bound), cells[0], cells[1]);
            lines.push(line.trim_end().to_owned());
        }
    }
    let verdict = format!(
        "Decode is held back most by {} ({} of its time).",
        spoken_name(leader),
        percent(share)
    );
    if run.decode_bound.largest().is_some() {
        lines.extend(folded(&verdict, width));
    }
    let on_links = [run.time_share, run.decode_bound].map(|s| s.get(Bound::Interconnect));
    if let Some(link) = &run.bottleneck_link
        && on_links.into_iter().flatten().any(|share| share >= NAMED_LINKS)
    {
        lines.extend(folded(&format!("Links wait for the {link} per direction."), width));
    }
    lines.join("\n")
}

fn bar_cell(shares: &Shares, bound: Bound, length: usize) -> String {
    shares.get(bound).map_or_else(String::new, |share| {
        let filled = (share * length as f64).round() as usize;
        format!("{:>6} {}", percent(share), "█".repeat(filled.min(length)))
    })
}

fn bills(run: &RunDocument) -> [Line; 10] {
    [
        ("Tasks in time", in_time(run)),
        ("Energy, IT", with_unit(run.energy.it_j_per_output_tok, "J per output token")),
        ("Energy per task, IT", with_unit(run.energy.it_wh_per_task, "Wh")),
        ("Per facility MW", with_unit(run.energy.tok_s_per_facility_mw, "output tok/s")),
        ("Cost per task", run.cost.usd_per_task.map(|usd| format!("${}", short(usd)))),
        (
            "Cost of output",
            run.cost
                .usd_per_mtok_output
                .map(|usd| format!("${} per million output tokens", short(usd))),
        ),
        ("Task at an API", api(run)),
        ("Energy of a task", joules(run)),
        (
            "Recomputed",
            run.task.tokens.wasted.filter(|wasted| *wasted > 0.0).map(|wasted| {
                format!("{} tokens a task, evicted or preempted before", short(wasted))
            }),
        ),
        (
            "Failed attempts",
            run.task
                .tokens
                .failed
                .filter(|failed| *failed > 0.0)
                .map(|failed| format!("{} tokens a completed task, in and out", short(failed))),
        ),
    ]
}

fn in_time(run: &RunDocument) -> Option<String> {
    let deadline = run.task.deadline?;
    let met = deadline.met.map_or_else(|| "none whose fate is known".to_owned(), percent);
    Some(format!("{met} within {} s", short(deadline.deadline_s)))
}

fn api(run: &RunDocument) -> Option<String> {
    let api = run.task.api.as_ref()?;
    let share = api.silicon_share.map(|share| format!("; the chips are {} of it", percent(share)));
    let usd = short(api.usd_per_task?);
    Some(format!("${usd} at {}'s list price{}", api.model, share.unwrap_or_default()))
}

fn joules(run: &RunDocument) -> Option<String> {
    let used = run.task.joules;
    let it = used.it?;
    let parts = [
        ("host", used.host),
        ("idling", used.idle),
        ("arithmetic", used.compute),
        ("HBM", used.memory),
        ("links", used.links),
    ];
    let parts = parts.iter().filter_map(|(name, joules)| Some((name, (*joules)? / it)));
    let parts: Vec<_> = parts.map(|(name, share)| format!("{name} {}", percent(share))).collect();
    Some(format!("{} Wh drawn: {}", short(it / 3600.0), parts.join(", ")))
}
