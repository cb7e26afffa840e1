//! What can be had more of.

use std::borrow::Cow;

use crate::cluster::Order;
use crate::cost::{OpFamily, Stretch};
use crate::hardware::{Chip, Engine, Resource};
use crate::model::Weights;

/// Levers are pulled up and down by this factor: far enough to stand out of the noise of a search
/// for the best load, near enough to be a slope.
pub const TILT: f64 = 1.2;

/// Something of a chip or its host, all else as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lever {
    /// One resource.
    Resource(Resource),
    /// The dense peak of one matrix engine.
    Engine(Engine),
    /// The speed of the host.
    Host,
    /// Several resources by the same factor: a taller stack has more of both of its own.
    Together(&'static [Resource]),
}

impl Lever {
    /// Bandwidth and capacity of the HBM.
    pub const STACKS: Self = Self::Together(&[Resource::HbmBandwidth, Resource::HbmCapacity]);

    /// What a chip is asked for that is to match another, in the order of reports.
    pub const NEEDS: [Self; 5] = [
        Self::Resource(Resource::HbmBandwidth),
        Self::Resource(Resource::HbmCapacity),
        Self::STACKS,
        Self::Resource(Resource::Compute),
        Self::Together(&[Resource::HbmBandwidth, Resource::HbmCapacity, Resource::Compute]),
    ];

    /// The levers that `order` answers to, in the order of reports: every resource, the host, each
    /// matrix engine in use, and bandwidth with capacity.
    pub fn of(order: &Order) -> Vec<Self> {
        let resources = Resource::ALL.into_iter().map(Self::Resource);
        let engines = engines(order).into_iter().map(Self::Engine);
        resources.chain([Self::Host]).chain(engines).chain([Self::STACKS]).collect()
    }

    /// The key in files and JSON.
    pub fn key(self) -> String {
        match self {
            Self::Resource(resource) => resource.key().to_owned(),
            Self::Engine(engine) => format!("compute_{}", engine.name()),
            Self::Host => OpFamily::Host.key().to_owned(),
            Self::Together(all) => {
                all.iter().map(|resource| resource.key()).collect::<Vec<_>>().join("_and_")
            }
        }
    }

    /// `chip` and the prices on it with `factor` times as much.
    pub fn pull(self, chip: &Chip, prices: Stretch, factor: f64) -> (Cow<'_, Chip>, Stretch) {
        let mut stretch = prices;
        let chip = match self {
            Self::Resource(resource) => Cow::Owned(chip.scaled(resource, factor)),
            Self::Engine(engine) => Cow::Owned(chip.with_engine_scaled(engine, factor)),
            Self::Together(all) => Cow::Owned(
                all.iter().fold(chip.clone(), |chip, &resource| chip.scaled(resource, factor)),
            ),
            Self::Host => {
                stretch[OpFamily::Host] /= factor;
                Cow::Borrowed(chip)
            }
        };
        (chip, stretch)
    }
}

/// The engines that multiply weights, and attention's, each once.
fn engines(order: &Order) -> Vec<Engine> {
    let formats = order.model.formats(&order.precision).into_iter().map(|(_, format, _)| format);
    let mut engines: Vec<Engine> = match order.precision.weights {
        Weights::All(format) => vec![order.chip.engine_for(format)],
        Weights::Checkpoint => formats.map(|format| order.chip.engine_for(format)).collect(),
    };
    engines.push(Engine::Bf16);
    engines.sort_unstable();
    engines.dedup();
    engines.retain(|&engine| order.chip.peak(engine).is_some());
    engines
}
