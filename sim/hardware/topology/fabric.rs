//! What lies between chips, as far as their system's spec says.

use super::wiring::Wiring;

/// Accelerators of a usual box.
const BOX: u32 = 8;

/// What lies between chips.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Fabric {
    /// Switch chips of a scale-up domain; unknown ones are drawn as one.
    pub switches: Option<u32>,
    /// Chips of one compute tray, which one operating system runs: kernels that map the memory of
    /// peers reach no further. That of boxes if it is not given.
    pub tray: Option<u32>,
    /// How a domain is wired; as if switched if nothing says so.
    pub wiring: Wiring,
    /// NICs of a domain; as many as chips if it is not given.
    pub nics: Option<u32>,
    /// What NICs below a leaf can send, over what it can send to the spine; 1 if it is not given.
    pub oversubscription: Option<f64>,
}

impl Fabric {
    /// NICs of a domain of so many chips.
    pub fn nics_of(&self, domain: u32) -> u32 {
        self.nics.unwrap_or(domain).max(1)
    }

    /// Chips of one tray in a domain of so many.
    pub fn tray_of(&self, domain: u32) -> u32 {
        self.tray.unwrap_or(BOX).clamp(1, domain.max(1))
    }

    /// What NICs below a leaf can send, over what it can send to the spine.
    pub fn leaf_ratio(&self) -> f64 {
        self.oversubscription.unwrap_or(1.0)
    }

    /// How a domain of so many chips is wired: a torus of more or fewer counts as switched.
    pub fn wiring_of(&self, domain: u32) -> Wiring {
        match self.wiring.chips() {
            Some(chips) if chips != domain => Wiring::Switched,
            _ => self.wiring,
        }
    }

    /// Whether every cut within a domain carries what ports send.
    pub(super) fn is_even_inside(&self) -> bool {
        self.wiring == Wiring::Switched
    }

    /// Whether every cut beyond domains of so many chips carries what their NICs send.
    pub(super) fn is_even_beyond(&self, domain: u32) -> bool {
        self.nics_of(domain) == domain && self.leaf_ratio() <= 1.0
    }
}
