//! Texts of spans as tokens and pages, where tokens themselves are not recorded.

use std::hash::Hasher;

use rustc_hash::FxHasher;
use serde_json::Value;

/// Characters of a token where no count was recorded: `inference-perf`'s estimate.
const CHARACTERS: usize = 4;

/// A message: who says what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) role: String,
    pub(super) text: String,
}

impl Message {
    /// What stands in a list of messages.
    pub(super) fn of(value: &Value) -> Self {
        let role = value.get("role").and_then(Value::as_str).unwrap_or_default().to_owned();
        let keys = value.as_object().map_or(0, serde_json::Map::len);
        let text = match value.get("content") {
            Some(Value::String(text)) if keys <= 2 => text.clone(),
            _ => value.to_string(),
        };
        Self { role, text }
    }

    /// Its tokens by estimate, each a number that stands for what it says.
    pub(super) fn tokens(&self) -> impl Iterator<Item = u64> {
        let characters: Vec<char> = self.text.chars().collect();
        let count = (characters.len() / CHARACTERS).max(1);
        (0..count).map(move |index| {
            let from = index * CHARACTERS;
            let to = if index + 1 == count { characters.len() } else { from + CHARACTERS };
            let mut hasher = FxHasher::default();
            if index == 0 {
                hasher.write(self.role.as_bytes());
            }
            hasher.write_u8(u8::from(index == 0));
            characters[from..to].iter().for_each(|&letter| hasher.write_u32(letter.into()));
            hasher.finish()
        })
    }
}

/// What a run of tokens says, as one number.
pub(super) fn digest(tokens: &[u64]) -> u64 {
    let mut hasher = FxHasher::default();
    for &token in tokens {
        hasher.write_u64(token);
    }
    hasher.finish()
}

/// JSON that may be wrapped in a string, as attributes often are.
pub(super) fn unwrapped(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => serde_json::from_str(text).ok(),
        other => Some(other.clone()),
    }
}
