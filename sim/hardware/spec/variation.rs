//! A part described as a variation of another: `base = "b200-sxm"` and what differs.

use super::chip::ChipSpec;
use super::figure::{Figure, Given, Section};
use super::memory::MemorySpec;
use crate::units::Bytes;

impl ChipSpec {
    /// The whole description: what `self` gives, and the rest as in `base`.
    ///
    /// Names, dates and status are never inherited. Totals that `base` prints are dropped where
    /// the figures below them changed; usable capacity scales with the physical one.
    pub(crate) fn over(self, base: &Self) -> Self {
        let mut notes = base.notes.clone();
        for entry in self.entries() {
            notes.remove(&entry.key());
        }
        notes.extend(self.notes);
        Self {
            base: self.base,
            title: self.title.or_else(|| Some(self.name.clone())),
            name: self.name,
            maker: self.maker.or_else(|| base.maker.clone()),
            generation: self.generation.or_else(|| base.generation.clone()),
            aliases: self.aliases,
            system: self.system.or_else(|| base.system.clone()),
            status: self.status,
            announced: self.announced,
            volume: self.volume,
            silicon: self.silicon.over(&base.silicon),
            compute: self.compute.over(&base.compute),
            sram: self.sram.over(&base.sram),
            memory: varied(self.memory, &base.memory),
            scale_up: self.scale_up.over(&base.scale_up),
            host: self.host.over(&base.host),
            network: self.network.over(&base.network),
            power: self.power.over(&base.power),
            price: self.price.over(&base.price),
            packaging: self.packaging.over(&base.packaging),
            notes,
        }
    }
}

fn varied(changed: MemorySpec, base: &MemorySpec) -> MemorySpec {
    let prints_capacity = changed.printed_capacity.is_some();
    let prints_bandwidth = changed.printed_bandwidth.is_some();
    let gives_usable = changed.usable_capacity.is_some();
    let mut memory = changed.over(base);
    if memory.physical() != base.physical() {
        if !prints_capacity {
            memory.printed_capacity = None;
        }
        if !gives_usable {
            memory.usable_capacity = scaled_usable(&memory, base);
        }
    }
    if memory.peak_bandwidth() != base.peak_bandwidth() && !prints_bandwidth {
        memory.printed_bandwidth = None;
    }
    memory
}

/// The usable capacity of `base`, scaled to the physical capacity of `memory`.
fn scaled_usable(memory: &MemorySpec, base: &MemorySpec) -> Option<Figure<Bytes>> {
    let share = base.usable_capacity.given()? / base.physical()?;
    let usable = memory.physical()? * share;
    Some(Figure::reckoned(usable, usable.to_string(), "scaled with the physical capacity"))
}
