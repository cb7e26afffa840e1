//! Reads keys of a configuration file and complains well.

use serde_json::{Map, Value};

use crate::model::ModelError;

/// A JSON object with the path that led to it.
#[derive(Clone)]
pub(super) struct Reader<'a> {
    pub(super) file: &'a str,
    architecture: &'a str,
    path: String,
    keys: &'a Map<String, Value>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: &'a str, architecture: &'a str, keys: &'a Map<String, Value>) -> Self {
        Self { file, architecture, path: String::new(), keys }
    }

    pub(super) fn architecture(&self) -> &'a str {
        self.architecture
    }

    /// The value of `key`; `null` counts as absent, as it does for Hugging Face.
    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        self.keys.get(key).filter(|value| !value.is_null())
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    pub(super) fn child(&self, key: &str) -> Option<Self> {
        let keys = self.get(key)?.as_object()?;
        Some(Self { path: format!("{}{key}.", self.path), keys, ..self.clone() })
    }

    fn missing(&self, key: &str) -> ModelError {
        ModelError::Missing {
            file: self.file.into(),
            key: format!("{}{key}", self.path),
            architecture: self.architecture.into(),
        }
    }

    pub(super) fn wrong(&self, key: &str, expected: &'static str) -> ModelError {
        ModelError::Wrong {
            file: self.file.into(),
            key: format!("{}{key}", self.path),
            found: self.keys.get(key).map_or("absent".into(), brief),
            expected,
        }
    }

    pub(super) fn unsupported(&self, key: &str, reason: &'static str) -> ModelError {
        ModelError::Unsupported {
            file: self.file.into(),
            key: format!("{}{key}", self.path),
            found: self.keys.get(key).map_or("absent".into(), brief),
            reason,
        }
    }

    /// A count that must be there and positive.
    pub(super) fn count(&self, key: &str) -> Result<u32, ModelError> {
        self.count_opt(key)?.ok_or_else(|| self.missing(key))
    }

    /// A positive count, if it is there; 0 counts as absent.
    ///
    /// The bound keeps parameter counts within 64 bits.
    pub(super) fn count_opt(&self, key: &str) -> Result<Option<u32>, ModelError> {
        self.number(key, 1 << 17, "a whole number up to 131072")
    }

    /// A number of tokens, if it is there: a context, a window, a vocabulary.
    pub(super) fn tokens_opt(&self, key: &str) -> Result<Option<u32>, ModelError> {
        self.number(key, 1 << 30, "a whole number of tokens")
    }

    /// A number of tokens that must be there and positive.
    pub(super) fn tokens(&self, key: &str) -> Result<u32, ModelError> {
        self.tokens_opt(key)?.ok_or_else(|| self.missing(key))
    }

    fn number(
        &self,
        key: &str,
        most: u32,
        expected: &'static str,
    ) -> Result<Option<u32>, ModelError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        let number = number.filter(|&number| number <= most);
        let number = number.ok_or_else(|| self.wrong(key, expected))?;
        Ok((number > 0).then_some(number))
    }

    /// The first of several spellings of one key.
    pub(super) fn count_any(&self, keys: &[&str]) -> Result<u32, ModelError> {
        match keys.iter().find(|key| self.has(key)) {
            Some(key) => self.count(key),
            None => Err(self.missing(keys[0])),
        }
    }

    /// A count with the default that Hugging Face's configuration class gives it.
    pub(super) fn count_or(&self, key: &str, default: u32) -> Result<u32, ModelError> {
        Ok(self.count_opt(key)?.unwrap_or(default))
    }

    /// A switch with the default that Hugging Face's configuration class gives it.
    pub(super) fn switch_or(&self, key: &str, default: bool) -> Result<bool, ModelError> {
        let Some(value) = self.get(key) else { return Ok(default) };
        value.as_bool().ok_or_else(|| self.wrong(key, "true or false"))
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<&'a str>, ModelError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        value.as_str().map(Some).ok_or_else(|| self.wrong(key, "a text"))
    }

    pub(super) fn text_required(&self, key: &str) -> Result<&'a str, ModelError> {
        self.text(key)?.ok_or_else(|| self.missing(key))
    }

    fn list(&self, key: &str) -> Result<Option<&'a [Value]>, ModelError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let list = value.as_array().ok_or_else(|| self.wrong(key, "a list"))?;
        Ok(Some(list))
    }

    pub(super) fn texts(&self, key: &str) -> Result<Option<Vec<&'a str>>, ModelError> {
        let Some(list) = self.list(key)? else { return Ok(None) };
        let texts: Option<_> = list.iter().map(Value::as_str).collect();
        texts.map(Some).ok_or_else(|| self.wrong(key, "a list of texts"))
    }

    pub(super) fn numbers(&self, key: &str) -> Result<Option<Vec<u32>>, ModelError> {
        let Some(list) = self.list(key)? else { return Ok(None) };
        let number = |value: &Value| value.as_u64().and_then(|n| u32::try_from(n).ok());
        let numbers: Option<_> = list.iter().map(number).collect();
        numbers.map(Some).ok_or_else(|| self.wrong(key, "a list of whole numbers"))
    }

    pub(super) fn objects(&self, key: &str) -> Result<Option<Vec<Self>>, ModelError> {
        let Some(list) = self.list(key)? else { return Ok(None) };
        let object = |(i, value): (usize, &'a Value)| {
            let path = format!("{}{key}[{i}].", self.path);
            value.as_object().map(|keys| Self { path, keys, ..self.clone() })
        };
        let objects: Option<_> = list.iter().enumerate().map(object).collect();
        objects.map(Some).ok_or_else(|| self.wrong(key, "a list of objects"))
    }

    /// A list with one entry per layer, if it is there; longer lists go on to MTP layers.
    pub(super) fn per_layer<T>(
        &self,
        key: &str,
        list: Option<Vec<T>>,
        layers: u32,
    ) -> Result<Option<Vec<T>>, ModelError> {
        match list {
            Some(list) if list.len() < layers as usize => {
                Err(self.wrong(key, "one entry per layer (`num_hidden_layers`)"))
            }
            list => Ok(list),
        }
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.keys.iter()
    }
}

