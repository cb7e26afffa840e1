//! JSON with numbers that mean something: six significant digits, the same on every platform.

use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

/// `value` to six significant digits, as the nearest `f64` to that decimal.
///
/// Models are good to a few per cent; further digits would only make documents differ. Infinities
/// and NaN pass through, and JSON shows them as `null`.
pub fn round6(value: f64) -> f64 {
    if !value.is_finite() {
        return value;
    }
    format!("{value:.5e}").parse().expect("a formatted number reads back")
}

/// An indented document for people and `jq`, keys in the order of the struct's fields.
pub fn to_json<T: Serialize + ?Sized>(document: &T) -> String {
    write(document, PrettyFormatter::new())
}

/// A document on one line, for files that are read by programs alone.
pub fn to_json_line<T: Serialize + ?Sized>(document: &T) -> String {
    write(document, CompactFormatter)
}

fn write<T: Serialize + ?Sized, F: Formatter>(document: &T, layout: F) -> String {
    let mut bytes = Vec::new();
    document
        .serialize(&mut Serializer::with_formatter(&mut bytes, Rounded(layout)))
        .expect("documents have string keys, and a Vec takes every write");
    String::from_utf8(bytes).expect("serde_json writes UTF-8")
}

/// Rounds every float on its way out; the layout is left to the formatter inside.
struct Rounded<F>(F);

/// Hands the named calls of [`Formatter`] on as they are.
macro_rules! pass_on {
    ($($method:ident($($name:ident: $type:ty),*)),* $(,)?) => {
        $(
            fn $method<W: ?Sized + io::Write>(
                &mut self,
                writer: &mut W,
                $($name: $type),*
            ) -> io::Result<()> {
                self.0.$method(writer, $($name),*)
            }
        )*
    };
}

impl<F: Formatter> Formatter for Rounded<F> {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        self.0.write_f64(writer, round6(value))
    }

    pass_on! {
        begin_array(),
        end_array(),
        begin_array_value(first: bool),
        end_array_value(),
        begin_object(),
        end_object(),
        begin_object_key(first: bool),
        end_object_key(),
        begin_object_value(),
        end_object_value(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_digits_remain_at_every_magnitude() {
        assert_eq!(round6(123_456_789.0).to_string(), "123457000");
        assert_eq!(round6(0.1 + 0.2).to_string(), "0.3");
        assert_eq!(round6(-1.234_567_89e-9).to_string(), "-0.00000000123457");
        assert_eq!(round6(0.0).to_string(), "0");
        assert!(round6(f64::NAN).is_nan());
    }

    #[test]
    fn rounding_twice_changes_nothing() {
        for value in [1.0 / 3.0, 2e7 / 7.0, 9.999_999_5, 1e-300, f64::MAX] {
            assert_eq!(round6(round6(value)).to_bits(), round6(value).to_bits());
        }
    }

    #[test]
    fn floats_are_rounded_and_counts_are_not() {
        let document = (1.0_f64 / 3.0, 123_456_789_u64, f64::INFINITY, Some("a\"b"));
        assert_eq!(to_json_line(&document), r#"[0.333333,123456789,null,"a\"b"]"#);
        assert_eq!(to_json(&[0.5]), "[\n  0.5\n]");
    }
}
