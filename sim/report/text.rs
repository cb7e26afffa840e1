//! Numbers and paragraphs for people.

use crate::units::significant;

/// A number of three digits or so: `0.0418`, `3.35`, `1234`, `25.8 k`, `1.23 M`.
pub(super) fn short(value: f64) -> String {
    let (scale, suffix) = match value.abs() {
        size if size < 9_999.5 => (1.0, ""),
        size if size < 999_500.0 => (1e3, " k"),
        size if size < 999.5e6 => (1e6, " M"),
        _ => (1e9, " G"),
    };
    format!("{}{suffix}", significant(value / scale, 3))
}

/// [`short`], or a dash for what is not known.
pub(super) fn short_or_dash(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), short)
}

/// A share as whole per cent, one decimal below ten: `82 %`, `3.4 %`.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent.abs() < 9.95 && percent != 0.0 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.0} %")
    }
}

/// So many things, in [`short`]: `1 request`, `13.1 k requests`.
pub(super) fn counted(number: u64, noun: &str) -> String {
    let ending = match number {
        1 => "",
        _ if noun.ends_with("ch") => "es",
        _ => "s",
    };
    format!("{} {noun}{ending}", short(number as f64))
}

/// A per cent sign and the space before it as one word; no text has this character.
const GLUED: &str = "\u{fdd0}%";

/// `text` broken at spaces into lines of at most `width` characters; a longer word stands alone,
/// and a per cent sign stays with its number.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.replace(" %", GLUED).split_whitespace() {
        let length = line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && length > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines.iter().map(|line| line.replace(GLUED, " %")).collect()
}

/// `text` without the control characters that could move a terminal's cursor.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// `items` as a list in a sentence: `a`, `a and b`, `a, b and c`.
pub(super) fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_short() {
        for (value, text) in [
            (0.041_812, "0.0418"),
            (1234.4, "1234"),
            (25_756.0, "25.8 k"),
            (123_456.0, "123 k"),
            (999_700.0, "1 M"),
            (1.234e6, "1.23 M"),
            (2.5e10, "25 G"),
        ] {
            assert_eq!(short(value), text);
        }
        assert_eq!(short_or_dash(None), "–");
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!(counted(1, "request"), "1 request");
        assert_eq!(counted(13_100, "prompt"), "13.1 k prompts");
        assert_eq!(counted(2, "batch"), "2 batches");
    }

    #[test]
    fn shares_read_as_per_cent() {
        assert_eq!(percent(0.823), "82 %");
        assert_eq!(percent(0.0344), "3.4 %");
        assert_eq!(percent(0.0), "0 %");
        assert_eq!(percent(0.0997), "10 %");
    }

    #[test]
    fn lines_keep_within_the_width() {
        assert_eq!(wrap("aa bb  cc", 5), ["aa bb", "cc"]);
        assert_eq!(wrap("abcdefgh ij", 4), ["abcdefgh", "ij"]);
        assert_eq!(wrap("aaa 5 % b", 5), ["aaa", "5 % b"]);
        assert!(wrap("  ", 4).is_empty());
    }

    #[test]
    fn escape_sequences_lose_their_teeth() {
        assert_eq!(printable("a\x1b[2J\nb"), "a [2J b");
    }

    #[test]
    fn lists_read_aloud() {
        let items = ["a", "b", "c"].map(String::from);
        assert_eq!(listed(&items[..1]), "a");
        assert_eq!(listed(&items), "a, b and c");
    }
}
