//! How uncertain a prediction's causes make it, to first order.

use super::bench::Bench;
use crate::cost::{Batch, Bound, Breakdown, OpFamily};
use crate::fidelity::bands::{Cause, Doubt};
use crate::fidelity::points::scenario::Scenario;
use crate::hardware::Resource;

/// Standard deviations of logarithms.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Deviations {
    /// Of a time to first token.
    pub(super) first: f64,
    /// Of a time per output token, and of throughputs.
    pub(super) rate: f64,
}

/// Time by family and by bound.
#[derive(Clone, Debug, Default)]
struct Mix {
    families: [f64; OpFamily::ALL.len()],
    bounds: Breakdown,
}

/// The deviations of `scenario` on its bench: a request's prompt for the first token, its prompt
/// and its part of the decode steps, with `flight` of them in flight, for the rate.
pub(super) fn deviations(
    bench: &Bench,
    scenario: &Scenario,
    flight: u32,
    doubt: &Doubt,
) -> Deviations {
    let (input, output) = scenario.lengths.middle();
    let mut prompt = Batch { logits: 1, ..Batch::default() };
    prompt.prefill.add(0, input, bench.program.clips());
    let decode = bench.steady_decode(scenario, flight);
    let mut first = Mix::default();
    first.add(bench, &prompt, 1.0);
    let mut rate = first.clone();
    rate.add(bench, &decode, f64::from(output) / f64::from(flight));
    Deviations { first: first.deviation(doubt), rate: rate.deviation(doubt) }
}

impl Mix {
    fn add(&mut self, bench: &Bench, batch: &Batch, times: f64) {
        for (family, time) in bench.program.family_times(batch) {
            self.families[family as usize] += time.get() * times;
        }
        self.bounds += bench.program.price(batch).parts.scaled(times);
    }

    /// Causes are independent, and each moves the time by its share of it.
    fn deviation(&self, doubt: &Doubt) -> f64 {
        let total = self.bounds.total().get();
        let resource = |bound| match bound {
            Bound::Compute => Some(Resource::Compute),
            Bound::HbmBandwidth => Some(Resource::HbmBandwidth),
            Bound::Interconnect => Some(Resource::Interconnect),
            _ => None,
        };
        let by_family = OpFamily::ALL.map(|family| {
            self.families[family as usize] / total * doubt.deviation(Cause::Time(family))
        });
        let by_figure = Bound::ALL.map(|bound| {
            resource(bound).map_or(0.0, |resource| {
                self.bounds[bound] / total * doubt.deviation(Cause::Figure(resource))
            })
        });
        let parts = by_family.into_iter().chain(by_figure);
        libm::sqrt(parts.map(|part| part * part).sum::<f64>())
    }
}
