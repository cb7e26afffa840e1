//! `memwall ablate`: what each serving technique gains, alone and together.

mod cells;
mod claims;
mod command;
mod document;
mod flags;
mod gains;
mod print;
mod words;

pub(in crate::cli) use command::Ablate;
