//! A plain line of Mooncake JSONL, read without a parser's detours.

use super::page_ids::PageIds;

/// What a plain line says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Plain {
    /// In milliseconds, as a JSON parser would have it.
    pub(super) timestamp: f64,
    pub(super) prompt: u32,
    pub(super) output: u32,
    pub(super) has_pages: bool,
}

/// Reads a line of the keys `timestamp`, `input_length`, `output_length` and, possibly, `hash_ids`,
/// each once and in any order; the pages go to `ids`. None for anything else, sound or not.
pub(super) fn scan(text: &[u8], ids: &mut PageIds) -> Option<Plain> {
    let mut cursor = Cursor(text);
    let (mut timestamp, mut prompt, mut output) = (None, None, None);
    let mut has_pages = false;
    cursor.take(b'{')?;
    loop {
        cursor.blank();
        if timestamp.is_none() && cursor.key(b"\"timestamp\"") {
            timestamp = Some(cursor.number()?);
        } else if prompt.is_none() && cursor.key(b"\"input_length\"") {
            prompt = Some(cursor.count()?);
        } else if output.is_none() && cursor.key(b"\"output_length\"") {
            output = Some(cursor.count()?);
        } else if !has_pages && cursor.key(b"\"hash_ids\"") {
            has_pages = true;
            cursor.list(ids)?;
        } else {
            return None;
        }
        if cursor.take(b',').is_none() {
            break;
        }
    }
    cursor.take(b'}')?;
    cursor.blank();
    let is_whole = cursor.0.is_empty();
    let (timestamp, prompt, output) = (timestamp?, prompt?, output?);
    is_whole.then_some(Plain { timestamp, prompt, output, has_pages })
}

struct Cursor<'a>(&'a [u8]);

/// Significands beyond are not exact as numbers: the parser rounds them its own way.
const MOST_EXACT: u64 = 1 << 53;

/// Digits that a `u64` surely holds.
const MOST_DIGITS: usize = 18;

/// Powers of ten by which a significand is divided with one rounding.
const TENS: [f64; 10] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

impl Cursor<'_> {
    #[inline]
    fn blank(&mut self) {
        while let [b' ' | b'\t' | b'\n' | b'\r', rest @ ..] = self.0 {
            self.0 = rest;
        }
    }

    /// Passes `byte`, blanks before it, too.
    #[inline]
    fn take(&mut self, byte: u8) -> Option<()> {
        self.blank();
        match self.0 {
            [first, rest @ ..] if *first == byte => {
                self.0 = rest;
                Some(())
            }
            _ => None,
        }
    }

    /// Passes a key and its colon, if they are at the cursor.
    #[inline]
    fn key<const N: usize>(&mut self, key: &[u8; N]) -> bool {
        let Some(rest) = self.0.strip_prefix(key) else { return false };
        self.0 = rest;
        self.take(b':').is_some()
    }

    /// Digits; no more than a `u64` surely holds, and not led by a zero.
    #[inline]
    fn digits(&mut self) -> Option<u64> {
        let text = self.0;
        let mut value = 0;
        let mut length = 0;
        while let Some(byte) = text.get(length)
            && byte.is_ascii_digit()
        {
            value = value * 10 + u64::from(byte - b'0');
            length += 1;
            if length > MOST_DIGITS {
                return None;
            }
        }
        self.0 = &text[length..];
        let is_padded = length > 1 && text[0] == b'0';
        (length > 0 && !is_padded).then_some(value)
    }

    /// A whole number, and nothing that makes it another one.
    #[inline]
    fn whole(&mut self) -> Option<u64> {
        self.blank();
        let value = self.digits()?;
        (!matches!(self.0, [b'.' | b'e' | b'E', ..])).then_some(value)
    }

    #[inline]
    fn count(&mut self) -> Option<u32> {
        u32::try_from(self.whole()?).ok()
    }

    /// A number that is not negative, without an exponent.
    fn number(&mut self) -> Option<f64> {
        self.blank();
        let mut value = self.digits()?;
        let mut decimals = 0;
        if let [b'.', rest @ ..] = self.0 {
            // A fraction may begin with zeros.
            decimals = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if decimals == 0 || decimals >= TENS.len() || value >= 1_000_000_000 {
                return None;
            }
            for digit in &rest[..decimals] {
                value = value * 10 + u64::from(digit - b'0');
            }
            self.0 = &rest[decimals..];
        }
        let is_plain = !matches!(self.0, [b'e' | b'E', ..]) && value < MOST_EXACT;
        is_plain.then(|| value as f64 / TENS[decimals])
    }

    /// A list of whole numbers.
    fn list(&mut self, ids: &mut PageIds) -> Option<()> {
        ids.clear();
        self.take(b'[')?;
        if self.take(b']').is_some() {
            return Some(());
        }
        loop {
            ids.push(self.whole()?);
            if self.take(b',').is_none() {
                return self.take(b']');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_lines_are_read_and_others_left_alone() {
        let mut ids = PageIds::default();
        let line =
            br#" {"hash_ids" : [7, 8,9],"timestamp": 10.250, "output_length":3,"input_length":600 }
"#;
        let found = scan(line, &mut ids);
        let expected = Plain { timestamp: 10.25, prompt: 600, output: 3, has_pages: true };
        assert_eq!((found, ids.len()), (Some(expected), 3));
        for other in [
            r#"{"timestamp":1,"input_length":2}"#,
            r#"{"timestamp":1,"input_length":2,"output_length":3,"delay":4}"#,
            r#"{"timestamp":1,"input_length":2,"output_length":3,"output_length":3}"#,
            r#"{"timestamp":1,"input_length":2.0,"output_length":3}"#,
            r#"{"timestamp":-1,"input_length":2,"output_length":3}"#,
            r#"{"timestamp":1e3,"input_length":2,"output_length":3}"#,
            r#"{"timestamp":01,"input_length":2,"output_length":3}"#,
            r#"{"timestamp":1.,"input_length":2,"output_length":3}"#,
            r#"{"timestamp":1,"input_length":2,"output_length":3} x"#,
            r#"{"timestamp":1,"input_length":2,"output_length":3,}"#,
            r#"{"timestamp":1,"input_length":2,"output_length":3,"hash_ids":[1,]}"#,
            r#"{"timestamp":1,"input_length":2,"output_length":3"#,
            r#"{"timestamp":1,"input_length":5000000000,"output_length":3}"#,
            r#"{"timestamp":12345678901234567890,"input_length":2,"output_length":3}"#,
            "",
        ] {
            assert_eq!(scan(other.as_bytes(), &mut ids), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn numbers_are_the_parsers_own(
            whole in 0u64..1 << 34,
            part in 0u64..100_000,
            width in 1usize..6,
        ) {
            let text = format!("{whole}.{:0width$}", part % 10u64.pow(width as u32));
            if let Some(found) = Cursor(text.as_bytes()).number() {
                let expected: f64 = serde_json::from_str(&text).unwrap();
                prop_assert_eq!(found.to_bits(), expected.to_bits());
            } else {
                prop_assert!(whole >= 1_000_000_000);
            }
        }
    }
}
