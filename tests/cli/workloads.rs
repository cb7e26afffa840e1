//! `memwall workloads`: measured figures, what comes of them, and what is refused.

use std::fs;

use super::program::{memwall, scratch};

#[test]
fn a_sample_has_the_shares_that_were_measured() {
    let document =
        memwall(&["workloads", "show", "agentic-coding", "--window", "200000", "--json"])
            .document("memwall.workload/1");
    let rows = document["sample"]["cache"].as_array().unwrap();
    let cached = |row: usize| rows[row]["cached_fraction"].as_f64().unwrap();
    // Claude Code sessions: 89 to 94 % under five minutes, 95 to 97 % under an hour or more.
    assert!((0.89..0.94).contains(&cached(0)), "{}", cached(0));
    assert!((0.95..0.97).contains(&cached(1)) && (0.95..0.97).contains(&cached(2)));
    for row in rows {
        let share = |key: &str| row[key].as_f64().unwrap();
        let all = share("cached_fraction") + share("fresh_fraction") + share("output_fraction");
        assert!((all - 1.0).abs() < 1e-4, "{row}");
    }
    for figure in document["figures"].as_array().unwrap() {
        assert!(!figure["source"].as_str().unwrap().is_empty(), "{figure}");
    }
}

#[test]
fn the_list_names_what_show_knows() {
    let document = memwall(&["workloads", "list", "--json"]).document("memwall.workloads/1");
    for row in document["workloads"].as_array().unwrap() {
        let name = row["name"].as_str().unwrap();
        assert!(memwall(&["workloads", "show", name, "--sample", "2"]).done().contains(name));
    }
    memwall(&["workloads", "check"]).done();
}

#[test]
fn a_file_of_one_s_own_is_found_below_specs() {
    let chat = concat!(env!("CARGO_MANIFEST_DIR"), "/workloads/synthetic/chat.toml");
    let folder = scratch("workloads-own");
    let text = fs::read_to_string(chat).unwrap().replace("name = \"chat\"", "name = \"mine\"");
    fs::write(folder.join("mine.toml"), text).unwrap();
    let specs = folder.to_str().unwrap();
    let text = memwall(&["workloads", "show", "mine", "--sample", "2", "--specs", specs]).done();
    assert!(text.starts_with("mine\n"), "{text}");
    // It is no chip, and does not get in the way of chips.
    memwall(&["chips", "list", "--specs", specs]).done();
}

#[test]
fn wrong_files_and_names_are_refused() {
    let folder = scratch("workloads-wrong");
    let refused = |name: &str, text: &str, parts: &[&str]| {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        let path = path.to_str().unwrap();
        memwall(&["workloads", "check", path]).refused(&[&[name], parts].concat());
        memwall(&["workloads", "show", path]).refused(&[&[name], parts].concat());
    };
    refused("broken.toml", "name = ", &["line 1"]);
    refused("key.toml", "name = \"x\"\ndescription = \"y\"\nagnt = 3\n", &["line 3", "agnt"]);
    refused("empty.toml", "name = \"x\"\ndescription = \"y\"\n", &["agent", "dialogue"]);
    memwall(&["workloads", "show", "chatt"]).refused(&["did you mean `chat`?"]);
    memwall(&["workloads", "check", "no-such.toml"]).refused(&["no-such.toml"]);
    memwall(&["workloads", "show", "agentic-coding", "--window", "1000"]).refused(&["window"]);
}

#[test]
fn every_wrong_file_is_named() {
    let folder = scratch("workloads-two");
    let paths = ["a.toml", "b.toml"].map(|name| folder.join(name));
    for path in &paths {
        fs::write(path, "name = 3\n").unwrap();
    }
    let [a, b] = paths.each_ref().map(|path| path.to_str().unwrap());
    memwall(&["workloads", "check", a, b]).refused(&["a.toml", "b.toml"]);
}
