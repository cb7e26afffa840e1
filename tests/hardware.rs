//! Hardware: shipped specs are sound, checks fire, catalogues overlay.

use std::path::Path;

use memwall::hardware::{Catalog, Chip, Class, Finding, HardwareError, Severity, check};

fn shipped() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("hw-specs");
    let mut files = Vec::new();
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !path.ends_with("calibration") {
                    folders.push(path);
                }
            } else {
                files.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn dbg_all() {
    let catalog = Catalog::embedded();
    for (path, text) in shipped() {
        for f in catalog.check(&path, &text) {
            println!("{f}");
        }
    }
    for c in catalog.chips() {
        println!(
            "{:18} {:?} {:10} {} {} {:?} {:?} {:?}",
            c.name,
            c.class,
            c.generation,
            c.memory.bandwidth,
            c.memory.usable,
            c.exp_rate.map(|e| e.to_string()),
            c.simulable(),
            c.native_weights()
        );
    }
    for r in catalog.figures("rubin") {
        println!("{r:?}");
    }
}
