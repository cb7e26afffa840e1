//! A combination of techniques, set up and measured.

use super::technique::{Switches, Technique};
use crate::cluster::{
    Best, Deployment, Drive, NoBest, Order, Pools, Setup, Station, Terms, Tiering, Wire, best_of,
    refined,
};
use crate::cost::OpFamily;
use crate::hardware::{Chip, Format};
use crate::model::{Model, Plan, Precision, Weights};
use crate::serving::{Limits, Speculation};
use crate::units::{Bytes, BytesPerSec};

/// A model that may be served, and how: the chip's narrow formats, and drafts if any are known.
#[derive(Clone, Debug)]
pub struct Variant<'a> {
    /// What is ordered, with the plan left open.
    pub order: Order<'a>,
    /// How tokens are drafted where they are.
    pub speculation: Option<Speculation>,
}

/// On-chip memory that a chip might have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sram {
    /// Weights that it holds, which then need no HBM.
    pub capacity: Bytes,
    /// How fast it gives them.
    pub bandwidth: BytesPerSec,
}

/// The stores below HBM of a deployment of an order; `None` if they cannot be had.
pub type Below<'a> = &'a (dyn Fn(&Order, &Deployment) -> Option<Tiering> + Sync);

/// What combinations are built from.
#[derive(Clone)]
pub struct Bench<'a> {
    /// The chip.
    pub chip: &'a Chip,
    /// The models: dense or sparse, and of each the one that was named or the larger one.
    pub variants: [[Option<Variant<'a>>; 2]; 2],
    /// Whether the model that was named is sparse.
    pub is_sparse: bool,
    /// The plan that was asked for, instead of the best.
    pub plan: Option<Plan>,
    /// Ranks of the wide plans.
    pub wide: Vec<u32>,
    /// The split of pools that was asked for, instead of what the work asks for.
    pub pools: Option<Pools>,
    /// The stores below HBM, or why there are none.
    pub below: Result<Below<'a>, String>,
    /// What bigger batches multiply limits by.
    pub bigger: u32,
    /// The SRAM of the what-if.
    pub sram: Sram,
    /// Bandwidth inside the banks over that of the pins, of the what-if.
    pub pim: f64,
}

/// Tensor parallelism that is tried.
const TENSOR: [u32; 4] = [1, 2, 4, 8];

impl<'a> Bench<'a> {
    /// The variant that was named.
    pub fn named(&self) -> &Variant<'a> {
        let named = &self.variants[usize::from(self.is_sparse)][0];
        named.as_ref().expect("the model that was named is there")
    }

    /// Why `technique` makes no difference here that could be asked for, if it does not.
    pub fn refusal(&self, technique: Technique) -> Option<String> {
        let Variant { order, speculation } = self.named();
        let (chip, model) = (&order.chip.name, &order.model.name);
        let missing = |is_missing: bool, why: String| is_missing.then_some(why);
        match technique {
            Technique::PrefixCache
            | Technique::Chunking
            | Technique::BiggerBatches
            | Technique::Sram
            | Technique::Pim => None,
            Technique::KvPrecision => missing(
                order.precision.kv == Format::Bf16,
                format!("KV is in bf16 on {chip} in any case"),
            ),
            Technique::WeightPrecision => missing(
                order.precision.weights == Weights::All(Format::Bf16),
                format!("weights are in bf16 on {chip} in any case"),
            ),
            Technique::Speculation => missing(
                speculation.is_none(),
                format!("how many drafts {model} accepts is not known; give --acceptance"),
            ),
            Technique::Disaggregation => {
                missing(chip_to_chip(order.chip), format!("no link or network of {chip} is known"))
            }
            Technique::KvOffload => self.below.as_ref().err().cloned(),
            Technique::WideEp if !order.model.has_routed_experts() => {
                Some(format!("{model} has no routed experts to spread"))
            }
            Technique::WideEp => missing(
                self.wide_plans().is_empty(),
                format!("{chip} has no domain of {} chips", self.wide[0]),
            ),
            Technique::MoeSparsity => missing(
                self.variants[usize::from(!self.is_sparse)][0].is_none(),
                format!("no model is named as the equal of {model}; give --equal-model"),
            ),
            Technique::LargerModel => missing(
                self.variants[usize::from(self.is_sparse)][1].is_none(),
                format!("no model is named as larger than {model}; give --larger-model"),
            ),
        }
    }

    /// The best that the chip yields with `switches`, over plans and, where it is split, pools.
    pub fn measure(&self, switches: Switches, terms: &Terms) -> Result<Best<Setup>, NoBest> {
        let variant = self.variant(switches);
        let plans = self.plans(switches, variant.order.model);
        let stations = plans.into_iter().flat_map(|plan| {
            let found = self.setups(switches, variant, plan, terms);
            found.unwrap_or_else(|why| vec![Err(why)])
        });
        let Drive::Concurrency(tasks) = terms.drive else {
            let best = best_of(&self.chip.name, stations, terms)?;
            return Ok(refined(best, terms));
        };
        // A fixed load is so many tasks a chip; the first of equals stays.
        let gpus = self.plan.unwrap_or(Plan::tp(1)).gpus();
        let at_load = |station: Result<Setup, NoBest>| {
            let station = station?;
            let tasks = u64::from(tasks) * u64::from(station.gpus()) / u64::from(gpus);
            let drive = Drive::Concurrency((tasks as u32).max(1));
            best_of(&self.chip.name, std::iter::once(Ok(station)), &Terms { drive, ..*terms })
        };
        let better = |best: Result<Best<Setup>, NoBest>, found: Result<Best<Setup>, NoBest>| match (
            &best, &found,
        ) {
            (Err(_), _) => found,
            (Ok(best_yet), Ok(other))
                if other.output_tok_s_per_gpu > best_yet.output_tok_s_per_gpu =>
            {
                found
            }
            (Ok(_), _) => best,
        };
        stations.map(at_load).reduce(better).expect("there is a plan to try")
    }

    /// The model of a combination.
    pub fn variant(&self, switches: Switches) -> &Variant<'a> {
        let sparse = if switches.studies(Technique::MoeSparsity) {
            switches.has(Technique::MoeSparsity)
        } else {
            self.is_sparse
        };
        let larger = switches.has(Technique::LargerModel);
        let variant = &self.variants[usize::from(sparse)][usize::from(larger)];
        variant.as_ref().expect("techniques that lack a model are refused")
    }

    /// The ways to set up `plan`, one for each split of pools.
    fn setups(
        &self,
        switches: Switches,
        variant: &Variant,
        plan: Plan,
        terms: &Terms,
    ) -> Result<Vec<Result<Setup, NoBest>>, NoBest> {
        let (chip, order) = self.changed(switches, &variant.order, plan);
        let order = Order { chip: &chip, ..order };
        let below = self.below.as_ref().ok().filter(|_| switches.has(Technique::KvOffload));
        let setup = || -> Result<Setup, NoBest> {
            let deployment = order.deploy()?;
            let below = below.and_then(|below| below(&order, &deployment));
            let deployment = Deployment { below, ..deployment };
            Ok(Setup {
                speculation: variant
                    .speculation
                    .clone()
                    .filter(|_| switches.has(Technique::Speculation)),
                keeps_prefixes: switches.has(Technique::PrefixCache),
                ..Setup::plain(deployment)
            })
        };
        if !switches.has(Technique::Disaggregation) {
            return Ok(vec![setup()]);
        }
        let pools = match self.pools {
            Some(given) => vec![given],
            None => Pools::near(setup()?.prefill_ratio(terms)).to_vec(),
        };
        let split = |pools: Pools| {
            let wire = Wire::between((&order, pools.prefill), (&order, pools.decode), None)?;
            Ok(setup()?.split_into(pools, &wire, &order))
        };
        Ok(pools.into_iter().map(split).collect())
    }

    /// The chip and the order for `plan` with all that changes them.
    fn changed<'b>(&self, switches: Switches, order: &Order<'b>, plan: Plan) -> (Chip, Order<'b>) {
        let has = |technique| switches.has(technique);
        let narrow = order.precision;
        let precision = Precision {
            weights: if has(Technique::WeightPrecision) {
                narrow.weights
            } else {
                Weights::All(Format::Bf16)
            },
            kv: if has(Technique::KvPrecision) { narrow.kv } else { Format::Bf16 },
        };
        let limits = self.limits(switches, order);
        let order = Order { plan, precision, limits, ..*order };
        let (mut chip, mut stretch) = (order.chip.clone(), order.stretch);
        if has(Technique::Pim) {
            stretch = stretch.reading(OpFamily::Attention, self.pim);
        }
        if has(Technique::Sram) && order.model.check_plan(&plan).is_ok() {
            let weights = order.model.weight_bytes(&precision, &plan);
            let held = if self.sram.capacity < weights { self.sram.capacity } else { weights };
            let factor = faster(held / weights, self.sram.bandwidth / chip.memory.bandwidth);
            chip.memory.usable += held;
            stretch = stretch.reading(OpFamily::Gemm, factor).reading(OpFamily::Experts, factor);
        }
        (chip, Order { stretch, ..order })
    }

    fn limits(&self, switches: Switches, order: &Order) -> Limits {
        let Limits { mut max_batched_tokens, mut max_seqs, .. } = order.limits;
        if switches.has(Technique::BiggerBatches) {
            max_batched_tokens = max_batched_tokens.saturating_mul(self.bigger);
            max_seqs = max_seqs.saturating_mul(self.bigger);
        }
        if !switches.has(Technique::Chunking) {
            max_batched_tokens = max_batched_tokens.max(order.longest);
        }
        Limits { max_batched_tokens, max_seqs, ..order.limits }
    }

    /// The plans that are tried: of `wide-ep` the wide ones or the others, if it is studied.
    fn plans(&self, switches: Switches, model: &Model) -> Vec<Plan> {
        if let Some(plan) = self.plan.filter(|_| !switches.has(Technique::WideEp)) {
            return vec![plan];
        }
        let tensor = TENSOR.map(Plan::tp).into_iter().filter(|plan| plan.gpus() <= self.domain());
        let wide = if model.has_routed_experts() { self.wide_plans() } else { Vec::new() };
        match (switches.studies(Technique::WideEp), switches.has(Technique::WideEp)) {
            (true, true) if !wide.is_empty() => wide,
            (true, _) => tensor.collect(),
            (false, _) => tensor.chain(wide).collect(),
        }
    }

    fn wide_plans(&self) -> Vec<Plan> {
        let wide = self.wide.iter().map(|&ranks| Plan { ep: ranks, dp: ranks, ..Plan::tp(1) });
        wide.filter(|plan| plan.gpus() <= self.domain()).collect()
    }

    fn domain(&self) -> u32 {
        self.chip.scale_up.as_ref().map_or(1, |link| link.domain)
    }
}

/// How many times as fast a stream is of which `share` flows `faster` times as fast, one part
/// after the other.
fn faster(share: f64, faster: f64) -> f64 {
    1.0 / (1.0 - share + share / faster)
}

fn chip_to_chip(chip: &Chip) -> bool {
    chip.scale_up.is_none() && chip.nic.is_none() && chip.host_link.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sram_holds_is_read_faster_and_the_rest_is_not() {
        assert!((faster(0.0, 50.0) - 1.0).abs() < 1e-12);
        assert!((faster(1.0, 50.0) - 50.0).abs() < 1e-12);
        assert!((faster(0.5, 1e12) - 2.0).abs() < 1e-9);
    }
}
