//! `memwall ablate`: what each serving technique gains, alone and together.

mod cells;
mod claims;
mod command;
mod flags;
mod gains;
mod print;
mod words;

pub(in crate::cli) use command::Ablate;

pub(super) use print::print_gains;
