//! What share of its pins' peak a stacked memory reaches: one pseudo-channel, command by command.
//!
//! [`Hbm`] is a memory as the model sees it. A [`Pattern`] walks the banks ([`walk`]), a scheduler
//! issues activates, precharges, reads, writes and refreshes no earlier than the standard's times
//! allow ([`channel`]), and every idle moment of the data bus is put down to what it waited for
//! ([`Losses`]). Times per generation are in `hw-specs/hbm-timing.toml`. All pseudo-channels of a
//! chip do the same at once, so one stands for all. Deterministic; a pattern takes milliseconds.
//!
//! ```
//! use memwall::hardware::{Access, Catalog, Hbm};
//! let catalog = Catalog::embedded();
//! let hbm = Hbm::of(&catalog.chip("h100-sxm")?.memory).expect("it has HBM3");
//! let streamed = hbm.achieved(Access::STREAM);
//! assert!(streamed.fraction > 0.9 && streamed.fraction < 1.0);
//! # Ok::<(), memwall::hardware::HardwareError>(())
//! ```

mod bank;
mod channel;
mod clocks;
mod loss;
mod pattern;
mod queue;
mod stack;
mod timing;
mod walk;

pub use loss::Losses;
pub use pattern::{Access, Pattern, PatternError, Refresh};
pub use stack::{Achieved, Hbm};
pub use timing::OnDie;

pub(crate) use timing::Timings;
