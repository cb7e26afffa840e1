//! Reads Hugging Face `config.json` files.
//!
//! Each family has an importer that turns its keys into layers; nothing is guessed. A key that is
//! absent takes the default of the architecture's configuration class, where that class defines
//! one (each is named where it is used), and is an error otherwise.

mod assemble;
mod families;
mod parts;
mod pattern;
mod quant;
mod reader;

pub use assemble::{architectures, import};
