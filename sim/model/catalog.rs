//! The models that come with the program, by name.

use super::{Model, ModelError, import};
use crate::hardware::nearest;

/// A shipped model: its name, its `config.json`, and other names of the same shape.
struct Entry {
    name: &'static str,
    config: &'static str,
    aliases: &'static [&'static str],
}

macro_rules! entries {
    ($($name:literal: [$($alias:literal),*]),* $(,)?) => {
        &[$(Entry {
            name: $name,
            config: include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"), "/workloads/models/", $name, ".json"
            )),
            aliases: &[$($alias),*],
        }),*]
    };
}

/// Aliases are normalised names (see [`normalised`]) of models with the same layers; their
/// checkpoints may come in other formats, and their contexts may be shorter.
const ENTRIES: &[Entry] = entries! {
    "deepseek-r1": ["deepseek-v3", "deepseek-v3.1", "deepseek-v3/r1", "deepseek-r1-0528"],
    "deepseek-v3.2": ["deepseek-v3.2-exp"],
    "deepseek-v4-flash": [],
    "deepseek-v4-pro": [],
    "gemma-4-26b": ["gemma-4-26b-a4b"],
    "gemma-4-31b": [],
    "glm-4.7-flash": [],
    "glm-5": ["glm-5.1"],
    "glm-5.2": [],
    "glm-5.3": [],
    "gpt-oss-120b": [],
    "gpt-oss-20b": [],
    "kimi-k2": [],
    "kimi-k2.5": ["kimi-k2-thinking", "kimi-k2.6"],
    "kimi-k3": [],
    "kimi-linear-48b": ["kimi-linear-48b-a3b"],
    "llama-2-13b": [],
    "llama-2-70b": [],
    "llama-2-7b": [],
    "llama-3.1-405b": [],
    "llama-3.1-70b": ["llama-3-70b", "llama-3.3-70b"],
    "llama-3.1-8b": ["llama-3-8b"],
    "llama-4-maverick": ["llama-4-maverick-17b-128e"],
    "llama-4-scout": ["llama-4-scout-17b-16e"],
    "minimax-m2.5": ["minimax-m2", "minimax-m2.7"],
    "minimax-m3": [],
    "mistral-7b": ["mistral-7b-v0.1"],
    "mixtral-8x22b": ["mixtral-8x22b-v0.1"],
    "mixtral-8x7b": ["mixtral-8x7b-v0.1"],
    "nemotron-3-nano": ["nemotron-3-nano-30b-a3b", "nvidia-nemotron-3-nano-30b-a3b"],
    "nemotron-3-super": ["nemotron-3-super-120b-a12b", "nvidia-nemotron-3-super-120b-a12b"],
    "nemotron-3-ultra": ["nemotron-3-ultra-550b-a55b", "nvidia-nemotron-3-ultra-550b-a55b"],
    "qwen2-72b": ["qwen2.5-72b"],
    "qwen2-7b": ["qwen2.5-7b"],
    "qwen3-235b": ["qwen3-235b-a22b", "qwen3-vl-235b-a22b"],
    "qwen3-30b": ["qwen3-30b-a3b", "qwen3-vl-30b-a3b"],
    "qwen3-32b": ["qwen3-vl-32b"],
    "qwen3-8b": ["qwen3-vl-8b"],
    "qwen3-coder-480b": ["qwen3-coder-480b-a35b"],
    "qwen3-next-80b": ["qwen3-next-80b-a3b"],
    "qwen3.5-397b": ["qwen3.5-397b-a17b"],
};

/// Named models: those that come with the program, and any that are added.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    added: Vec<Model>,
}

impl Catalog {
    /// The models that come with the program.
    pub fn embedded() -> Self {
        Self::default()
    }

    /// Adds a model under its own name, before any other of that name.
    pub fn add(&mut self, model: Model) {
        self.added.push(model);
    }

    /// Names of all models, sorted.
    pub fn names(&self) -> Vec<String> {
        let shipped = ENTRIES.iter().map(|entry| entry.name.to_owned());
        let mut names: Vec<_> = self.added.iter().map(|model| model.name.clone()).collect();
        names.extend(shipped);
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Other names under which a shipped model is found.
    pub fn aliases(&self, name: &str) -> &'static [&'static str] {
        ENTRIES.iter().find(|entry| entry.name == name).map_or(&[], |entry| entry.aliases)
    }

    /// The `config.json` of a shipped model.
    pub fn config(name: &str) -> Option<&'static str> {
        ENTRIES.iter().find(|entry| entry.name == name).map(|entry| entry.config)
    }

    /// All models, by name.
    pub fn models(&self) -> Vec<Model> {
        let found = self.names().into_iter().map(|name| self.model(&name));
        found.collect::<Result<_, _>>().expect("every name is in the catalogue")
    }

    /// The model called `name`, however it is spelled: `meta-llama/Llama-3.1-70B-Instruct` is
    /// `llama-3.1-70b`.
    pub fn model(&self, name: &str) -> Result<Model, ModelError> {
        if let Some(model) = self.added.iter().rev().find(|model| model.name == name) {
            return Ok(model.clone());
        }
        let (exact, plain) = (name.trim().to_lowercase(), normalised(name));
        let tail = |name: &'_ str| name.rsplit('/').next().unwrap_or_default().to_owned();
        let called =
            |entry: &&Entry, name: &str| entry.name == name || entry.aliases.contains(&name);
        let spellings = [exact.clone(), tail(&exact), plain.clone(), tail(&plain)];
        let entry =
            spellings.iter().find_map(|name| ENTRIES.iter().find(|entry| called(entry, name)));
        let Some(entry) = entry else {
            return Err(ModelError::UnknownModel {
                name: name.into(),
                nearest: self.nearest(&tail(&plain)),
            });
        };
        let model = import(entry.name, entry.config, None);
        Ok(model.expect("shipped configurations import, which a test checks"))
    }

    /// A suggestion for a mistyped name, as a part of a sentence.
    fn nearest(&self, name: &str) -> String {
        let mut names = self.names();
        names.extend(ENTRIES.iter().flat_map(|entry| entry.aliases).map(|&name| name.to_owned()));
        let best = nearest(name, names.iter().map(String::as_str));
        best.map_or(String::new(), |best| format!("; did you mean `{best}`?"))
    }
}

/// Lower case, without the suffixes that name a training stage or a number format.
fn normalised(name: &str) -> String {
    const SUFFIXES: [&str; 15] = [
        "-instruct",
        "-chat",
        "-base",
        "-it",
        "-hf",
        "-fp8",
        "-nvfp4",
        "-mxfp4",
        "-fp4",
        "-bf16",
        "-int4",
        "-awq",
        "-dynamic",
        "-2507",
        "-thinking",
    ];
    let mut name = name.trim().to_lowercase().replace("meta-llama-", "llama-");
    while let Some(short) = SUFFIXES.iter().find_map(|suffix| name.strip_suffix(suffix)) {
        name = short.to_owned();
    }
    name
}
