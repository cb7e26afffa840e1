//! The report as one HTML file that fetches nothing.
//!
//! Charts are drawn by plotly.js, which the `plotly` crate ships; it goes into the page gzipped and
//! is unpacked by the browser. The figures themselves are JSON made here, from which pictures are
//! drawn without a browser, too.

mod charts;
mod drawing;
mod figures;
mod html;
mod rests;
mod sheet;
mod tables;
mod techniques;

pub use drawing::{Picture, ablate_pictures, wall_pictures};
pub(crate) use figures::PALETTE;
pub use html::render_wall_page;
pub(crate) use html::{footer, render_page};
pub use sheet::{Bar, Grid, Line, Plot, Section, Sheet, render_sheet};
pub use techniques::render_ablate_page;
