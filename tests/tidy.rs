//! The laws of the source tree. A failure prints one line per breach, each naming its file.

use std::fs;
use std::path::{Path, PathBuf};

/// From the ground up; each may use those before it.
const LAYERS: [&str; 15] = [
    "units",
    "des",
    "hardware",
    "model",
    "cost",
    "serving",
    "workload",
    "cluster",
    "fidelity",
    "insight",
    "economics",
    "planning",
    "sweep",
    "report",
    "cli",
];

/// Layers that only compute: no files, threads, clocks or environment, so that they also compile
/// to WebAssembly one day.
const CORE: &[&str] = LAYERS.split_at(13).0;

/// The one file of the core that reads files; compiled with the `cli` feature only.
const READS_FILES: &str = "sim/workload/files.rs";

const NOT_IN_CORE: [&str; 8] = [
    "std::fs",
    "std::thread",
    "std::time",
    "std::env",
    "std::process",
    "std::net",
    "std::io::stdin",
    "println!",
];

/// A package of its own below `sim/`, with files of other languages and a build folder.
const PYTHON: &str = "sim/python";

const LINES_MAX: usize = 400;
const COLUMNS_MAX: usize = 100;
const ENTRIES_MAX: usize = 10;

/// A text file of the project.
struct Source {
    /// Path from the root, with `/` between its parts.
    name: String,
    text: String,
}

impl Source {
    /// The layer it belongs to: the folder below `sim/`.
    fn layer(&self) -> Option<&str> {
        self.name.strip_prefix("sim/")?.split_once('/').map(|(layer, _)| layer)
    }

    fn is_rust(&self) -> bool {
        Path::new(&self.name).extension().is_some_and(|end| end == "rs")
    }

    fn is_mod_rs(&self) -> bool {
        self.name.ends_with("/mod.rs")
    }

    /// Numbered lines of code, from 1, without comments and in-file tests.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let tests = self.text.find("\n#[cfg(test)]\nmod ").unwrap_or(self.text.len());
        let lines = self.text[..tests].lines().enumerate();
        lines
            .map(|(i, line)| (i + 1, line.trim()))
            .filter(|(_, line)| !line.starts_with("//") && !line.is_empty())
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `folder`, in the order of their names.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let below = |path: PathBuf| if path.is_dir() { files_below(&path) } else { vec![path] };
    paths.into_iter().flat_map(below).collect()
}

fn name_of(path: &Path) -> String {
    let parts = path.strip_prefix(root()).unwrap().iter();
    parts.map(|part| part.to_str().unwrap()).collect::<Vec<_>>().join("/")
}

/// The texts below the named folders; binary test data is passed over.
fn sources(folders: &[&str]) -> Vec<Source> {
    let files = folders.iter().flat_map(|folder| {
        let path = root().join(folder);
        if path.is_file() { vec![path] } else { files_below(&path) }
    });
    let files = files.filter(|path| !path.starts_with(root().join(PYTHON)));
    let texts = files.filter_map(|path| {
        let text = fs::read_to_string(&path).ok()?;
        Some(Source { name: name_of(&path), text })
    });
    texts.collect()
}

fn rust() -> Vec<Source> {
    let mut all = sources(&["sim", "tests", "benches"]);
    all.retain(Source::is_rust);
    assert!(all.len() > 30, "the walk found only {} files", all.len());
    all
}

#[track_caller]
fn none(breaches: &[String]) {
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
}

#[test]
fn layers_look_down_only() {
    let mut breaches = Vec::new();
    for source in rust() {
        let Some(layer) = source.layer() else { continue };
        let height = LAYERS.iter().position(|name| *name == layer);
        let height = height.unwrap_or_else(|| panic!("sim/{layer} is not a known layer"));
        for (line, code) in source.code() {
            for upper in &LAYERS[height + 1..] {
                let path = format!("crate::{upper}");
                if code.match_indices(&path).any(|(at, _)| ends_word(code, at + path.len())) {
                    breaches
                        .push(format!("{}:{line}: `{layer}` must not use `{upper}`", source.name));
                }
            }
            if code.contains("crate::{") {
                breaches.push(format!("{}:{line}: write one `use` for each layer", source.name));
            }
        }
    }
    none(&breaches);
}

