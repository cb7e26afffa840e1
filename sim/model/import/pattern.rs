//! Module patterns of quantisation files: plain names, globs, and the regular expressions that
//! checkpoints use.

use std::collections::BTreeMap;

/// What module patterns stand for; a pattern names modules, their parents, or a run of a path.
///
/// `re:` starts a regular expression that must match from the beginning; a `*` makes a glob;
/// anything else is compared by whole path segments, so that `gate` is not `gate_proj`.
pub(super) struct Patterns<'a, T> {
    plain: BTreeMap<&'a str, T>,
    wild: Vec<(&'a str, T)>,
}

impl<T> Default for Patterns<'_, T> {
    fn default() -> Self {
        Self { plain: BTreeMap::new(), wild: Vec::new() }
    }
}

impl<'a, T: Copy> Patterns<'a, T> {
    pub(super) fn insert(&mut self, pattern: &'a str, value: T) {
        if pattern.starts_with("re:") || pattern.contains('*') {
            self.wild.push((pattern, value));
        } else {
            self.plain.insert(pattern, value);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.plain.is_empty() && self.wild.is_empty()
    }

    /// The value of a pattern that fits the module `name`.
    pub(super) fn get(&self, name: &str) -> Option<T> {
        let wild = || self.wild.iter().find(|(pattern, _)| fits(pattern, name));
        self.plain(name).or_else(|| wild().map(|(_, value)| value)).copied()
    }

    /// The value of a run of whole segments of `name` that is listed by itself.
    fn plain(&self, name: &str) -> Option<&T> {
        // Most files list nothing, and a model asks for hundreds of modules.
        if self.plain.is_empty() {
            return None;
        }
        let starts = || [0].into_iter().chain(name.match_indices('.').map(|(at, _)| at + 1));
        let ends = |from: usize| {
            let dots = name[from..].match_indices('.').map(move |(at, _)| from + at);
            dots.chain([name.len()])
        };
        let mut runs = starts().flat_map(|from| ends(from).map(move |to| (from, to)));
        runs.find_map(|(from, to)| self.plain.get(&name[from..to]))
    }
}

impl<'a, T: Copy> FromIterator<(&'a str, T)> for Patterns<'a, T> {
    fn from_iter<I: IntoIterator<Item = (&'a str, T)>>(pairs: I) -> Self {
        let mut patterns = Self::default();
        for (pattern, value) in pairs {
            patterns.insert(pattern, value);
        }
        patterns
    }
}

fn fits(pattern: &str, name: &str) -> bool {
    match pattern.strip_prefix("re:") {
        Some(expression) => regular(expression.as_bytes(), name.as_bytes()),
        None => glob(pattern, name),
    }
}

/// A glob matches a module or one of its parents.
fn glob(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        let tail = name.strip_prefix(pattern);
        return tail.is_some_and(|tail| tail.is_empty() || tail.starts_with('.'));
    };
    let Some(tail) = name.strip_prefix(head) else { return false };
    tail.char_indices().any(|(at, _)| glob(rest, &tail[at..])) || glob(rest, "")
}

/// Literals, `.`, `\x`, `(a|b)` and `x*`: what the files contain.
fn regular(expression: &[u8], name: &[u8]) -> bool {
    let Some((atom, rest)) = next_atom(expression) else { return true };
    if let Some(rest) = rest.strip_prefix(b"*") {
        let mut tail = name;
        loop {
            if regular(rest, tail) {
                return true;
            }
            match tail.split_first() {
                Some((&byte, shorter)) if atom.takes(byte) => tail = shorter,
                _ => return false,
            }
        }
    }
    if let Atom::OneOf(choices) = atom {
        let mut choices = choices.split(|&byte| byte == b'|');
        return choices.any(|c| name.strip_prefix(c).is_some_and(|tail| regular(rest, tail)));
    }
    name.split_first().is_some_and(|(&byte, tail)| atom.takes(byte) && regular(rest, tail))
}

enum Atom<'a> {
    Any,
    Byte(u8),
    OneOf(&'a [u8]),
}

impl Atom<'_> {
    /// Whether it is a single character that takes `byte`.
    fn takes(&self, byte: u8) -> bool {
        match self {
            Self::Any => true,
            Self::Byte(own) => *own == byte,
            Self::OneOf(_) => false,
        }
    }
}

fn next_atom(expression: &[u8]) -> Option<(Atom<'_>, &[u8])> {
    let (first, rest) = expression.split_first()?;
    Some(match first {
        b'.' => (Atom::Any, rest),
        b'\\' => (Atom::Byte(*rest.first()?), &rest[1..]),
        b'(' => {
            let end = rest.iter().position(|&byte| byte == b')')?;
            (Atom::OneOf(&rest[..end]), &rest[end + 1..])
        }
        byte => (Atom::Byte(*byte), rest),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, name: &str) -> bool {
        [(pattern, ())].into_iter().collect::<Patterns<'_, ()>>().get(name).is_some()
    }

    #[test]
    fn plain_names_match_whole_segments() {
        assert!(matches("gate", "model.layers.3.mlp.gate"));
        assert!(!matches("gate", "model.layers.3.mlp.gate_proj"));
        assert!(!matches("model.layers.1", "model.layers.10.mlp"));
        assert!(matches("model.layers.1", "model.layers.1.mlp"));
    }

    #[test]
    fn globs_match_modules_and_parents() {
        assert!(matches("*.attn.*", "layers.7.attn.wo_b"));
        assert!(matches("model.layers.*.self_attn", "model.layers.3.self_attn.o_proj"));
        assert!(matches("model.layers.1.self_attn*", "model.layers.1.self_attn.o_proj"));
        assert!(!matches("model.layers.0*", "model.layers.10.mlp"));
    }

    #[test]
    fn expressions_match_from_the_start() {
        let mlp = r"re:.*mlp\.(gate|up|gate_up|down)_proj.*";
        assert!(matches(mlp, "model.layers.0.mlp.down_proj"));
        assert!(!matches(mlp, "model.layers.3.mlp.experts.0.down_proj"));
        assert!(!matches("re:mlp", "model.mlp"));
    }
}
