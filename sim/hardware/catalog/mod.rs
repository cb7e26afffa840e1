//! The catalogue of chips and systems: embedded files, a user's files over them, names.

mod catalog;
mod embedded;
mod names;
mod rows;
mod shelf;
mod tables;

pub use catalog::Catalog;
pub use rows::FigureRow;
pub use tables::{MemoryKind, Source};

pub(crate) use names::normal;
pub(crate) use shelf::Content;
pub(crate) use tables::{Ladder, MemoryKinds, Sources};