/// A value as an error shows it.
fn brief(value: &Value) -> String {
    let text = value.to_string();
    if text.len() <= 60 {
        return text;
    }
    let kept: String = text.chars().take(57).collect();
    format!("{kept}…")
}

/// Python writes `Infinity` and `NaN`, which JSON does not have; they become `null`.
pub(super) fn parse(file: &str, text: &str) -> Result<Value, ModelError> {
    serde_json::from_str(&without_python_floats(text)).map_err(|error| ModelError::Syntax {
        file: file.into(),
        line: error.line(),
        column: error.column(),
        message: error.to_string().split(" at line").next().unwrap_or_default().into(),
    })
}

fn without_python_floats(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    // Quotes split the text into outside and inside; an escaped quote does not end a string.
    let (mut inside, mut rest) = (false, text);
    while !rest.is_empty() {
        let end = rest.find(['"', '\\']).unwrap_or(rest.len());
        let (plain, tail) = rest.split_at(end);
        if inside {
            clean.push_str(plain);
        } else {
            let plain = plain.replace("-Infinity", "null");
            clean.push_str(&plain.replace("Infinity", "null").replace("NaN", "null"));
        }
        let width = match tail.chars().next() {
            Some('\\') => 1 + tail[1..].chars().next().map_or(0, char::len_utf8),
            Some(_) => {
                inside = !inside;
                1
            }
            None => 0,
        };
        clean.push_str(&tail[..width]);
        rest = &tail[width..];
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_floats_become_null_outside_strings_only() {
        let text = r#"{"a": [0.0, Infinity, -Infinity], "b": "NaN \" NaN", "c": NaN}"#;
        let value = parse("f", text).unwrap();
        assert!(value["a"][1].is_null() && value["a"][2].is_null() && value["c"].is_null());
        assert_eq!(value["b"], "NaN \" NaN");
    }
}
