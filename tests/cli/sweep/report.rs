//! What a folder is read for: reports and comparisons.

use std::fs;
use std::path::{Path, PathBuf};

use super::support::{FAST, FAST_POINTS, rows, sweep, with_spec};
use crate::cli::program::memwall;

/// [`FAST`], computed.
fn filled(name: &str) -> (PathBuf, String, PathBuf) {
    let (folder, spec) = with_spec(name, FAST);
    let out = folder.join("out");
    sweep(&spec, &out, &[]).done();
    (folder, spec, out)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_report_ranks_the_points_that_meet_its_conditions() {
    let (_, _, out) = filled("sweep-report");
    let figure = |row: &serde_json::Value, name: &str| row[name].as_f64().unwrap();
    let rows = rows(&out);
    let done: Vec<_> = rows.iter().filter(|row| row["state"] == "done").collect();
    let report = memwall(&["report", text(&out), "--json"]).document("memwall.sweep-report/1");
    assert_eq!(report["states"]["impossible"], FAST_POINTS / 2);
    let most = |name| done.iter().map(|row| figure(row, name)).fold(0.0, f64::max);
    let best = figure(&report["best"][0], "output_tok_s_per_gpu");
    assert!(best >= most("output_tok_s_per_gpu"), "{best}");
    assert_eq!(report["best"].as_array().unwrap().len(), 10);
    // Points of the chip with more bandwidth are faster in each combination, so in the mean.
    let chips = report["effects"].as_array().unwrap();
    let chips = &chips.iter().find(|effect| effect["axis"] == "chip").unwrap()["groups"];
    assert_eq!(chips[0]["points"], FAST_POINTS / 4);
    assert!(figure(&chips[1], "mean") > figure(&chips[0], "mean"), "{chips}");
    // No point of the frontier is beaten in both.
    for point in report["frontier"].as_array().unwrap() {
        let speed = figure(point, "tok_s_per_user_p50") * (1.0 + 1e-5);
        let output = figure(point, "output_tok_s_per_gpu");
        let beats = |row: &&&serde_json::Value| {
            1000.0 / figure(row, "tpot_ms_p50") > speed
                && figure(row, "output_tok_s_per_gpu") > output
        };
        assert_eq!(done.iter().find(beats), None, "{point}");
    }
    let flags =
        ["--by", "ttft_ms_p99", "--where", "chip == h100-sxm", "--where", "concurrency > 1"];
    let words = [&["report", text(&out), "--json"], &flags[..]].concat();
    let report = memwall(&words).document("memwall.sweep-report/1");
    assert_eq!((&report["least_first"], &report["kept"]), (&true.into(), &(3 * 20).into()));
    let kept = done.iter().filter(|row| row["chip"] == "h100-sxm" && row["concurrency"] != 1);
    let least = kept.map(|row| figure(row, "ttft_ms_p99")).fold(f64::INFINITY, f64::min);
    assert!(figure(&report["best"][0], "ttft_ms_p99") <= least);
    let told = memwall(&[&["report", text(&out)], &flags[..]].concat()).done();
    assert!(told.contains("60 points where chip == h100-sxm and concurrency > 1"), "{told}");
}

#[test]
fn a_report_s_mistakes_are_told() {
    let (folder, _, out) = filled("sweep-report-mistakes");
    memwall(&["report", text(&folder)]).refused(&["holds no sweep"]);
    let unknown = memwall(&["report", text(&out), "--by", "output_tok_s_per_gp"]);
    unknown.refused(&["--by", "did you mean `output_tok_s_per_gpu`"]);
    let unknown = memwall(&["report", text(&out), "--where", "ttft_p99 < 5"]);
    unknown.refused(&["--where", "ttft_p99", "did you mean `ttft_ms_p99`"]);
}

#[test]
fn a_page_holds_the_charts_and_fetches_nothing() {
    let (folder, _, out) = filled("sweep-page");
    let page = folder.join("report.html");
    memwall(&["report", text(&out), "--html", text(&page)]).done();
    let page = fs::read_to_string(&page).unwrap();
    for id in ["points", "effect-0", "effect-1"] {
        assert!(page.contains(&format!("id=\"{id}\"")) && page.contains(&format!("\"{id}\":")));
    }
    assert!(page.contains("default-src 'none'") && page.contains("b200-sxm"));
}

#[test]
fn folders_are_compared_point_by_point() {
    let (folder, _, out) = filled("sweep-diff");
    let same = memwall(&["diff", text(&out), text(&out), "--json"]).document("memwall.diff/1");
    assert_eq!(same["of"], "memwall.sweep-rows/1");
    assert_eq!(same["ok"], true);
    let metrics = same["metrics"].as_array().unwrap();
    assert!(metrics.len() as u64 > FAST_POINTS / 2 * 10, "{}", metrics.len());
    let path = metrics[1]["path"].as_str().unwrap();
    assert!(path.starts_with("rows[h100-sxm") || path.starts_with("rows[b200-sxm"), "{path}");
    // One more task in flight is slower: the same settings, other figures.
    let slow = folder.join("slow.toml");
    fs::write(&slow, FAST.replace("[base]", "[base]\nmax-batched-tokens = 64")).unwrap();
    let other = folder.join("other");
    sweep(text(&slow), &other, &[]).done();
    let diff = memwall(&["diff", text(&out), text(&other)]);
    assert_eq!(diff.code, 1, "{}", diff.stderr);
    assert!(diff.stdout.contains("ttft_ms_p99"), "{}", diff.stdout);
    assert!(diff.stderr.contains("spec_hash"), "{}", diff.stderr);
    memwall(&["diff", text(&folder), text(&out)]).refused(&["holds no sweep", "summary.json"]);
    let run = folder.join("run");
    let flags = ["--model", "llama-3.1-8b", "--workload", "chat", "--tasks", "40"];
    memwall(&[&["run", "--out", text(&run)], &flags[..]].concat()).done();
    memwall(&["diff", text(&run), text(&run)]).done();
}
