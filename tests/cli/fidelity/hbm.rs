//! `memwall hbm`: the document, what-ifs of one's own, and what is refused.

use std::fs;

use crate::cli::program::{memwall, scratch};

#[test]
fn the_document_says_what_each_pattern_gets_and_where_the_rest_goes() {
    let arguments = [
        "hbm",
        "H100_SXM",
        "--pattern",
        "stream",
        "--pattern",
        "paged:16KiB",
        "--reads",
        "0.95",
        "--json",
    ];
    let document = memwall(&arguments).document("memwall.hbm/1");
    assert_eq!(document["refresh"], "per-bank");
    let patterns = document["patterns"].as_array().unwrap();
    assert_eq!(patterns.len(), 2);
    assert_eq!(patterns[1]["pattern"], "paged:16KiB");
    for row in patterns {
        let share = row["achieved_fraction"].as_f64().unwrap();
        let losses = row["loss"].as_object().unwrap().values();
        let lost: f64 = losses.map(|loss| loss.as_f64().unwrap()).sum();
        // Documents have six digits.
        assert!((share + lost - 1.0).abs() < 1e-5, "{row}");
        let bandwidth = row["achieved_tb_s"].as_f64().unwrap();
        assert!((bandwidth / (share * 3.352) - 1.0).abs() < 1e-3, "{row}");
        assert_eq!(row["reads"], 0.95);
    }
    assert_eq!(memwall(&arguments).stdout, memwall(&arguments).stdout);
    assert!(memwall(&["hbm", "rubin"]).done().contains("random:64B"));
}

#[test]
fn a_failed_stack_and_a_refresh_mode_act_through_a_spec() {
    let folder = scratch("hbm-what-if");
    let rate = |name: &str, memory: &str| {
        let path = folder.join(format!("{name}.toml"));
        let text = format!("name = \"{name}\"\nbase = \"b200-sxm\"\n[memory]\n{memory}\n");
        fs::write(&path, text).unwrap();
        let path = path.display().to_string();
        let document = memwall(&["hbm", name, "--specs", &path, "--json", "--pattern", "stream"])
            .document("memwall.hbm/1");
        document["patterns"][0]["achieved_tb_s"].as_f64().unwrap()
    };
    let base = rate("same", "");
    let failed = rate("failed", "stacks = { value = 7 }");
    assert!((failed / base - 7.0 / 8.0).abs() < 1e-6, "{failed} {base}");
    let stopped = rate("stopped", "refresh = { value = \"all-bank\" }");
    assert!(stopped < 0.92 * base, "{stopped} {base}");
}

#[test]
fn bad_input_is_refused_with_a_remedy() {
    let refused = |arguments: &[&str], words: &[&str]| {
        let answer = memwall(arguments);
        assert_eq!(answer.code, 2, "{arguments:?}");
        for word in words {
            assert!(answer.stderr.contains(word), "{arguments:?}: {}", answer.stderr);
        }
    };
    refused(&["hbm", "h10-sxm"], &["h10-sxm", "did you mean `h100-sxm`?"]);
    refused(&["hbm", "l40s"], &["l40s", "gddr6"]);
    refused(&["hbm", "rubin", "--pattern", "steam"], &["steam", "paged:SIZE"]);
    refused(&["hbm", "rubin", "--pattern", "paged"], &["no size", "paged:16KiB"]);
    refused(&["hbm", "rubin", "--pattern", "paged:0B"], &["64 B"]);
    refused(&["hbm", "rubin", "--reads", "1.5"], &["from 0 to 1"]);
    refused(&["hbm", "rubin", "--refresh", "often"], &["all-bank"]);
}
