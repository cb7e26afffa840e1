//! What a sweep's file may say, and what is said of files that say something else.

use super::support::with_spec;
use crate::cli::program::memwall;

#[test]
fn the_number_of_points_is_told_before_anything_is_computed() {
    let (_, spec) = with_spec(
        "sweep-count",
        "where = \"gpus * concurrency <= 16\"\n[base]\nmodel = \"llama-3.1-8b\"\n\
         workload = \"chat\"\ntasks = 2\n[grid]\nplan = [\"tp1\", \"tp4\"]\n\
         concurrency = [2, 4, 8, 16]\n",
    );
    let document = memwall(&["sweep", &spec, "--dry-run", "--json"]).document("memwall.sweep/1");
    assert_eq!(document["points"], 4 + 2);
    let told = memwall(&["sweep", &spec, "--dry-run"]).done();
    assert!(told.contains("6 points") && told.contains("about"), "{told}");
}

#[test]
fn mistakes_are_told_with_line_and_remedy() {
    let cases: [(&str, &[&str]); 17] = [
        ("gird.chip = [\"b200-sxm\"]\n", &[":1: unknown key `gird`", "did you mean `grid`"]),
        ("[grid]\n\nchips = [\"b200-sxm\"]\n", &[":3: unknown key `chips`", "`chip`"]),
        ("[grid]\nchip = [\"b200\", \"b2000-sxm\"]\n", &[":2:", "b2000-sxm"]),
        ("[base]\nmodel = \"llama-9\"\n", &[":2:", "llama-9"]),
        ("[base]\nworkload = \"chatt\"\n", &[":2:", "chatt"]),
        ("[grid]\nplan = [\"xp4\"]\n", &[":2:", "xp4"]),
        ("[grid]\nrate = { from = 1, to = 2 }\n", &[":2:", "needs `steps`"]),
        ("[grid]\nrate = { from = 3, to = 2, steps = 3 }\n", &[":2:", "lower to the higher"]),
        ("[random]\nrate = { from = 1, to = 2 }\n", &[":1:", "count = 100"]),
        (
            "[grid]\nfigure.memory.pin_rte = [\"x1.1\"]\n",
            &[":2:", "memory.pin_rte", "did you mean `memory.pin_rate`"],
        ),
        ("[grid]\nfigure.memory.pin_rate = [\"9 GB/s\"]\n", &[":2:", "9 GB/s"]),
        ("where = [\"tp < 4\"]\n[grid]\nplan = [\"tp1\"]\n", &[":1:", "`tp`", "does not set"]),
        ("where = [\"gpus > 4\"]\n[grid]\nplan = [\"tp1\"]\n", &["no point is left"]),
        ("", &["there is no axis", "[grid]"]),
        ("[base]\ntasks = 2\n", &["there is no axis", "memwall run"]),
        ("[base]\nsub-agents-last = \"yes\"\n", &[":2:", "sub-agents-last", "without quotes"]),
        ("[base]\nout = \"x\"\n", &[":2:", "`out` cannot be swept"]),
    ];
    for (text, parts) in cases {
        let (_, spec) = with_spec("sweep-mistakes", text);
        memwall(&["sweep", &spec]).refused(&[&["sweep.toml"], parts].concat());
    }
}
