//! One importer per family of architectures.

mod deepseek;
mod dense;
mod gemma;
mod hybrid;
mod kimi;
mod minimax;
mod moe;
mod table;
mod windowed;

pub(super) use table::FAMILIES;
