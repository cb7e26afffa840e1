//! The catalogue of chips and systems: embedded files, a user's files over them, names.

mod embedded;
mod error;
mod names;
mod parts;
mod rows;
mod shelf;
mod single;
mod tables;

pub use error::HardwareError;
pub use parts::Catalog;
pub use rows::FigureRow;
pub use tables::{MemoryKind, Source};

pub(crate) use names::normal;
pub(crate) use shelf::Content;
pub(crate) use tables::{Ladder, MemoryKinds, Sources};
