//! Shards, and what is made of them.

use std::fs;
use std::path::Path;

use super::support::{FAST, bytes, sweep, with_spec};
use crate::cli::program::{Answer, memwall};

fn merge(out: &Path) -> Answer {
    memwall(&["sweep", "merge", out.to_str().unwrap()])
}

#[test]
fn merged_shards_are_what_one_machine_writes() {
    let (folder, spec) = with_spec("sweep-shards", FAST);
    let (whole, out) = (folder.join("whole"), folder.join("out"));
    sweep(&spec, &whole, &[]).done();
    for shard in ["0/3", "2/3"] {
        sweep(&spec, &out, &["--shard", shard]).done();
    }
    let missing = merge(&out);
    assert_eq!(missing.code, 1);
    assert!(missing.stderr.contains("points are missing: 8–15, 32–39"), "{}", missing.stderr);
    sweep(&spec, &out, &["--shard", "1/3"]).done();
    merge(&out).done();
    assert!(bytes(&out) == bytes(&whole));
    assert_eq!(fs::read_dir(&out).unwrap().count(), bytes(&whole).len());
    // Merging what is merged changes nothing.
    merge(&out).done();
    assert!(bytes(&out) == bytes(&whole));
}

#[test]
fn what_is_there_twice_or_of_another_sweep_is_refused() {
    let (folder, spec) = with_spec("sweep-twice", FAST);
    let out = folder.join("out");
    sweep(&spec, &out, &["--shard", "0/2"]).done();
    sweep(&spec, &out, &["--shard", "0/4"]).done();
    merge(&out).refused(&["part-00000.parquet", "shard-0-of-2", "too"]);
    fs::remove_dir_all(out.join("shard-0-of-4")).unwrap();
    let other = folder.join("other.toml");
    fs::write(&other, format!("seed = 9\n{FAST}")).unwrap();
    sweep(other.to_str().unwrap(), &out, &["--shard", "1/2"]).done();
    merge(&out).refused(&["another sweep", "spec hash", "move one of them away"]);
    memwall(&["sweep", "merge", folder.to_str().unwrap()]).refused(&["holds no sweep"]);
}

#[test]
fn a_shard_outside_its_number_is_refused() {
    let (folder, spec) = with_spec("sweep-shard", FAST);
    for wrong in ["3/3", "x/2", "1"] {
        sweep(&spec, &folder.join("out"), &["--shard", wrong]).refused(&["0/8 to 7/8"]);
    }
}

#[test]
fn scripts_hold_the_shards() {
    let (_, spec) = with_spec("sweep-submit", FAST);
    let submit = ["sweep", "submit", &spec, "--out", "my results", "--shards", "5"];
    let slurm = memwall(&[&submit[..], &["--slurm"]].concat()).done();
    assert!(slurm.starts_with("#!/bin/bash\n"));
    for line in ["#SBATCH --array=0-4\n", "#SBATCH --requeue\n"] {
        assert!(slurm.contains(line), "{slurm}");
    }
    assert!(slurm.contains("--out 'my results' --shard \"$SLURM_ARRAY_TASK_ID/5\""), "{slurm}");
    let kubernetes = memwall(&[&submit[..], &["--kubernetes"]].concat()).done();
    // Each path is taken as the cluster's machines see it.
    let paths = format!("sweep {spec} --out '/sweep/my results' --shard");
    assert!(kubernetes.contains(&paths), "{kubernetes}");
    for part in ["completionMode: Indexed", "completions: 5", "$JOB_COMPLETION_INDEX/5", "[2]"] {
        assert!(kubernetes.contains(part), "{kubernetes}");
    }
}
