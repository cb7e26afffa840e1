//! What lies between chips, as far as their system's spec says.

use super::wiring::Wiring;

/// What lies between chips.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Fabric {
    /// Switch chips of a scale-up domain; unknown ones are drawn as one.
    pub switches: Option<u32>,
    /// How a domain is wired, by its maker.
    pub known: Wiring,
    /// How collectives are priced: as if switched, unless the chip's own figure says else.
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

    /// What NICs below a leaf can send, over what it can send to the spine.
    pub fn leaf_ratio(&self) -> f64 {
        self.oversubscription.unwrap_or(1.0)
    }

    /// Whether every cut of a domain of so many chips, and beyond it, carries what ports send.
    pub(super) fn is_even(&self, domain: u32) -> bool {
        self.wiring == Wiring::Switched
            && self.nics_of(domain) == domain
            && self.leaf_ratio() <= 1.0
    }
}
