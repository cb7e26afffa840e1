//! How memory is read and written, and how it is refreshed.

use std::fmt;
use std::str::FromStr;

use crate::units::Bytes;

/// Which addresses follow each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pattern {
    /// One after the other: weights.
    Stream,
    /// Pages of this size at random places: a paged KV cache.
    Paged(Bytes),
    /// Accesses of this size at random places.
    Random(Bytes),
}

/// How a memory keeps its charge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refresh {
    /// One bank at a time; the others go on.
    #[default]
    PerBank,
    /// All banks at once; the channel stops.
    AllBank,
    /// Not at all: a bound, no part runs so.
    None,
}

/// What a memory is asked to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Access {
    /// Which addresses follow each other.
    pub pattern: Pattern,
    /// Share of reads, from 0 to 1; the rest are writes to places of their own.
    pub reads: f64,
    /// How it is refreshed.
    pub refresh: Refresh,
}

impl Access {
    /// Weights read one after the other, refreshed bank by bank.
    pub const STREAM: Self =
        Self { pattern: Pattern::Stream, reads: 1.0, refresh: Refresh::PerBank };

    /// Two streams read and one written, as a triad does: activations on their way.
    pub const TRIAD: Self = Self { reads: 2.0 / 3.0, ..Self::STREAM };
}

/// Text that names no pattern or refresh mode.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}; expected {expected}")]
pub struct PatternError {
    /// What is wrong with it.
    pub problem: String,
    /// What would be right.
    pub expected: &'static str,
}

const PATTERNS: &str =
    "`stream`, `paged:SIZE` or `random:SIZE`, such as `paged:16KiB` or `random:64B`";

/// The smallest and largest piece: two bursts, and more than any memory holds.
const SIZES: std::ops::RangeInclusive<f64> = 64.0..=1e13;

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let wrong = |problem: String| PatternError { problem, expected: PATTERNS };
        let (kind, size) = text.split_once(':').map_or((text, None), |(k, s)| (k, Some(s)));
        let size = size.map(|text| {
            let size: Bytes = text.parse().map_err(|error| wrong(format!("{error}")))?;
            let fits = SIZES.contains(&size.get());
            fits.then_some(size).ok_or_else(|| wrong(format!("`{text}` is not 64 B to 10 TB")))
        });
        match (kind, size) {
            ("stream", None) => Ok(Self::Stream),
            ("paged", Some(size)) => Ok(Self::Paged(size?)),
            ("random", Some(size)) => Ok(Self::Random(size?)),
            ("paged" | "random", None) => Err(wrong(format!("`{kind}` has no size"))),
            ("stream", Some(_)) => Err(wrong("`stream` has no size".into())),
            _ => Err(wrong(format!("`{kind}` is no pattern"))),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream => f.write_str("stream"),
            Self::Paged(size) => write!(f, "paged:{}", Size(*size)),
            Self::Random(size) => write!(f, "random:{}", Size(*size)),
        }
    }
}

/// A size in the largest binary unit that it is a whole number of.
struct Size(Bytes);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut size = self.0.get();
        for unit in ["B", "KiB", "MiB"] {
            if libm::fmod(size, 1024.0) != 0.0 {
                return write!(f, "{size}{unit}");
            }
            size /= 1024.0;
        }
        write!(f, "{size}GiB")
    }
}

impl FromStr for Refresh {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        match text {
            "per-bank" => Ok(Self::PerBank),
            "all-bank" => Ok(Self::AllBank),
            "none" => Ok(Self::None),
            other => Err(PatternError {
                problem: format!("`{other}` is no refresh mode"),
                expected: "`per-bank`, `all-bank` or `none`",
            }),
        }
    }
}

impl fmt::Display for Refresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PerBank => "per-bank",
            Self::AllBank => "all-bank",
            Self::None => "none",
        })
    }
}
