//! The file format of a chip.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::figure::{Entry, Figure, Section};
use super::memory::MemorySpec;
use super::sections::{
    DenseSpec, HostSpec, NetworkSpec, PackagingSpec, PowerSpec, PriceSpec, ScaleUpSpec,
    SiliconSpec, SparseSpec, SramSpec,
};
use crate::units::FlopPerSec;

/// A chip as its file describes it: identity, and figures each with value, class and source.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChipSpec {
    /// Name in lower case with hyphens: `h100-sxm`.
    pub name: String,
    /// The part that this one varies; what is not given here is as there.
    pub base: Option<String>,
    /// Name as the maker writes it.
    pub title: Option<String>,
    /// The maker.
    pub maker: Option<String>,
    /// Silicon generation: `hopper`.
    pub generation: Option<String>,
    /// Other names it goes by in measured data.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The system it is usually sold in.
    pub system: Option<String>,
    /// `shipping`, `roadmap`, `cancelled` …
    pub status: Option<String>,
    /// When it was announced: `2022-03`.
    pub announced: Option<String>,
    /// When it ships in volume.
    pub volume: Option<String>,
    /// `[silicon]`
    #[serde(default)]
    pub silicon: SiliconSpec,
    /// `[compute]`
    #[serde(default)]
    pub compute: ComputeSpec,
    /// `[sram]`
    #[serde(default)]
    pub sram: SramSpec,
    /// `[memory]`
    #[serde(default)]
    pub memory: MemorySpec,
    /// `[scale_up]`
    #[serde(default)]
    pub scale_up: ScaleUpSpec,
    /// `[host]`
    #[serde(default)]
    pub host: HostSpec,
    /// `[network]`
    #[serde(default)]
    pub network: NetworkSpec,
    /// `[power]`
    #[serde(default)]
    pub power: PowerSpec,
    /// `[price]`
    #[serde(default)]
    pub price: PriceSpec,
    /// `[packaging]`
    #[serde(default)]
    pub packaging: PackagingSpec,
    /// `[notes]`: what is to be known about a figure, by its dotted key.
    #[serde(default)]
    pub notes: BTreeMap<String, String>,
}

/// What the package computes in a second.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ComputeSpec {
    /// FP32 outside the matrix engines.
    pub vector_fp32: Option<Figure<FlopPerSec>>,
    /// Exponentials per core and clock.
    pub exp_per_core_clock: Option<Figure<f64>>,
    /// `[compute.dense]`
    pub dense: DenseSpec,
    /// `[compute.sparse]`
    pub sparse: SparseSpec,
}

impl ChipSpec {
    /// Every figure that is given, in the order of the file format.
    pub(crate) fn entries(&self) -> Vec<Entry<'_>> {
        [
            self.silicon.entries(),
            self.compute.entries(),
            self.sram.entries(),
            self.memory.entries(),
            self.scale_up.entries(),
            self.host.entries(),
            self.network.entries(),
            self.power.entries(),
            self.price.entries(),
            self.packaging.entries(),
        ]
        .concat()
    }

    /// What makes the part what it is: a file without `base` must say it.
    pub(crate) fn identity(&self) -> [(&'static str, Option<&str>); 3] {
        [
            ("title", self.title.as_deref()),
            ("maker", self.maker.as_deref()),
            ("generation", self.generation.as_deref()),
        ]
    }
}

impl Section for ComputeSpec {
    fn entries(&self) -> Vec<Entry<'_>> {
        let mut entries = Vec::new();
        if let Some(figure) = &self.vector_fp32 {
            entries.push(Entry::of("compute", "vector_fp32", figure));
        }
        if let Some(figure) = &self.exp_per_core_clock {
            entries.push(Entry::of("compute", "exp_per_core_clock", figure));
        }
        entries.extend(self.dense.entries());
        entries.extend(self.sparse.entries());
        entries
    }

    fn over(self, base: &Self) -> Self {
        Self {
            vector_fp32: self.vector_fp32.or_else(|| base.vector_fp32.clone()),
            exp_per_core_clock: self.exp_per_core_clock.or_else(|| base.exp_per_core_clock.clone()),
            dense: self.dense.over(&base.dense),
            sparse: self.sparse.over(&base.sparse),
        }
    }
}
