//! Physical quantities and simulated time.
//!
//! Three kinds of number, three kinds of type. What is *measured* or modelled is an `f64` newtype
//! ([`Bytes`], [`Flop`], [`Seconds`], …) that refuses NaN, infinities and negative values. What is
//! *counted* is a plain integer. What is *scheduled* is whole picoseconds ([`SimTime`],
//! [`SimSpan`]). Files speak in units: [`Bytes`] reads `"80 GiB"`, never `80`.
//!
//! ```
//! use memwall::units::{Bytes, BytesPerSec, Seconds};
//! let weights: Bytes = "140 GB".parse()?;
//! let bandwidth: BytesPerSec = "3.35 TB/s".parse()?;
//! let time: Seconds = weights / bandwidth;
//! assert!((time.get() - 0.0418).abs() < 1e-4);
//! assert!("3.35 TB".parse::<BytesPerSec>().is_err());
//! # Ok::<(), memwall::units::ParseUnitError>(())
//! ```

mod format;
mod parse;
mod quantity;
mod time;

pub use format::{significant, with_prefix};
pub use parse::ParseUnitError;
pub use quantity::{
    BitsPerSec, Bytes, BytesPerSec, Flop, FlopPerSec, Hertz, Joules, PerSec, Seconds, Usd,
    UsdPerHour, UsdPerToken, Watts,
};
pub use time::{SimSpan, SimTime};
