//! The column layouts, and what their rows ask for.

mod arrivals;
mod drafting;
mod labels;
mod published;
mod reader;
mod recipes;
mod serving;
mod table;
mod twice;

pub use reader::{PointsError, Reader, read_points};
