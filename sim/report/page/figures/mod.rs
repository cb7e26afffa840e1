//! The charts as plotly.js figures: `{ data, layout }`, without theme; the page's script adds it.
//!
//! Chips stand on the vertical axis by position, so that long names stay level and equal names
//! stay apart. Colours are those of Okabe and Ito, told apart with any colour vision.

mod all;
mod chips;
mod curves;
mod style;
mod techniques;

pub(super) use all::all;
pub(crate) use style::PALETTE;
pub(super) use style::{class_name, colour, line_look, log_axis, name_axis, plain};
pub(super) use techniques::{gains, pairs};

use style::{BAND, GREY, Series, chip_axis, heading, height, ink_on, title_of};
