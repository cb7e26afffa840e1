//! What a chip sends through, with stand-ins where a figure is not known.

use crate::hardware::chip::Chip;
use crate::units::BytesPerSec;

/// Chips that reach each other over a host's link: boards in a box.
const STAND_IN_DOMAIN: u32 = 8;

/// A chip's ways to others.
#[derive(Clone, Debug, PartialEq)]
pub struct Ports {
    /// To chips of its domain, per direction: the scale-up link, else the host's, else the NIC.
    pub link: Option<BytesPerSec>,
    /// What that is called.
    pub name: String,
    /// Chips in a domain.
    pub domain: u32,
    /// To other domains, per direction; joined at link speed if it is not known.
    pub nic: Option<BytesPerSec>,
    /// Whether there is a scale-up link.
    pub has_scale_up: bool,
}

impl Ports {
    /// Those of `chip`.
    pub fn of(chip: &Chip) -> Self {
        let positive = |rate: &BytesPerSec| rate.get() > 0.0;
        let scale_up = chip.scale_up.as_ref().filter(|up| up.bandwidth.get() > 0.0);
        let (host, nic) = (chip.host_link.filter(positive), chip.nic.filter(positive));
        let own = scale_up.map(|up| (up.bandwidth, up.name.clone()));
        let stand_in = || {
            let host = host.map(|rate| (rate, "host link".to_owned()));
            host.or_else(|| nic.map(|rate| (rate, "network".to_owned())))
        };
        let (link, name) = own.or_else(stand_in).unzip();
        Self {
            link,
            name: name.unwrap_or_default(),
            domain: scale_up.map_or(STAND_IN_DOMAIN, |up| up.domain.max(1)),
            nic,
            has_scale_up: scale_up.is_some(),
        }
    }
}
