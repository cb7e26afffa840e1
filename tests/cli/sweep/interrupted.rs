//! Sweeps that are stopped, kindly or not.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::support::{FAST, bytes, start, sweep, with_spec};

/// Kills of one test.
const KILLS: u32 = 100;

#[test]
fn a_hundred_kills_lose_nothing_and_change_no_byte() {
    let (folder, spec) = with_spec("sweep-kills", FAST);
    let (whole, out) = (folder.join("whole"), folder.join("out"));
    let started = Instant::now();
    sweep(&spec, &whole, &[]).done();
    let once = started.elapsed();
    let reference = bytes(&whole);
    let (mut kills, mut chance, mut with_parts) = (0, 1_u64, 0);
    while kills < KILLS {
        let mut child = start(&spec, &out);
        // Knuth's multiplier: any moment of an undisturbed run, and a little after.
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let share = (chance >> 40) as f64 / f64::from(1 << 24);
        thread::sleep(once.mul_f64(share * 0.9));
        child.kill().unwrap();
        kills += u32::from(child.wait().unwrap().code().is_none());
        let found = bytes(&out);
        let parts = found.iter().filter(|(name, _)| name.starts_with("part-"));
        for (name, part) in parts.clone() {
            assert!(reference[name] == *part, "{name} differs after kill {kills}");
        }
        with_parts += u32::from(parts.count() > 0);
        if found.len() == reference.len() && found == reference {
            // It was done before the kill: begin anew.
            fs::remove_dir_all(&out).unwrap();
        }
    }
    assert!(with_parts > KILLS / 10, "hardly any kill met parts");
    sweep(&spec, &out, &[]).done();
    assert!(bytes(&out) == reference);
}

#[test]
fn an_interrupt_keeps_what_is_whole_and_says_so() {
    let text = FAST.replace("count = 20", "count = 2000").replace("tasks = 3", "tasks = 30");
    let (folder, spec) = with_spec("sweep-interrupt", &text);
    let out = folder.join("out");
    let child = start(&spec, &out);
    let waited = Instant::now();
    while bytes(&out).len() < 4 {
        assert!(waited.elapsed() < Duration::from_mins(1), "no part after a minute");
        thread::sleep(Duration::from_millis(5));
    }
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("points are kept in") && told.contains("same command"), "{told}");
    let names: Vec<_> = bytes(&out).into_keys().collect();
    assert!(names.iter().all(|name| !name.starts_with('.')), "{names:?}");
}
