//! Figures with a figure on either axis: one line a chip, or one figure a chip to choose.

mod context;
mod frontier;
mod roofline;
mod turns;

pub(super) use context::figure as context;
pub(super) use frontier::figure as frontier;
pub(super) use roofline::figures as rooflines;
pub(super) use turns::figures as turns;

use super::{BAND, GREY, PALETTE, Series, line_look, log_axis, plain, title_of};
