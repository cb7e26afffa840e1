//! Chips that lack a part.

use crate::hardware::{Chip, Fabric, Ports, Resource, ScaleUp, Stacks};

/// A part of a chip that can fail while the chip goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Part {
    /// One of its HBM stacks.
    Stack,
    /// This share of its scale-up bandwidth.
    Link(f64),
    /// So many NICs of its domain, whose other NICs then carry what all of its chips send.
    Nics(u32),
}

/// NICs of a replica of so many chips: its share of those of its domains.
pub fn nics_of(chip: &Chip, chips: u32) -> u32 {
    let domain = Ports::of(chip).domain;
    let nics = u64::from(chip.fabric.nics_of(domain)) * u64::from(chips) / u64::from(domain);
    (nics as u32).max(1)
}

impl Part {
    /// `chip` without it, or what the chip lacks for that.
    ///
    /// Without a stack, that stack's share of bandwidth and capacity is gone. All ranks of a
    /// replica wait for the slowest and hold as much as the fullest: one such chip makes the whole
    /// replica one of such chips.
    pub fn taken_from(self, chip: &Chip) -> Result<Chip, &'static str> {
        match self {
            Self::Stack => {
                let stacks = chip.memory.stacks.ok_or("has no stacks of memory")?;
                if stacks.count < 2 {
                    return Err("has one stack alone, without which it has no memory");
                }
                let left = f64::from(stacks.count - 1) / f64::from(stacks.count);
                let slower = chip.scaled(Resource::HbmBandwidth, left);
                let mut lesser = slower.scaled(Resource::HbmCapacity, left);
                lesser.memory.stacks = Some(Stacks { count: stacks.count - 1, ..stacks });
                Ok(lesser)
            }
            Self::Link(share) => {
                let link = chip.scale_up.as_ref().ok_or("has no scale-up link")?;
                let bandwidth = link.bandwidth * (1.0 - share);
                // The NIC stays: `scaled` would take its share, too.
                Ok(Chip { scale_up: Some(ScaleUp { bandwidth, ..link.clone() }), ..chip.clone() })
            }
            Self::Nics(count) => {
                let nics = chip.fabric.nics_of(Ports::of(chip).domain);
                let left = nics.checked_sub(count).filter(|&left| left > 0);
                let left = left.ok_or("has no more NICs in a domain than that")?;
                let fabric = Fabric { nics: Some(left), ..chip.fabric };
                Ok(Chip { fabric, ..chip.clone() })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::Catalog;

    #[test]
    fn a_stack_takes_its_share_and_a_link_its_own() {
        let catalog = Catalog::embedded();
        let chip = catalog.chip("h200-sxm").unwrap();
        let lesser = Part::Stack.taken_from(chip).unwrap();
        let count = f64::from(chip.memory.stacks.unwrap().count);
        let near = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-9;
        let left = (count - 1.0) / count;
        assert!(near(lesser.memory.bandwidth.get(), chip.memory.bandwidth.get() * left));
        assert!(near(lesser.memory.usable.get(), chip.memory.usable.get() * left));
        let stacks = lesser.memory.stacks.unwrap();
        assert!((stacks.bandwidth().get() / lesser.memory.bandwidth.get() - 1.0).abs() < 0.01);
        let lesser = Part::Link(0.25).taken_from(chip).unwrap();
        let rate = |chip: &Chip| chip.scale_up.as_ref().unwrap().bandwidth.get();
        assert!(near(rate(&lesser), rate(chip) * 0.75));
        assert_eq!(lesser.memory, chip.memory);
        let lesser = Part::Nics(3).taken_from(chip).unwrap();
        assert_eq!((nics_of(chip, 32), nics_of(&lesser, 8), nics_of(&lesser, 1)), (32, 5, 1));
        assert_eq!(lesser.nic, chip.nic);
        assert!(Part::Nics(8).taken_from(chip).is_err());
    }
}
