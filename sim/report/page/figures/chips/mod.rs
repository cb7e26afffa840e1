//! Figures with one place a chip on the vertical axis.

mod intensity;
mod ladder;
mod levers;
mod life;
mod multiples;
mod shares;
mod stages;

pub(super) use intensity::figure as intensity;
pub(super) use ladder::{per_gpu, per_megawatt};
pub(super) use levers::figure as levers;
pub(super) use life::figure as life;
pub(super) use multiples::figure as multiples;
pub(super) use shares::figure as shares;
pub(super) use stages::figures as stages;

use super::{
    BAND, GREY, PALETTE, Series, chip_axis, colour, heading, height, ink_on, log_axis, name_axis,
    plain,
};
