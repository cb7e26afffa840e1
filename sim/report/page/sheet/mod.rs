//! Pages of the planners' commands: a few charts, each with its words and its table.

mod page;
mod plot;

pub use page::{Grid, Section, Sheet, render_sheet};
pub use plot::{Bar, Line, Plot};
