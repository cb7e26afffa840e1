//! What a step costs: two labelled time models over the operators of a plan.
//!
//! A [`StepProgram`] is compiled once from the operators of one rank and a chip, and then prices
//! any [`Batch`]. The *roofline* model divides by datasheet peaks and is a bound that no engine
//! beats; the *calibrated* model has the closed forms of measured kernels ([`Calibration`]), the
//! engine's host time, and the latencies that rooflines leave out. Every price says what bound it.
//!
//! The way through: [`Calibration`] and the chip give constants, `forms` turns them and an
//! operator's shape into coefficients, `program` adds the operators up.

mod batch;
mod bound;
mod calibration;
mod forms;
mod machine;
mod norm;
mod profile;
mod program;
mod work;

pub use batch::{Batch, CLIPS, Decode, Prefill};
pub use bound::{Bound, Breakdown};
pub(crate) use calibration::{
    AllReduceRow, AllToAllRow, DecodeRow, GemmRow, IndexerRow, LinearRow, MlaDecodeRow, MoeRow,
    NcclRow, PrefillRow, SkewRow, Warm,
};
pub use calibration::{Calibration, CalibrationError, HostTerms};
pub(crate) use forms::{BEYOND_A_TRAY, Bench, Exchange, LinearKernel};
pub use machine::CostError;
pub use profile::{EngineProfile, Pricing, TimeModel};
pub use program::{
    Beat, Cost, DecodeSteps, Demand, Division, Envelope, FineSpan, FineTime, Hidden, Layout,
    Ledger, Line, LineId, Lockstep, OpFamily, OpTime, Pace, Pricer, Series, Skew, StepProgram,
    StepTime, Stretch, Throttled,
};
