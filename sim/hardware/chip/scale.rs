//! What-ifs on a chip: more or less of one resource, all else as it is.

use super::format::Engine;
use super::part::Chip;

/// What a chip has that can be had more of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// Bandwidth of the main memory.
    HbmBandwidth,
    /// Its capacity.
    HbmCapacity,
    /// Every peak of the matrix engines, and the exponentials.
    Compute,
    /// Scale-up and scale-out links.
    Interconnect,
}

impl Resource {
    /// Every resource, in the order of reports.
    pub const ALL: [Self; 4] =
        [Self::HbmBandwidth, Self::HbmCapacity, Self::Compute, Self::Interconnect];

    /// The key in files and JSON.
    pub const fn key(self) -> &'static str {
        match self {
            Self::HbmBandwidth => "hbm_bandwidth",
            Self::HbmCapacity => "hbm_capacity",
            Self::Compute => "compute",
            Self::Interconnect => "interconnect",
        }
    }
}

impl Chip {
    /// This chip with `factor` times as much of `resource`.
    ///
    /// Acts on the totals: the description of the stacks stays as it is.
    pub fn scaled(&self, resource: Resource, factor: f64) -> Self {
        let mut chip = self.clone();
        match resource {
            Resource::HbmBandwidth => chip.memory.bandwidth = chip.memory.bandwidth * factor,
            Resource::HbmCapacity => {
                chip.memory.usable = chip.memory.usable * factor;
                chip.memory.physical = chip.memory.physical * factor;
            }
            Resource::Compute => {
                for peak in chip.peaks.values_mut() {
                    *peak = *peak * factor;
                }
                chip.exp_rate = chip.exp_rate.map(|rate| rate * factor);
            }
            Resource::Interconnect => {
                if let Some(link) = &mut chip.scale_up {
                    link.bandwidth = link.bandwidth * factor;
                }
                chip.nic = chip.nic.map(|nic| nic * factor);
            }
        }
        chip
    }

    /// This chip with `factor` times the dense peak of `engine` alone.
    pub fn with_engine_scaled(&self, engine: Engine, factor: f64) -> Self {
        let mut chip = self.clone();
        if let Some(peak) = chip.peaks.get_mut(&engine) {
            *peak = *peak * factor;
        }
        chip
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::Catalog;

    #[test]
    fn only_the_named_resource_grows() {
        let catalog = Catalog::embedded();
        let chip = catalog.chip("b200-sxm").unwrap();
        for resource in Resource::ALL {
            let more = chip.scaled(resource, 2.0);
            assert_ne!(&more, chip);
            assert_eq!(&more.scaled(resource, 0.5), chip, "{}", resource.key());
        }
        assert_eq!(chip.scaled(Resource::HbmBandwidth, 2.0).memory.usable, chip.memory.usable);
    }
}
