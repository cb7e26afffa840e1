//! The closed forms: an operator's shape and a chip's constants become coefficients.
//!
//! Every form says its work (for the roofline), its calibrated time with what bound it, and its
//! ceilings. Symbols are those of the calibration files, where the forms are written down.

mod bench;
mod decode;
mod gemm;
mod linear;
mod links;
mod moe;
mod prefill;
mod setting;
mod simple;

pub(crate) use bench::{Bench, Exchange};
pub(super) use decode::DecodeForm;
pub(super) use gemm::GemmForm;
pub(super) use linear::LinearForm;
pub(crate) use linear::LinearKernel;
pub(crate) use links::BEYOND_A_TRAY;
pub(super) use links::{CollectiveForm, RingForm};
pub(super) use moe::MoeForm;
pub(super) use prefill::PrefillForm;
pub(super) use setting::Setting;
pub(super) use simple::{ElementwiseForm, IndexerForm};
