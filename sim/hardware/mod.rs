//! Chips and systems: what they are built of, and where each figure comes from.

mod chip;
mod format;

pub use chip::{Chip, Class, Memory, Power, Price, ScaleUp, Stacks};
pub use format::{Engine, Format};
