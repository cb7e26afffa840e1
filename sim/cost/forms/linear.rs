//! Linear attention and state-space mixers.

use super::bench::Bench;
use super::setting::Setting;
use crate::cost::bound::{Bound, Breakdown};
use crate::cost::calibration::{Scan, Stream};
use crate::cost::norm::{Norm, blend};
use crate::cost::work::{ContextForm, Load, Peaks, Work};
use crate::hardware::Format;
use crate::model::{LinearAttention, LinearKind};

/// Decode: `launch + state/(em W)`; prefill: `launch + max(bytes/(em W), serial·tokens)`.
///
/// The state of every sequence is read and written once a step. The serial term takes chunks one
/// after another and heads side by side while there are cores: exact for one chunk, too slow for
/// many short ones. Errors are in the calibration file, `others.toml`.
pub(in crate::cost) struct LinearForm {
    /// State and convolution bytes moved per sequence.
    state: f64,
    /// Activation bytes per new token.
    token: f64,
    token_flops: f64,
    decode_memory: f64,
    decode_launch: f64,
    scan_memory: f64,
    scan_launch: f64,
    serial: f64,
    peaks: Peaks,
}

impl LinearForm {
    pub(in crate::cost) fn new(linear: &LinearAttention, setting: &Setting) -> Self {
        let constants = setting.calibration.others.linear;
        let scan = match linear.kind {
            LinearKind::Kda => constants.kda,
            LinearKind::Gdn | LinearKind::Mamba2 | LinearKind::Lightning => constants.gdn,
        };
        Self::with(linear, constants.decode, scan, &setting.bench)
    }

    /// The form with the constants of a decode stream and of a prompt's scan.
    pub(in crate::cost) fn with(
        linear: &LinearAttention,
        decode: Stream,
        scan: Scan,
        on: &Bench,
    ) -> Self {
        let [heads, keys, values, channels, width] = [
            linear.heads,
            linear.key_dim,
            linear.value_dim,
            linear.conv_channels,
            linear.conv_width,
        ]
        .map(f64::from);
        let convolution = channels * (width - 1.0).max(0.0) * 2.0;
        let bandwidth = on.machine.bandwidth;
        Self {
            state: 2.0 * (heads * keys * values * linear.state.bytes() + convolution),
            // Queries, keys, values in and out of the convolution, and the output, in 16 bits.
            token: 2.0 * (heads * (2.0 * keys + 2.0 * values) + 2.0 * channels),
            token_flops: 6.0 * heads * keys * values + 2.0 * channels * width,
            decode_memory: 1.0 / (decode.em * bandwidth),
            decode_launch: decode.launch.get(),
            scan_memory: 1.0 / (scan.em * bandwidth),
            scan_launch: scan.launch.get(),
            serial: scan.serial.get() * libm::ceil(heads / on.machine.cores),
            peaks: on.ceilings(Format::Bf16),
        }
    }

    fn decode_bytes(&self, load: &Load) -> f64 {
        load.sequences() * (self.state + self.token)
    }

    fn prefill_bytes(&self, load: &Load) -> f64 {
        load.chunks() * self.state + load.new_tokens() * self.token
    }
}

impl ContextForm for LinearForm {
    fn work(&self, load: &Load) -> Work {
        let flops = (load.sequences() + load.new_tokens()) * self.token_flops;
        Work { flops, bytes: self.decode_bytes(load) + self.prefill_bytes(load), wire: 0.0 }
    }

    fn time(&self, load: &Load) -> Breakdown {
        let mut parts = Breakdown::default();
        if load.chunks() > 0.0 {
            let terms = [
                (Bound::HbmBandwidth, self.prefill_bytes(load) * self.scan_memory),
                (Bound::Latency, load.new_tokens() * self.serial),
            ];
            parts += blend(&terms, Norm::Max);
            parts[Bound::Latency] += self.scan_launch;
        }
        if load.sequences() > 0.0 {
            parts[Bound::HbmBandwidth] += self.decode_bytes(load) * self.decode_memory;
            parts[Bound::Latency] += self.decode_launch;
        }
        parts
    }

    fn peaks(&self) -> Peaks {
        self.peaks
    }
}
