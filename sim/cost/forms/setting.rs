//! Where forms are made: a chip, an engine's constants, and a record of what was taken from where.

use std::collections::{BTreeMap, BTreeSet};

use super::bench::Bench;
use crate::cost::calibration::{Calibration, Family, Site, Streaming, Streams};
use crate::cost::machine::{Arithmetic, CostError};
use crate::cost::profile::{EngineProfile, Pricing};
use crate::hardware::{Chip, Engine, Format, Routes, Traffic};
use crate::model::CollectiveKind;

/// What forms are made from.
pub(in crate::cost) struct Setting<'a> {
    pub(in crate::cost) calibration: &'a Calibration,
    pub(in crate::cost) bench: Bench,
    pub(in crate::cost) engine: EngineProfile,
    site: Site,
    streams: Streams,
    clips: Vec<u32>,
    notes: BTreeSet<String>,
    /// The narrowest links of the collectives so far.
    routes: BTreeMap<(Traffic, u32, u32), Routes>,
}

/// A row of constants, and what its compute efficiency is to be multiplied by.
pub(super) struct Chosen<R> {
    pub(super) row: R,
    /// Where it was measured, if not on the chip.
    pub(super) donor: Option<String>,
}

impl<'a> Setting<'a> {
    pub(in crate::cost) fn new(
        chip: &Chip,
        calibration: &'a Calibration,
        pricing: Pricing,
        clips: Vec<u32>,
    ) -> Result<Self, CostError> {
        let mut notes = BTreeSet::new();
        let bench = Bench::noted(chip, &mut notes)?;
        let site = calibration.site(chip);
        let streams = Streams::of(chip);
        let (engine, routes) = (pricing.engine, BTreeMap::new());
        Ok(Self { calibration, bench, engine, site, streams, clips, notes, routes })
    }

    /// The constants of `family` for the first of `engines` and `keys` there is; notes the origin.
    ///
    /// # Panics
    /// If neither the chip nor any donor has them; the shipped files are tested for that.
    pub(super) fn choose<R: Copy + Streaming>(
        &mut self,
        what: &str,
        family: &Family<R>,
        engines: &[&str],
        keys: &[&str],
    ) -> Chosen<R> {
        self.find(what, family, engines, keys).unwrap_or_else(|| {
            panic!("{what}: no constants for {keys:?} of {engines:?}, on any generation")
        })
    }

    /// The same where there may be none.
    pub(super) fn find<R: Copy + Streaming>(
        &mut self,
        what: &str,
        family: &Family<R>,
        engines: &[&str],
        keys: &[&str],
    ) -> Option<Chosen<R>> {
        let found = family.find(&self.site, engines, keys)?;
        self.note(format!("{what} {}", found.origin));
        let row = found.row.streaming(|| self.streams.ratio(found.donor.as_deref()));
        Some(Chosen { row, donor: found.donor })
    }

    /// The narrowest links of so many ranks of a collective, or of every `stride`-th of them.
    pub(super) fn routes(
        &mut self,
        kind: CollectiveKind,
        (ranks, stride): (u32, u32),
    ) -> Result<Routes, CostError> {
        let key = (traffic(kind), ranks, stride);
        if let Some(known) = self.routes.get(&key) {
            return Ok(known.clone());
        }
        let chip = &self.bench.chip;
        let missing = || CostError::NoLink { chip: chip.name.clone(), ranks };
        let routes = Routes::strided(chip, key.0, ranks, stride).ok_or_else(missing)?;
        self.routes.insert(key, routes.clone());
        Ok(routes)
    }

    /// The share of the memory's peak of a stream without kernel data; `otherwise` where the
    /// channel model does not know the memory.
    pub(super) fn unmeasured_stream(&self, otherwise: f64) -> f64 {
        self.streams.unmeasured().unwrap_or(otherwise)
    }

    /// The compute efficiency `ec` of a chosen row, scaled if the row was inherited.
    pub(super) fn efficiency<R>(&self, ec: f64, chosen: &Chosen<R>, engine: Engine) -> f64 {
        let scale = chosen
            .donor
            .as_ref()
            .map_or(1.0, |donor| self.calibration.compute_scale(&self.bench.chip, donor, engine));
        (ec * scale).min(1.0)
    }

    /// What to multiply a chosen row's time per key on one core by, if the row was inherited.
    pub(super) fn stream_scale<R>(&self, chosen: &Chosen<R>) -> f64 {
        let own = self.bench.core_bandwidth();
        chosen
            .donor
            .as_ref()
            .map_or(1.0, |donor| self.calibration.stream_scale(&self.bench.chip, donor, own))
    }

    /// How products with weights of `format` are computed; notes a format that has to be widened.
    pub(super) fn arithmetic(&mut self, format: Format) -> Arithmetic {
        let arithmetic = Arithmetic::of(&self.bench.chip, format);
        if arithmetic.activation >= 2.0 && format.bytes() < 2.0 {
            self.note(format!("gemm {format}: weights only, 16-bit arithmetic"));
        } else if format == Format::Mxfp4 {
            self.note(format!("gemm {format}: constants of {}", arithmetic.key));
        }
        arithmetic
    }

    /// The constants for `math`: of its key, measured here or inherited, else of its stand-in.
    pub(super) fn choose_for<R: Copy + Streaming>(
        &mut self,
        what: &str,
        family: &Family<R>,
        engines: &[&str],
        math: Arithmetic,
    ) -> Chosen<R> {
        if let Some(found) = self.find(what, family, engines, &[math.key]) {
            return found;
        }
        self.note(format!("{what}: {} not measured, constants of {}", math.key, math.stand_in));
        self.choose(what, family, engines, &[math.stand_in])
    }

    /// The index of the clip length that covers `length`.
    pub(super) fn clip(&self, length: u32) -> Option<usize> {
        self.clips.iter().position(|&clip| clip >= length)
    }

    /// Adds a line to the program's provenance.
    pub(in crate::cost) fn note(&mut self, line: String) {
        self.notes.insert(line);
    }

    /// What the program must remember.
    pub(in crate::cost) fn finish(self) -> (Vec<u32>, BTreeSet<String>) {
        (self.clips, self.notes)
    }
}

/// Who sends to whom.
fn traffic(kind: CollectiveKind) -> Traffic {
    match kind {
        CollectiveKind::AllReduce | CollectiveKind::AllGather | CollectiveKind::ReduceScatter => {
            Traffic::Rings
        }
        CollectiveKind::Dispatch | CollectiveKind::Combine => Traffic::Pairs,
        CollectiveKind::Send => Traffic::Next,
    }
}

/// The calibration key of a KV format.
pub(super) fn kv_key(format: Format) -> &'static str {
    if format.bytes() < 2.0 { "fp8" } else { "bf16" }
}
