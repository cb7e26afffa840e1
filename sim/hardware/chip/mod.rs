//! A chip as the simulator sees it, its number formats, and what-ifs on it.

mod format;
mod part;
mod scale;

pub use format::{Engine, Format};
pub use part::{Chip, Class, Memory, Power, Price, ScaleUp, Stacks};
pub use scale::Resource;
