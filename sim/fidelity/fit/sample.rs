//! One measured kernel, ready to be predicted.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::cost::Bench;
use crate::des::fnv1a;
use crate::hardware::{Catalog, Engine};
use crate::units::FlopPerSec;

/// Constants that are being tried.
pub(super) struct Trial<'a> {
    /// In the order of the family's constants, in base units.
    pub(super) values: &'a [f64],
    /// Which of the family's alternatives.
    #[expect(dead_code, reason = "the forms of today have no alternatives")]
    pub(super) alternative: usize,
}

/// Predicts one sample, in seconds.
pub(super) type Predict = Box<dyn Fn(&Trial) -> f64 + Send + Sync>;

/// A measurement, what it belongs to, and how its form predicts it.
pub(super) struct Sample {
    pub(super) bench: Arc<Bench>,
    /// Whose kernel.
    pub(super) engine: String,
    pub(super) version: String,
    /// The row of constants it is for: a number format, an operation.
    pub(super) key: String,
    /// The matrix engine whose peak its compute efficiency is a share of.
    pub(super) unit: Engine,
    /// The shape family: all of it is held out, or none.
    pub(super) shape: String,
    /// Every size that its time depends on, 0 for no limit; none where not all of it are numbers.
    pub(super) sizes: Vec<u32>,
    /// The size regime; each weighs the same.
    pub(super) regime: u8,
    /// Measured, in seconds.
    pub(super) seconds: f64,
    pub(super) predict: Predict,
}

/// Refuses a time in which the chip cannot have done `flops` on `unit`.
pub(super) fn check_peak(flops: f64, unit: Engine, seconds: f64, on: &Bench) -> Result<(), String> {
    let peak = on.chip().peak(unit).map_or(f64::INFINITY, FlopPerSec::get);
    if peak <= 0.0 || flops / seconds <= peak {
        return Ok(());
    }
    let (rate, peak) = (flops / seconds * 1e-12, peak * 1e-12);
    let micros = seconds * 1e6;
    Err(format!(
        "`latency_us` is {micros:.3}: {rate:.0} TFLOPS, more than the {peak:.0} of the data sheet"
    ))
}

/// Buckets of shape families, and those of them that are held out.
const BUCKETS: u64 = 10;
const HELD_OUT: u64 = 3;

/// Parts of the others, where these are held out in turn.
const FOLDS: u64 = 5;

impl Sample {
    /// Whether the fit whose errors are reported may not see it.
    pub(super) fn is_held_out(&self) -> bool {
        spread(&self.shape) % BUCKETS < HELD_OUT
    }

    /// Which of the parts it is in: all of its shape family.
    pub(super) fn fold(&self) -> u64 {
        spread(&self.shape) / BUCKETS % FOLDS
    }

    /// The name of its chip.
    pub(super) fn chip(&self) -> &str {
        &self.bench.chip().name
    }
}

/// A hash with a final mix, so that close names fall into different buckets.
fn spread(text: &str) -> u64 {
    let hash = fnv1a(text);
    (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 17
}

/// The chips of measured tables, each resolved once.
pub(super) struct Benches<'a> {
    catalog: &'a Catalog,
    known: BTreeMap<String, Arc<Bench>>,
}

impl<'a> Benches<'a> {
    /// Chips of `catalog`, by name or alias.
    pub(super) const fn new(catalog: &'a Catalog) -> Self {
        Self { catalog, known: BTreeMap::new() }
    }

    /// The bench of the chip that goes by `name`.
    pub(super) fn named(&mut self, name: &str) -> Result<Arc<Bench>, String> {
        if let Some(bench) = self.known.get(name) {
            return Ok(Arc::clone(bench));
        }
        let chip = self.catalog.chip(name).map_err(|_| format!("unknown chip `{name}`"))?;
        let bench = Arc::new(Bench::of(chip).map_err(|error| error.to_string())?);
        self.known.insert(name.to_owned(), Arc::clone(&bench));
        Ok(bench)
    }
}
