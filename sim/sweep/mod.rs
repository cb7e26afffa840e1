//! Sweeps: a file of axes becomes numbered points, each a set of `run`'s flags with its own seed.
//!
//! A [`SweepSpec`] is read from TOML; [`SweepSpec::points`] enumerates it. Which flags there are,
//! and what a point gives, is for the command line to know.

mod axis;
mod constraint;
mod error;
mod points;
mod read;
mod setting;
mod spec;

pub use axis::{Axis, Scale, Span};
pub use constraint::Constraint;
pub use error::SweepError;
pub use points::{Point, Points};
pub use setting::{Measure, Setting};
pub use spec::{Blocks, Draws, SweepSpec};
