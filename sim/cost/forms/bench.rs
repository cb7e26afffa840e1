//! A chip as forms see it: rates and peaks, no constants.

use std::collections::BTreeSet;

use super::links::{Group, exchange_way, nccl_way, own_ways};
use super::{DecodeForm, GemmForm, IndexerForm, LinearKernel, MoeForm, PrefillForm};
use crate::cost::batch::Batch;
use crate::cost::calibration::{
    AllReduceRow, AllToAllRow, DecodeRow, GemmRow, IndexerRow, LinearRow, MlaDecodeRow, MoeRow,
    NcclRow, Network, PrefillRow, SkewRow, Warm,
};
use crate::cost::machine::{Arithmetic, CostError, Machine};
use crate::cost::work::{ContextForm, Load, Peaks, RowForm};
use crate::hardware::{Chip, Engine, Format};
use crate::model::{Attention, CollectiveKind, Gemm, Indexer, Mla, Moe, Spread};
use crate::units::{Bytes, FlopPerSec};

/// What a form needs of a chip besides constants.
///
/// Forms made from a bench and a row of constants ask no family: that is how constants are fitted.
#[derive(Clone, Debug)]
pub(crate) struct Bench {
    pub(in crate::cost) chip: Chip,
    pub(in crate::cost) machine: Machine,
}

impl Bench {
    /// The bench of `chip`, and in `notes` what had to be assumed.
    pub(in crate::cost) fn noted(
        chip: &Chip,
        notes: &mut BTreeSet<String>,
    ) -> Result<Self, CostError> {
        Ok(Self { machine: Machine::of(chip, notes)?, chip: chip.clone() })
    }

    /// The bench of `chip`.
    pub(crate) fn of(chip: &Chip) -> Result<Self, CostError> {
        Self::noted(chip, &mut BTreeSet::new())
    }

    /// Memory bandwidth of one core, in bytes per second.
    pub(crate) fn core_bandwidth(&self) -> f64 {
        self.machine.bandwidth / self.machine.cores
    }

    /// The chip.
    pub(crate) const fn chip(&self) -> &Chip {
        &self.chip
    }

    /// The dense peak of `engine`, or of the nearest wider one that the chip has.
    pub(in crate::cost) fn peak(&self, engine: Engine) -> f64 {
        let peak = self.chip.peak(engine).filter(|peak| !peak.is_zero());
        peak.map_or_else(|| Arithmetic::of(&self.chip, Format::Bf16).peak, FlopPerSec::get)
    }

    /// Ceilings for products whose weights are of `format`: the fastest engine that may run them.
    pub(in crate::cost) fn ceilings(&self, format: Format) -> Peaks {
        let fastest = self.peak(self.chip.engine_for(format));
        self.peaks(fastest.max(Arithmetic::of(&self.chip, format).peak))
    }

    /// Ceilings with the compute peak `flops`.
    pub(in crate::cost) fn peaks(&self, flops: f64) -> Peaks {
        let wire = self.machine.link.unwrap_or(f64::INFINITY);
        Peaks { flops, bytes: self.machine.bandwidth, wire }
    }

    /// The link between ranks.
    pub(in crate::cost) fn link(&self, ranks: u32) -> Result<f64, CostError> {
        let missing = || CostError::NoLink { chip: self.chip.name.clone(), ranks };
        self.machine.link.ok_or_else(missing)
    }
}

/// What experts' ranks exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exchange {
    pub(crate) ranks: u32,
    pub(crate) top_k: u32,
    /// Whether each expert gets a copy, or each distinct rank.
    pub(crate) per_expert: bool,
    /// Tokens of each rank.
    pub(crate) tokens: u32,
    /// Bytes of a token.
    pub(crate) bytes: f64,
}

/// Seconds of one kernel with constants that are being tried, by the forms that price steps.
impl Bench {
    /// A product of `rows` rows, activations quantised on the way if the format asks for it.
    pub(crate) fn gemm(&self, gemm: &Gemm, rows: u32, row: GemmRow) -> f64 {
        let math = Arithmetic::of(&self.chip, gemm.weights);
        GemmForm::with(gemm, math, row, self).time(f64::from(rows)).total().get()
    }

    /// Routed experts of `tokens` tokens, balanced.
    pub(crate) fn moe(&self, moe: &Moe, tokens: u32, row: MoeRow) -> f64 {
        let math = Arithmetic::of_measured_experts(&self.chip, moe.weights);
        let form = MoeForm::with(moe, math, row, self).balanced();
        form.time(f64::from(tokens)).total().get()
    }

