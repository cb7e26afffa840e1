//! Bands of what stands beside a row: its curve, its roofline, and where its decode turns. All are
//! prices of single steps, which cost nothing to look at in every world.

use super::worlds::{LEVEL, ratio_band};
use crate::cluster::{Best, Order};
use crate::des::quantile;
use crate::fidelity::World;
use crate::report::{
    Band, ContextCurve, Roofline, RooflinePoint, Turn, context_curve, turns, whole_roofline,
};

/// What stands beside a row in one world.
#[derive(Clone, Debug)]
pub(super) struct Beside {
    curve: ContextCurve,
    roof: Roofline,
    turns: Vec<Turn>,
}

impl Beside {
    /// Of `order` at its `best`, the curve of `batch` sequences.
    pub(super) fn of(order: &Order, best: &Best, batch: u32) -> Self {
        Self {
            curve: context_curve(order, best, batch),
            roof: whole_roofline(order, best),
            turns: turns(best),
        }
    }
}

/// What is to get bands.
pub(super) struct Bare<'a> {
    pub(super) curve: &'a mut ContextCurve,
    pub(super) roof: &'a mut Roofline,
    pub(super) turns: &'a mut [Turn],
}

/// The worlds, what they gave, and what the world as assumed gave in a run as short.
pub(super) struct Drawn<'a> {
    pub(super) worlds: &'a [World],
    pub(super) outcomes: Vec<Option<&'a Beside>>,
    pub(super) middle: &'a Beside,
}

impl Drawn<'_> {
    /// Gives everything beside a row its bands.
    pub(super) fn band(&self, bare: Bare) {
        for (place, point) in bare.curve.points.iter_mut().enumerate() {
            // Fewer contexts fit in some worlds.
            let speed = |beside: &Beside| Some(beside.curve.points.get(place)?.tok_s_per_user);
            point.band = self.about(point.tok_s_per_user, Some("tpot"), speed);
        }
        bare.roof.peak_band = self.about(bare.roof.peak_flop_s, None, |b| Some(b.roof.peak_flop_s));
        bare.roof.bandwidth_band =
            self.about(bare.roof.bandwidth_b_s, None, |b| Some(b.roof.bandwidth_b_s));
        for point in &mut bare.roof.points {
            let is_same =
                |of: &&RooflinePoint| (of.phase, &of.operator) == (point.phase, &point.operator);
            let achieved =
                |b: &Beside| b.roof.points.iter().find(is_same).map(|of| of.achieved_flop_s);
            point.band = self.about(point.achieved_flop_s, None, achieved);
        }
        for turn in bare.turns {
            let own = *turn;
            let is_same = |of: &&Turn| of.context_tokens == own.context_tokens;
            let batches = |of: fn(&Turn) -> Option<u32>| {
                self.batches(|b| of(b.turns.iter().find(is_same)?), of(&own))
            };
            turn.kv_band = batches(|turn| turn.kv_batch);
            turn.compute_band = batches(|turn| turn.compute_batch);
            turn.capacity_band = batches(|turn| Some(turn.capacity_batch));
        }
    }

    fn about(
        &self,
        own: f64,
        remainder: Option<&str>,
        of: impl Fn(&Beside) -> Option<f64>,
    ) -> Band {
        let drawn: Vec<_> = self.outcomes.iter().map(|beside| of((*beside)?)).collect();
        let band = ratio_band(Some(own), (of(self.middle), &drawn), self.worlds, remainder);
        band.map_or_else(Band::default, |(band, _)| band)
    }

    /// The range of a batch; an end at which the cache is full before is open.
    fn batches(&self, of: impl Fn(&Beside) -> Option<u32>, own: Option<u32>) -> Band {
        let beyond = |batch: Option<u32>| batch.map_or(f64::INFINITY, f64::from);
        let drawn = self.outcomes.iter().flatten().map(|beside| beyond(of(beside)));
        let mut drawn: Vec<f64> = drawn.collect();
        drawn.sort_by(f64::total_cmp);
        let tail = (1.0 - LEVEL) / 2.0;
        let end = |share: f64| quantile(&drawn, share);
        let known = |end: f64| Some(end).filter(|end| end.is_finite());
        let own = beyond(own);
        Band {
            low: end(tail).and_then(|low| known(low.min(own))),
            high: end(1.0 - tail).and_then(|high| known(high.max(own))),
        }
    }
}
