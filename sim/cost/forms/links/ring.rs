//! What groups pass to each other that hold parts of the same contexts (context parallelism).

use super::collective::Way;
use crate::cost::bound::{Bound, Breakdown};
use crate::cost::forms::prefill::PrefillForm;
use crate::cost::forms::setting::Setting;
use crate::cost::machine::CostError;
use crate::cost::work::{ContextForm, Load, Peaks, Work};
use crate::hardware::Narrowest;
use crate::model::{CollectiveKind, Ring, RingAttention};

/// What is left of passing keys or queries round a ring, beside the attention that it feeds.
///
/// Prefill: each of N groups has an N-th of the new tokens, evenly heavy, and an N-th of the keys.
/// Blocks of keys go round in N − 1 hops, each while attention works on the block before it:
/// `(N − 1)·max(0, hop − attention/N)` is left. Or blocks of queries do, and the partial outputs go
/// back, beside nothing. A window sees no further than the two neighbours of a part, of which each
/// prompt has two: their last keys come in one hop. Whichever leaves least is taken. Attention
/// takes N kernels instead of one.
///
/// Decode: queries are gathered, and partial outputs go back; beside nothing.
///
/// Source: Yang et al., arXiv 2411.01783, §3.4 to §3.6.
pub(in crate::cost) struct RingForm {
    parts: f64,
    attention: PrefillForm,
    window: Option<f64>,
    /// Bytes of one key, and of one token's queries and outputs, in prefill and in decode.
    key: f64,
    token: [f64; 2],
    decode: [f64; 2],
    /// To a neighbour.
    hop: Way,
    /// Queries to all, and outputs back.
    gather: Way,
    scatter: Way,
    peaks: Peaks,
    /// Between neighbours.
    link: Narrowest,
}

/// One way to bring keys and queries together.
#[derive(Clone, Copy)]
struct Passing {
    /// Hops, each with this much beside a part of attention.
    hops: f64,
    bytes: f64,
    /// Bytes of partial outputs, those that stay included.
    outputs: f64,
}

impl RingForm {
    pub(in crate::cost) fn new(ring: &Ring, setting: &mut Setting) -> Result<Self, CostError> {
        let attention = match &ring.attention {
            RingAttention::Softmax(attention) => PrefillForm::attention(attention, setting),
            RingAttention::Latent(mla) => PrefillForm::mla(mla, setting),
        };
        let peers = (ring.ranks, ring.stride);
        let is_far = ring.ranks.saturating_mul(ring.stride) > setting.bench.machine.domain;
        let (hop, link) = Way::to_peer(is_far, setting)?;
        Ok(Self {
            parts: f64::from(ring.ranks),
            attention,
            window: ring.attention.window().map(f64::from),
            key: ring.attention.key_bytes(),
            token: ring.attention.token_bytes(),
            decode: ring.attention.decode_bytes(),
            hop,
            gather: Way::among(peers, CollectiveKind::AllGather, setting)?,
            scatter: Way::among(peers, CollectiveKind::ReduceScatter, setting)?,
            peaks: Peaks {
                wire: link.rate.get(),
                ..setting.bench.ceilings(crate::hardware::Format::Bf16)
            },
            link,
        })
    }

    /// What of a tensor a rank sends to its peers.
    fn others(&self) -> f64 {
        (self.parts - 1.0) / self.parts
    }

    /// The ways in which a prefill can pass.
    fn ways(&self, load: &Load) -> [Passing; 2] {
        let keys = load.prefill_keys(self.attention.clip) * self.key;
        let tokens = load.new_tokens();
        let round = Passing { hops: self.parts - 1.0, bytes: keys / self.parts, outputs: 0.0 };
        if let Some(window) = self.window {
            let ends = 2.0 * window * load.chunks() * self.key;
            let near = Passing { hops: 1.0, bytes: ends.min(keys * self.others()), ..round };
            return [near, round];
        }
        let outputs = tokens * self.parts * self.token[1];
        [round, Passing { bytes: tokens * self.token[0], outputs, ..round }]
    }

    /// What a way leaves beside attention whose every part takes `part`.
    fn left(&self, way: Passing, part: f64) -> Breakdown {
        let (alpha, wire) = self.hop.cost(way.bytes);
        let exposed = way.hops * (alpha + wire - part).max(0.0);
        let latency = exposed * alpha / (alpha + wire);
        let mut left = Breakdown::default();
        left[Bound::Latency] = latency;
        left[Bound::Interconnect] = exposed - latency;
        if way.outputs > 0.0 {
            left += cost(self.scatter, way.outputs);
        }
        left
    }

    fn least(&self, load: &Load, part: f64) -> (Passing, Breakdown) {
        let [a, b] = self.ways(load).map(|way| (way, self.left(way, part)));
        if b.1.total() < a.1.total() { b } else { a }
    }

    fn prefill(&self, load: &Load) -> Breakdown {
        let part = self.attention.time(load).total().get() / self.parts;
        let mut left = self.least(load, part).1;
        if self.window.is_none() {
            left[Bound::Latency] += (self.parts - 1.0) * self.attention.launch();
        }
        left
    }

    fn wire(&self, way: Passing) -> f64 {
        way.hops * way.bytes + self.others() * way.outputs
    }
}

fn cost(way: Way, bytes: f64) -> Breakdown {
    let (alpha, wire) = way.cost(bytes);
    let mut parts = Breakdown::default();
    parts[Bound::Latency] = alpha;
    parts[Bound::Interconnect] = wire;
    parts
}

impl ContextForm for RingForm {
    fn work(&self, load: &Load) -> Work {
        let part = self.attention.time(load).total().get() / self.parts;
        let prefill = if load.chunks() > 0.0 { self.wire(self.least(load, part).0) } else { 0.0 };
        let decode = self.others() * load.sequences() * self.decode.iter().sum::<f64>();
        Work { wire: prefill + decode, ..Work::default() }
    }

    fn time(&self, load: &Load) -> Breakdown {
        let mut parts = Breakdown::default();
        let sequences = load.sequences();
        if sequences > 0.0 {
            parts += cost(self.gather, sequences * self.decode[0]);
            parts += cost(self.scatter, sequences * self.decode[1]);
        }
        if load.chunks() > 0.0 {
            parts += self.prefill(load);
        }
        parts
    }

    fn peaks(&self) -> Peaks {
        self.peaks
    }

    fn narrowest(&self) -> Option<&Narrowest> {
        Some(&self.link)
    }

    /// What the wires take longer than attention at its own bound.
    fn roofline(&self, load: &Load) -> Breakdown {
        let beside = self.attention.roofline(load).total().get();
        let wires = self.ways(load).map(|way| self.wire(way));
        let prefill = wires[0].min(wires[1]) / self.peaks.wire - beside;
        let decode = self.others() * load.sequences() * self.decode.iter().sum::<f64>();
        let mut parts = Breakdown::default();
        parts[Bound::Interconnect] = prefill.max(0.0) + decode / self.peaks.wire;
        parts
    }
}
