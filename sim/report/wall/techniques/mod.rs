//! What techniques gain on chips, and what is said about it.

mod document;
mod words;

pub use document::{
    AblateDocument, ChipGains, Claims, Configuration, Interaction, LeftOut, TechniqueGains,
};

pub(crate) use words::{gained, spoken};
