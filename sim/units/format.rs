//! Numbers as people read them.

const STEPS: [(f64, &str); 11] = [
    (1e18, "E"),
    (1e15, "P"),
    (1e12, "T"),
    (1e9, "G"),
    (1e6, "M"),
    (1e3, "k"),
    (1.0, ""),
    (1e-3, "m"),
    (1e-6, "µ"),
    (1e-9, "n"),
    (1e-12, "p"),
];

/// A value with an SI prefix and three to four significant digits: `3.35 TB/s`.
pub fn with_prefix(value: f64, unit: &str) -> String {
    let (scale, prefix) =
        STEPS.into_iter().find(|&(scale, _)| value.abs() >= scale * 0.999_95).unwrap_or((1.0, ""));
    format!("{} {prefix}{unit}", significant(value / scale, 4))
}

/// A number with at most `digits` significant digits and no trailing zeros: `3.35`, `0.0418`.
///
/// Digits before the decimal point are never dropped; thousands are separated by commas.
pub fn significant(value: f64, digits: i32) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".into() } else { value.to_string() };
    }
    let magnitude = libm::floor(libm::log10(value.abs())) as i32;
    let decimals = (digits - 1 - magnitude).max(0) as usize;
    let text = format!("{value:.decimals$}");
    let trimmed =
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    with_thousands(trimmed)
}

fn with_thousands(number: &str) -> String {
    let (sign, rest) = number.strip_prefix('-').map_or(("", number), |rest| ("-", rest));
    let (whole, fraction) = rest.split_once('.').map_or((rest, ""), |(w, f)| (w, f));
    let mut grouped = String::with_capacity(number.len() + number.len() / 3);
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) && whole.len() > 4 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if fraction.is_empty() {
        format!("{sign}{grouped}")
    } else {
        format!("{sign}{grouped}.{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_follow_magnitude() {
        assert_eq!(with_prefix(3.35e12, "B/s"), "3.35 TB/s");
        assert_eq!(with_prefix(4.5e-6, "s"), "4.5 µs");
        assert_eq!(with_prefix(0.0, "W"), "0 W");
        assert_eq!(with_prefix(999_999.0, "B"), "1 MB");
    }

    #[test]
    fn digits_are_few_and_never_silly() {
        assert_eq!(significant(0.041_812, 3), "0.0418");
        assert_eq!(significant(123_456.7, 3), "123,457");
        assert_eq!(significant(1234.0, 3), "1234");
        assert_eq!(significant(2.50, 4), "2.5");
        assert_eq!(significant(-0.5, 3), "-0.5");
    }
}
