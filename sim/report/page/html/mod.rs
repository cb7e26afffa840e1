//! One HTML file with everything it needs.

mod library;
mod page;

pub use page::render_wall_page;
pub(super) use page::{facts, glued, warned, without_script};
pub(crate) use page::{footer, render_page};