/// Whether no identifier continues at `at`.
fn ends_word(code: &str, at: usize) -> bool {
    !code[at..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
}

#[test]
fn the_core_only_computes() {
    let mut breaches = Vec::new();
    for source in rust() {
        let in_core = source.layer().is_some_and(|layer| CORE.contains(&layer));
        if !in_core || source.name == READS_FILES {
            continue;
        }
        for (line, code) in source.code() {
            for banned in NOT_IN_CORE.iter().filter(|banned| code.contains(**banned)) {
                breaches.push(format!("{}:{line}: the core has no `{banned}`", source.name));
            }
            if code.contains("use std::{") {
                breaches.push(format!("{}:{line}: write one `use` for each module", source.name));
            }
        }
    }
    none(&breaches);
}

#[test]
fn files_and_lines_are_short() {
    let mut breaches = Vec::new();
    for source in rust() {
        let lines = source.text.lines().count();
        if lines > LINES_MAX {
            breaches.push(format!("{}: {lines} lines, at most {LINES_MAX}", source.name));
        }
        for (i, line) in source.text.lines().enumerate() {
            let columns = line.chars().count();
            if columns > COLUMNS_MAX {
                breaches.push(format!("{}:{}: {columns} columns wide", source.name, i + 1));
            }
        }
    }
    none(&breaches);
}

#[test]
fn folders_are_small() {
    let mut breaches = Vec::new();
    let mut folders: Vec<_> = LAYERS.iter().map(|layer| root().join("sim").join(layer)).collect();
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        let entries: Vec<_> = entries.collect();
        if entries.len() > ENTRIES_MAX {
            let name = name_of(&folder);
            breaches.push(format!("{name}: {} entries, at most {ENTRIES_MAX}", entries.len()));
        }
        folders.extend(entries.into_iter().filter(|path| path.is_dir()));
    }
    none(&breaches);
}

#[test]
fn mod_rs_holds_docs_and_names_only() {
    let mut breaches = Vec::new();
    for source in rust().iter().filter(|source| source.is_mod_rs()) {
        if !source.text.starts_with("//! ") {
            breaches.push(format!("{}: does not say what the module is for", source.name));
        }
        let mut in_use = false;
        for (line, code) in source.code() {
            let starts_use = is_use(code);
            let allowed =
                in_use || starts_use || code.starts_with("#[") || (is_mod(code) && ends(code));
            if !allowed {
                let name = &source.name;
                breaches.push(format!("{name}:{line}: only docs, `mod` and `use` belong here"));
                break;
            }
            in_use = (in_use || starts_use) && !ends(code);
        }
    }
    none(&breaches);
}

fn ends(code: &str) -> bool {
    code.ends_with(';')
}

/// The item that `code` begins with, whoever may see it.
fn item(code: &str) -> &str {
    let Some(rest) = code.strip_prefix("pub") else { return code };
    let rest = rest.trim_start();
    if rest.starts_with('(') { rest.split_once(')').map_or(rest, |(_, rest)| rest) } else { rest }
}

fn is_use(code: &str) -> bool {
    item(code).trim_start().starts_with("use ")
}

fn is_mod(code: &str) -> bool {
    item(code).trim_start().starts_with("mod ")
}

