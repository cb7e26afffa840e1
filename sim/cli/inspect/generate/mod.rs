//! What the command line makes of itself: shell completions, man pages, JSON Schema.

mod completions;
mod man;
mod schema;

pub(in crate::cli) use completions::Completions;
pub(in crate::cli) use man::Man;
pub(in crate::cli) use schema::SchemaCommand;
