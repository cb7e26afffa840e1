//! How far resources are busy at the same time.

use crate::cost::OpTime;
use crate::hardware::{Chip, Engine};

/// The part of a step of these operators during which a second resource is busy under the one that
/// takes longest, both at the rates of the data sheet: what attribution to one bound would hide.
/// `None` without time.
///
/// A lower bound: real rates are lower, so that both are busy for longer.
pub fn overlap(ops: &[OpTime], chip: &Chip, engine: Engine) -> Option<f64> {
    let time: f64 = ops.iter().map(|op| op.time.get()).sum();
    let flops = chip.peak(engine)?.get();
    let (bytes, wire) = (chip.memory.bandwidth.get(), chip.scale_up.as_ref());
    let wire = wire.map(|link| link.bandwidth.get());
    let hidden = ops.iter().map(|op| {
        let sent = wire.map_or(0.0, |wire| op.wire.get() / wire);
        let terms = [op.flops.get() / flops, op.bytes.get() / bytes, sent];
        let longest = terms.into_iter().fold(0.0, f64::max);
        terms.into_iter().sum::<f64>() - longest
    });
    (time > 0.0).then(|| hidden.sum::<f64>() / time)
}
