//! Linear attention and state-space mixers.

use super::bench::Bench;
use super::setting::Setting;
use crate::cost::bound::{Bound, Breakdown};
use crate::cost::calibration::LinearRow;
use crate::cost::norm::{Norm, blend};
use crate::cost::work::{ContextForm, Load, Peaks, Work};
use crate::hardware::Format;
use crate::model::{LinearAttention, LinearKind};

/// One kernel's demand: what it moves, and the longest chain of tokens on one core.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LinearKernel {
    /// Bytes.
    pub(crate) bytes: f64,
    /// Tokens of one sequence, times how often its heads outnumber the cores.
    pub(crate) chain: f64,
}

/// A decode step or a prompt's scan, each with its short convolution before it.
///
/// Each kernel takes `t0 + max(bytes/(em W), serial·chain)`. Decode reads and writes the state of
/// every sequence. A scan takes the chunks of a sequence one after another, and heads and
/// sequences side by side while there are cores. Errors are in the calibration file.
pub(in crate::cost) struct LinearForm {
    heads: f64,
    /// State bytes moved per sequence, activation bytes per token, and those of the convolution.
    state: f64,
    token: f64,
    tail: f64,
    channel: f64,
    token_flops: f64,
    rows: Rows,
    on: Bench,
    peaks: Peaks,
}

/// The constants of the four kernels.
#[derive(Clone, Copy)]
struct Rows {
    decode: LinearRow,
    prefill: LinearRow,
    /// Of the convolutions, if there are any.
    conv: Option<(LinearRow, LinearRow)>,
}

impl LinearKernel {
    /// The state of `sequences`, once read and once written, of heads `keys` by `values`.
    pub(crate) fn step(sequences: f64, state: f64) -> Self {
        Self { bytes: 2.0 * sequences * state, chain: 0.0 }
    }

    /// Prompts of `tokens` in all, cut evenly into `sequences` of `heads` on `cores`.
    pub(crate) fn scan(
        bytes: f64,
        (tokens, sequences, heads): (f64, f64, f64),
        on: &Bench,
    ) -> Self {
        let waves = (sequences * heads / on.machine.cores).max(1.0);
        Self { bytes, chain: tokens / sequences * waves }
    }

    /// Its time with cold caches.
    fn time(self, row: LinearRow, on: &Bench) -> Breakdown {
        let terms = [
            (Bound::HbmBandwidth, self.bytes / (row.em.min(1.0) * on.machine.bandwidth)),
            (Bound::Latency, self.chain * row.serial.get()),
        ];
        let mut parts = blend(&terms, Norm::Max);
        parts[Bound::Latency] += row.t0.get();
        parts
    }

    /// Its time where demands of fewer than `warm` bytes are read from a warm cache.
    pub(super) fn warmed(self, row: LinearRow, warm: f64, on: &Bench) -> Breakdown {
        let part = if self.bytes < warm { row.warm.part } else { 1.0 };
        Self { bytes: self.bytes * part, ..self }.time(row, on)
    }
}

impl LinearForm {
    pub(in crate::cost) fn new(linear: &LinearAttention, setting: &mut Setting) -> Self {
        // Nobody has measured the scans of Mamba-2 and lightning attention: they take GDN's.
        let (decode, prefill) = match linear.kind {
            LinearKind::Kda => ("kda-decode", "kda-prefill"),
            LinearKind::Gdn | LinearKind::Mamba2 | LinearKind::Lightning => {
                ("gdn-decode", "gdn-prefill")
            }
        };
        let (family, engines) = (&setting.calibration.linear, setting.engine.linear());
        let mut row = |key| setting.choose("linear", family, engines, &[key]).row;
        let conv = (linear.conv_channels > 0).then(|| (row("conv-decode"), row("conv-prefill")));
        let rows = Rows { decode: row(decode), prefill: row(prefill), conv };
        Self::with(linear, rows, &setting.bench)
    }

    fn with(linear: &LinearAttention, rows: Rows, on: &Bench) -> Self {
        let [heads, keys, values, channels, width] = [
            linear.heads,
            linear.key_dim,
            linear.value_dim,
            linear.conv_channels,
            linear.conv_width,
        ]
        .map(f64::from);
        Self {
            heads,
            state: heads * keys * values * linear.state.bytes(),
            // Queries, keys and values in, the output out, in 16 bits.
            token: 2.0 * heads * (2.0 * keys + 2.0 * values),
            tail: channels * (width - 1.0).max(0.0) * 2.0,
            channel: 4.0 * channels,
            token_flops: 6.0 * heads * keys * values + 2.0 * channels * width,
            rows,
            peaks: on.ceilings(Format::Bf16),
            on: on.clone(),
        }
    }

    /// Decode's kernels with the constants of each.
    fn steps(&self, load: &Load) -> impl Iterator<Item = (LinearKernel, LinearRow)> {
        let sequences = load.sequences();
        let core = LinearKernel::step(sequences, self.state + self.token / 2.0);
        let conv = LinearKernel::step(sequences, self.tail + self.channel / 2.0);
        let kernels = [(core, self.rows.decode)].into_iter();
        let kernels = kernels.chain(self.rows.conv.map(|(row, _)| (conv, row)));
        kernels.filter(move |_| sequences > 0.0)
    }

    /// The prompts' kernels with the constants of each.
    fn scans(&self, load: &Load) -> impl Iterator<Item = (LinearKernel, LinearRow)> {
        let (tokens, chunks) = (load.new_tokens(), load.chunks());
        let bytes = tokens * self.token + 2.0 * chunks * self.state;
        let core = LinearKernel::scan(bytes, (tokens, chunks.max(1.0), self.heads), &self.on);
        let conv = LinearKernel { bytes: tokens * self.channel + chunks * self.tail, chain: 0.0 };
        let kernels = [(core, self.rows.prefill)].into_iter();
        let kernels = kernels.chain(self.rows.conv.map(|(_, row)| (conv, row)));
        kernels.filter(move |_| chunks > 0.0)
    }
}

impl ContextForm for LinearForm {
    fn work(&self, load: &Load) -> Work {
        let flops = (load.sequences() + load.new_tokens()) * self.token_flops;
        let kernels = self.steps(load).chain(self.scans(load));
        Work { flops, bytes: kernels.map(|kernel| kernel.0.bytes).sum(), wire: 0.0 }
    }

    fn time(&self, load: &Load) -> Breakdown {
        let kernels = self.steps(load).chain(self.scans(load));
        kernels.fold(Breakdown::default(), |sum, (kernel, row)| sum + kernel.time(row, &self.on))
    }

    fn peaks(&self) -> Peaks {
        self.peaks
    }
}
