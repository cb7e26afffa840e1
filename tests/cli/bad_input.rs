//! Input that people do give and no command may stumble over: refused with a remedy, or taken.

use std::fs;

use super::program::{memwall, scratch};

const SHORT: [&str; 4] = ["--model", "llama-3.1-8b", "--workload", "chat"];

fn with_short(words: &[&str]) -> super::program::Answer {
    memwall(&[words, &SHORT].concat())
}

#[test]
fn pins_like_no_memory_s_are_refused() {
    for multiple in ["x0.01", "x0.0001", "x1000000"] {
        let axis = format!("memory.pin_rate={multiple}");
        let words = ["wall", "--chips", "h100-sxm", "--concurrency", "2", "--vary", &axis];
        with_short(&words).refused(&["memory.pin_rate", "0.1 Gbit/s to 1,000 Gbit/s"]);
    }
    let words = ["wall", "--chips", "h100-sxm", "--concurrency", "2", "--no-report", "--vary"];
    with_short(&[&words[..], &["memory.pin_rate=x0.02"]].concat()).done();
}

#[test]
fn a_wrong_value_of_a_figure_is_told_of_the_value() {
    for (value, problem) in [("9GB/s", "is a data rate"), ("5Gbps", "unknown unit `Gbps`")] {
        let axis = format!("memory.pin_rate={value}");
        let answer = memwall(&["wall", "--chips", "b200-sxm", "--vary", &axis]);
        assert!(!answer.stderr.contains("a100"), "{}", answer.stderr);
        assert!(!answer.stderr.contains("did you mean"), "{}", answer.stderr);
        answer.refused(&["--vary memory.pin_rate", value, problem, "9.6 Gbit/s"]);
    }
}

#[test]
fn numbers_below_zero_are_refused_by_their_flag() {
    with_short(&["run", "--rate", "-3"]).refused(&["'-3' for '--rate", "more than 0"]);
    with_short(&["run", "--concurrency", "-3"]).refused(&["'-3' for '--concurrency"]);
}

#[test]
fn numbers_that_are_none_are_told_what_is_one() {
    for (flag, value) in [("--seed", "x"), ("--concurrency", "1.5"), ("--tasks", "")] {
        with_short(&["run", flag, value]).refused(&[flag, "whole number in digits"]);
    }
    let beyond = "99999999999999999999";
    with_short(&["wall", "--concurrency", beyond]).refused(&[beyond, "a smaller number"]);
    with_short(&["run", "--background", "0"]).refused(&["--background", "leave the flag out"]);
    with_short(&["run", "--wiring", "ring"]).refused(&["--wiring", "2x2x2 for eight"]);
    with_short(&["wall", "--wiring", "mesh"]).refused(&["--vary scale_up.wiring=switched"]);
}

#[test]
fn flags_that_name_a_chip_are_named_with_it() {
    with_short(&["wall", "--match", "nonsense"]).refused(&["--match nonsense", "chips list"]);
    let studied = ["wall", "--techniques", "kv-precision", "--techniques-on", "h100-smx"];
    with_short(&studied).refused(&["--techniques-on h100-smx", "did you mean `h100-sxm`"]);
}

#[test]
fn more_drafts_do_not_gain_less() {
    let flags = ["run", "--tasks", "5", "--draft-tokens", "2", "--acceptance", "1.8,1.5"];
    with_short(&flags).refused(&["--acceptance", "1.5 after 1.8"]);
}

#[test]
fn a_quiet_run_says_why_it_fails() {
    let flags = ["run", "--rate", "0.001", "--duration", "1s"];
    for quiet in [&[][..], &["--quiet"]] {
        let answer = with_short(&[&flags[..], quiet].concat());
        assert_eq!(answer.code, 1);
        assert_eq!(answer.stderr.matches("no request was answered").count(), 1);
    }
}

#[test]
fn lists_of_requests_need_all_of_them() {
    for (flag, value) in [("--format", "vllm"), ("--out", "nowhere")] {
        let answer = with_short(&["run", "--percentiles", "sketch", flag, value]);
        answer.refused(&["--percentiles sketch", flag, "leave one of them out"]);
    }
}

#[test]
fn a_scenario_that_loses_its_prefill_pool_names_what_was_given() {
    let answer = memwall(&["run", "disaggregated", "--prefill-replicas", "0"]);
    answer.refused(&["--prefill-replicas 0: no replica prefills", "of the scenario as well"]);
}

#[test]
fn plans_take_loads_that_can_be() {
    with_short(&["plan", "--tasks-per-hour", "1e300"]).refused(&["at most 3.6e9"]);
    let halved = ["plan", "--tasks-per-hour", "10", "--peak", "0.5"];
    with_short(&halved).refused(&["from 1 to 1000"]);
    let strict = ["plan", "--tasks-per-hour", "10", "--chips", "h100-sxm", "--slo-ttft", "1ns"];
    with_short(&strict).refused(&["p99 TTFT 0.000001 ms or"]);
}

#[test]
fn counts_that_cannot_be_are_skipped_and_told() {
    let folder = scratch("huge-counts");
    let line = |tokens: &str| {
        format!(
            "{{\"type\":\"assistant\",\"sessionId\":\"s\",\"timestamp\":\"2026-01-02T03:04:05Z\",\
             \"message\":{{\"model\":\"claude-opus-4-6\",\"usage\":{{\"input_tokens\":{tokens},\
             \"output_tokens\":7}}}}}}\n"
        )
    };
    let text = line("18446744073709551615") + &line("9223372036854775807") + &line("100");
    fs::write(folder.join("a.jsonl"), text).unwrap();
    let import = memwall(&["import", "claude-code", folder.to_str().unwrap(), "--json"]);
    assert!(import.stderr.contains("2 lines could not be read"), "{}", import.stderr);
    let document = import.document("memwall.import/1");
    assert_eq!(document["tokens"]["total"], 107);
    assert_eq!(document["skipped_lines"].as_array().unwrap().len(), 2);
}

#[test]
fn foreign_files_of_a_folder_are_skipped_and_told() {
    let folder = scratch("foreign-files");
    let day = "{\"daily\":[{\"date\":\"2026-01-02\",\"inputTokens\":5,\"outputTokens\":7,\
               \"cacheCreationTokens\":0,\"cacheReadTokens\":0,\"totalCost\":0.5}]}";
    fs::write(folder.join("usage.json"), day).unwrap();
    let package = folder.join("package.json");
    fs::write(&package, "{\"name\":\"x\"}").unwrap();
    let import = memwall(&["import", "ccusage", folder.to_str().unwrap(), "--json"]);
    assert!(import.stderr.contains("1 file of the folder"), "{}", import.stderr);
    let document = import.document("memwall.import/1");
    assert_eq!((&document["files"], &document["tokens"]["total"]), (&1.into(), &12.into()));
    assert_eq!(document["skipped_files"].as_array().unwrap().len(), 1);
    // One that was named has to be what it should be.
    let named = memwall(&["import", "ccusage", package.to_str().unwrap()]);
    named.refused(&["package.json", "ccusage"]);
}
