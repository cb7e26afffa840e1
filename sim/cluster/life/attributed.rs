//! Prices that tell the KV's part of the time that HBM takes.

use crate::cost::{
    Batch, Bound, Breakdown, CLIPS, Cost, Decode, Demand, OpFamily, Pricer, Series, StepProgram,
};
use crate::units::{Bytes, Flop, Seconds};

/// Families whose HBM traffic is KV, or state in its place.
pub(in crate::cluster) const OF_KV: [OpFamily; 2] = [OpFamily::Attention, OpFamily::Recurrent];

/// The prices of a program, to the last digit, with another account of work: in the place of
/// operations the time of HBM that goes to KV, in the place of bytes all time of HBM, both in
/// picoseconds. [`HbmTime::of`] reads them.
#[derive(Clone, Copy)]
pub struct Attributed<'a> {
    program: &'a StepProgram,
    /// The same program's operators on KV alone.
    on_kv: &'a StepProgram,
}

/// Time that goes to HBM bandwidth.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HbmTime {
    /// To read and write KV, and states.
    pub kv: Seconds,
    /// All of it; what is not KV is weights, and the activations beside them.
    pub all: Seconds,
}

const PS: f64 = 1e12;

impl HbmTime {
    /// What the account of an [`Attributed`] price says.
    pub fn of(demand: Demand) -> Self {
        let [kv, all] = [demand.flop.get(), demand.traffic.get()].map(|ps| ps / PS);
        Self { kv: Seconds::new(kv.min(all)), all: Seconds::new(all) }
    }

    /// KV's share; none if HBM took no time.
    pub fn kv_share(&self) -> f64 {
        if self.all.is_zero() { 0.0 } else { self.kv / self.all }
    }

    fn demand(kv: &Breakdown, all: &Breakdown) -> Demand {
        let [kv, all] = [kv, all].map(|parts| parts[Bound::HbmBandwidth] * PS);
        Demand { flop: Flop::new(kv.max(0.0)), traffic: Bytes::new(all.max(0.0)) }
    }
}

impl<'a> Attributed<'a> {
    /// The prices of `program`, of which `on_kv` has the operators on KV alone.
    pub fn new(program: &'a StepProgram, on_kv: &'a StepProgram) -> Self {
        Self { program, on_kv }
    }
}

impl Pricer for Attributed<'_> {
    fn price(&self, batch: &Batch) -> Breakdown {
        self.program.price(batch).parts
    }

    fn clips(&self) -> &[u32] {
        self.program.clips()
    }

    fn dispatch(&self) -> Seconds {
        self.program.first_token()
    }

    fn reading(&self, prompt: u32) -> Seconds {
        self.program.reading(prompt)
    }

    fn demand(&self, batch: &Batch) -> Demand {
        HbmTime::demand(&self.on_kv.price(batch).parts, &self.program.price(batch).parts)
    }

    fn cost(&self, batch: &Batch) -> Cost {
        Pricer::cost(&self.program, batch).with_demand(self.demand(batch))
    }

    fn decode_series(&self, decode: &Decode, growing: &[u32; CLIPS]) -> Series {
        let all = Pricer::decode_series(&self.program, decode, growing);
        let kv = Pricer::decode_series(&self.on_kv, decode, growing);
        let account = |all: Cost, kv: Cost| {
            all.with_demand(HbmTime::demand(&kv.breakdown(), &all.breakdown()))
        };
        let steps = all.pace().steps().min(kv.pace().steps());
        let (first, growth) =
            (account(all.first(), kv.first()), account(all.growth(), kv.growth()));
        Series::new(first, growth, steps)
    }
}