#[test]
fn every_module_is_declared_by_its_parent() {
    let mut breaches = Vec::new();
    let all = rust();
    for source in &all {
        let (folder, file) = source.name.rsplit_once('/').unwrap();
        let top = ["sim", "tests", "benches"].contains(&folder);
        let roots = ["sim/lib.rs", "sim/main.rs", "tests/main.rs"];
        if folder == "benches" || roots.contains(&source.name.as_str()) {
            continue;
        }
        // `a/mod.rs` is declared by the parent of `a`, `a/b.rs` by `a/mod.rs`.
        let (folder, module) = if source.is_mod_rs() {
            folder.rsplit_once('/').unwrap()
        } else {
            (folder, file.trim_end_matches(".rs"))
        };
        let parent = match folder {
            "sim" => "sim/lib.rs".into(),
            "tests" => "tests/main.rs".into(),
            folder => format!("{folder}/mod.rs"),
        };
        let declared = all.iter().filter(|candidate| candidate.name == parent).any(|parent| {
            parent.code().any(|(_, code)| is_mod(code) && code.ends_with(&format!(" {module};")))
        });
        if !declared {
            breaches.push(format!("{}: `{parent}` does not declare it", source.name));
        }
        if !top && all.iter().any(|other| other.name == format!("{folder}.rs")) {
            breaches.push(format!("{folder}.rs: lies beside the folder of its name"));
        }
    }
    none(&breaches);
}

#[test]
fn every_bench_is_declared() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let benches = files_below(&root().join("benches"));
    // Scripts lie beside them.
    let is_rust = |path: &&PathBuf| path.extension().is_some_and(|end| end == "rs");
    let names = benches.iter().filter(is_rust).map(|path| name_of(path));
    let missing = names.filter(|name| !manifest.contains(&format!("path = \"{name}\"")));
    none(&missing.map(|name| format!("Cargo.toml: {name} has no [[bench]]")).collect::<Vec<_>>());
}

#[test]
fn nothing_unfinished_and_no_machine_paths() {
    // Spelled in two parts, so that this file keeps the law itself.
    let unfinished = [("tod", "o!("), ("unimplem", "ented!("), ("db", "g!("), ("FIX", "ME")];
    let machine = [("/wo", "rk/"), ("/tm", "p/"), ("/ho", "me/"), ("/ro", "ot/"), ("shar", "ed/")];
    let unfinished = unfinished.map(|(start, end)| format!("{start}{end}"));
    let machine = machine.map(|(start, end)| format!("{start}{end}"));
    let mut breaches = Vec::new();
    let places = [
        "sim",
        "tests",
        "benches",
        "docs",
        "hw-specs",
        "workloads",
        ".ci",
        "README.md",
        "CHANGELOG.md",
    ];
    for source in sources(&places) {
        for (i, line) in source.text.lines().enumerate() {
            let mut words: Vec<&str> = Vec::new();
            if source.is_rust() {
                words.extend(unfinished.iter().map(String::as_str));
            }
            let words = words.into_iter().filter(|word| line.contains(word));
            let paths = machine.iter().filter(|path| starts_a_path(line, path));
            for word in words.chain(paths.map(String::as_str)) {
                breaches.push(format!("{}:{}: `{word}`", source.name, i + 1));
            }
        }
    }
    none(&breaches);
}

/// Whether `path` stands in `line` and is no part of an address such as `example.com/work/`.
fn starts_a_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        !line[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '/'))
    })
}

#[test]
fn exceptions_to_lints_have_reasons() {
    let mut breaches = Vec::new();
    let opens = ["allow", "expect"].map(|lint| [format!("#[{lint}("), format!("#![{lint}(")]);
    for source in rust() {
        let code: Vec<_> = source.text.lines().map(str::trim).collect();
        for (i, line) in code.iter().enumerate() {
            if !opens.iter().flatten().any(|open| line.starts_with(open.as_str())) {
                continue;
            }
            let end = code[i..].iter().position(|line| line.ends_with(")]")).unwrap_or(0);
            if !code[i..=i + end].iter().any(|line| line.contains("reason = ")) {
                breaches.push(format!("{}:{}: has no reason", source.name, i + 1));
            }
        }
    }
    none(&breaches);
}
