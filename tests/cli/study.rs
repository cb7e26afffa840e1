//! `docs/study.md`: its commands run, its pictures exist, and what it names is there.

use std::fs;
use std::path::Path;

use super::program::{memwall, scratch};

fn study() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/study.md");
    fs::read_to_string(path).expect("docs/study.md can be read")
}

/// The commands in its blocks, each a line that begins with the program's name.
fn commands(text: &str) -> Vec<Vec<String>> {
    let blocks = text.split("```").skip(1).step_by(2);
    let lines = blocks.flat_map(str::lines).filter_map(|line| line.strip_prefix("memwall "));
    lines
        .map(|line| {
            let (command, _) = line.split_once(" #").unwrap_or((line, ""));
            command.split_whitespace().map(str::to_owned).collect()
        })
        .collect()
}

/// The same command, with files in `folder` and little to do: what it is about stays.
fn cheap(command: &[String], folder: &Path) -> Vec<String> {
    let has = |flag: &str| command.iter().any(|word| word == flag);
    let mut words: Vec<String> = Vec::new();
    let mut is_file = false;
    for word in command {
        if std::mem::replace(&mut is_file, word == "--figures" || word == "--timeline") {
            words.push(folder.join(word.replace('/', "-")).display().to_string());
        } else {
            words.push(word.clone());
        }
    }
    let mut add = |flags: &[&str]| words.extend(flags.iter().map(|&flag| flag.to_owned()));
    match command[0].as_str() {
        "wall" => {
            add(&["--no-report", "--model", "llama-3.1-8b"]);
            if !has("--chips") {
                add(&["--chips", "h100-sxm,rubin"]);
            }
            if !has("--match") && !has("--concurrency") {
                add(&["--concurrency", "4", "--plan", "tp8"]);
            }
        }
        "ablate" => {
            let load = ["--plan", "tp1", "--concurrency", "4", "--repeats", "1"];
            add(&[&["--model", "llama-3.1-8b", "--workload", "chat"], &load[..]].concat());
        }
        "run" if !has("--tasks") => add(&["--tasks", "4"]),
        _ => {}
    }
    words
}

#[test]
fn the_commands_of_the_study_run() {
    let folder = scratch("study");
    let commands = commands(&study());
    assert!(commands.len() >= 6, "the study has commands");
    for command in commands {
        let words = cheap(&command, &folder);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let answer = memwall(&words);
        assert_eq!(answer.code, 0, "{words:?}: {}", answer.stderr);
    }
}

#[test]
fn the_pictures_of_the_study_are_there() {
    let text = study();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let names: Vec<&str> =
        text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(n, _)| n).collect();
    let pictures: Vec<&&str> = names.iter().filter(|name| name.starts_with("figures/")).collect();
    assert!(pictures.len() >= 3, "{pictures:?}");
    for name in names.iter().filter(|name| !name.contains("://")) {
        let file = name.split('#').next().unwrap_or_default();
        assert!(folder.join(file).is_file(), "{name}");
    }
    let bytes: u64 =
        pictures.iter().map(|name| fs::metadata(folder.join(name)).unwrap().len()).sum();
    assert!(bytes < 400_000, "{bytes} bytes of pictures");
}