    /// The most-loaded rank of a skewed routing.
    pub(crate) fn skewed_moe(&self, moe: &Moe, tokens: u32, row: MoeRow, skew: SkewRow) -> f64 {
        let math = Arithmetic::of_measured_experts(&self.chip, moe.weights);
        let form = MoeForm::with(moe, math, row, self).skewed(moe, skew);
        form.time(f64::from(tokens)).total().get()
    }

    /// Prompts; a window is the first clip length of `batch`.
    pub(crate) fn prefill(&self, attention: &Attention, batch: &Batch, row: PrefillRow) -> f64 {
        let mut form = PrefillForm::attention_with(attention, row, self);
        form.clip = attention.window.map(|_| 0);
        seconds(&form, batch)
    }

    /// Prompts of latent attention; a selection is the first clip length of `batch`.
    pub(crate) fn mla_prefill(&self, mla: &Mla, batch: &Batch, row: PrefillRow) -> f64 {
        let mut form = PrefillForm::mla_with(mla, row, self);
        form.clip = mla.selected.map(|_| 0);
        seconds(&form, batch)
    }

    /// Decodes; a window is the first clip length of `batch`. Small KV is warm, as in benchmarks.
    pub(crate) fn decode(&self, attention: &Attention, batch: &Batch, row: DecodeRow) -> f64 {
        let mut form = DecodeForm::attention_with(attention, row, self);
        form.clip = attention.window.map(|_| 0);
        seconds(&self.warmed(form, batch, row.warm), batch)
    }

    /// Decodes of latent attention. Small KV is warm, as in benchmarks.
    pub(crate) fn mla_decode(&self, mla: &Mla, batch: &Batch, row: MlaDecodeRow) -> f64 {
        seconds(&self.warmed(DecodeForm::mla_with(mla, row, self), batch, row.warm), batch)
    }

    fn warmed(&self, form: DecodeForm, batch: &Batch, warm: Warm) -> DecodeForm {
        form.warmed(&Load::new(batch, Spread::NONE), warm.below * self.cache(), warm.part)
    }

    /// Chips of a tray.
    pub(crate) fn tray(&self) -> u32 {
        self.machine.tray
    }

    /// Bytes of the L2 cache; none if it is not known.
    pub(crate) fn cache(&self) -> f64 {
        self.chip.l2.map_or(0.0, Bytes::get)
    }

    /// One kernel of a recurrent mixer that moves `state` and `stream` bytes.
    pub(crate) fn linear(&self, kernel: LinearKernel, row: LinearRow) -> f64 {
        kernel.warmed(row, row.warm.below * self.cache(), self).total().get()
    }

    /// An indexer's scores and selection, decodes and prefills alike.
    pub(crate) fn indexer(&self, indexer: &Indexer, batch: &Batch, row: IndexerRow) -> f64 {
        seconds(&IndexerForm::with(indexer, [row, row], self), batch)
    }

    /// NCCL over a tensor of `bytes` between `ranks` chips of one domain.
    pub(crate) fn nccl(
        &self,
        kind: CollectiveKind,
        ranks: u32,
        bytes: f64,
        row: NcclRow,
    ) -> Result<f64, CostError> {
        let (alpha, wire) =
            nccl_way(kind, Group::of(ranks, 1, self)?, row, Network::NONE).cost(bytes);
        Ok(alpha + wire)
    }

    /// Dispatch or combine of `tokens` tokens a rank of `bytes` each to `top_k` experts, with a
    /// copy for each expert or for each distinct rank.
    pub(crate) fn exchange(
        &self,
        kind: CollectiveKind,
        exchange: Exchange,
        row: AllToAllRow,
    ) -> Result<f64, CostError> {
        let Exchange { ranks, top_k, per_expert, tokens, bytes } = exchange;
        let group = Group::of(ranks, top_k, self)?;
        let tensor = f64::from(tokens) * f64::from(ranks) * group.distinct() * bytes;
        let way =
            exchange_way(kind, group, per_expert, (row, self.machine.bandwidth), Network::NONE);
        let (alpha, wire) = way.cost(tensor);
        Ok(alpha + wire)
    }

    /// An engine's own all-reduce of a tensor of `bytes` between `ranks` chips.
    pub(crate) fn all_reduce(
        &self,
        ranks: u32,
        bytes: f64,
        row: AllReduceRow,
    ) -> Result<f64, CostError> {
        let ways = own_ways(Group::of(ranks, 1, self)?, row);
        let times = ways.map(|way| way.cost(bytes)).map(|(alpha, wire)| alpha + wire);
        Ok(times[0].min(times[1]))
    }
}

fn seconds(form: &impl ContextForm, batch: &Batch) -> f64 {
    form.time(&Load::new(batch, Spread::NONE)).total().get()
}
