//! The spec files that the program carries, in the order in which the catalogue shows them.

macro_rules! embed {
    ($($path:literal),* $(,)?) => {
        &[$((
            concat!("hw-specs/", $path),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/hw-specs/", $path)),
        )),*]
    };
}

/// Path and text of every file. By maker, NVIDIA first, and from old to new.
pub(crate) const FILES: &[(&str, &str)] = embed![
    "nvidia/a100-40gb.toml",
    "nvidia/a100-80gb.toml",
    "nvidia/h100-pcie.toml",
    "nvidia/h100-sxm.toml",
    "nvidia/h100-nvl.toml",
    "nvidia/h800.toml",
    "nvidia/h20.toml",
    "nvidia/gh200-96gb.toml",
    "nvidia/h200-sxm.toml",
    "nvidia/gh200-144gb.toml",
    "nvidia/l40s.toml",
    "nvidia/b200-sxm.toml",
    "nvidia/gb200.toml",
    "nvidia/rtx-pro-6000.toml",
    "nvidia/b300-sxm.toml",
    "nvidia/gb300.toml",
    "nvidia/rubin.toml",
    "nvidia/rubin-max-q.toml",
    "nvidia/rubin-22tb.toml",
    "nvidia/rubin-cpx.toml",
    "nvidia/rubin-ultra-192gb.toml",
    "nvidia/rubin-ultra-256gb.toml",
    "nvidia/rubin-ultra-384gb.toml",
    "nvidia/rubin-ultra-1tb.toml",
    "nvidia/feynman.toml",
    "amd/mi300x.toml",
    "amd/mi325x.toml",
    "amd/mi350x.toml",
    "amd/mi355x.toml",
    "amd/mi455x.toml",
    "google/tpu-v6e.toml",
    "google/tpu-v7.toml",
    "aws/trainium2.toml",
    "aws/trainium3.toml",
    "intel/gaudi3.toml",
    "groq/groq-lp30.toml",
    "cerebras/cerebras-wse3.toml",
    "systems/hgx-a100.toml",
    "systems/hgx-h100.toml",
    "systems/hgx-h200.toml",
    "systems/gh200-nvl32.toml",
    "systems/hgx-b200.toml",
    "systems/gb200-nvl72.toml",
    "systems/hgx-b300.toml",
    "systems/gb300-nvl72.toml",
    "systems/vr-nvl72.toml",
    "systems/vr-nvl72-max-q.toml",
    "systems/vr-nvl144-cpx.toml",
    "systems/hgx-rubin-nvl8.toml",
    "systems/rubin-ultra-nvl72.toml",
    "systems/rubin-ultra-nvl144.toml",
    "systems/rubin-ultra-nvl576.toml",
    "systems/feynman-nvl1152.toml",
    "systems/mi300x-box.toml",
    "systems/mi355x-box.toml",
    "systems/helios.toml",
    "systems/tpu-v7-pod.toml",
    "systems/trn2-ultraserver.toml",
    "systems/trn3-ultraserver.toml",
    "systems/groq-lpx.toml",
    "sources.toml",
    "hbm.toml",
    "hbm-timing.toml",
    "ladder.toml",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::FILES;

    /// Spec files below `dir`; calibration constants belong to another layer.
    fn on_disk(dir: &Path, root: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(dir).expect("hw-specs is readable") {
            let path = entry.expect("hw-specs is readable").path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "calibration") {
                on_disk(&path, root, found);
            } else if path.extension().is_some_and(|extension| extension == "toml") {
                let relative = path.strip_prefix(root).expect("the walk began at the root");
                found.insert(relative.to_string_lossy().replace('\\', "/"));
            }
        }
    }

    #[test]
    fn the_table_lists_exactly_the_files_of_the_directory() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut found = BTreeSet::new();
        on_disk(&root.join("hw-specs"), root, &mut found);
        let embedded: BTreeSet<_> = FILES.iter().map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(embedded, found);
        assert_eq!(embedded.len(), FILES.len(), "a file is embedded twice");
    }
}
