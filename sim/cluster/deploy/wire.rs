//! What carries KV from replicas that prefill to those that decode.

use super::Order;
use crate::hardware::Chip;
use crate::units::BytesPerSec;

/// A link between two pools.
#[derive(Clone, Debug, PartialEq)]
pub struct Wire {
    /// Its name.
    pub name: String,
    /// What one replica that prefills can send.
    pub send: BytesPerSec,
    /// What one replica that decodes can receive.
    pub receive: BytesPerSec,
}

/// No figure is known of the network of a chip.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bandwidth of the network of {0} is not public")]
pub struct NoNetwork(pub String);

impl Wire {
    /// Between replicas of `prefill` and of `serving`, so many each: `given` bandwidth of one chip,
    /// else the scale-up link if all chips share one domain, else the network.
    pub fn between(
        (prefill, prefilling): (&Order, u32),
        (serving, decoding): (&Order, u32),
        given: Option<BytesPerSec>,
    ) -> Result<Self, NoNetwork> {
        let chips = serving.plan.gpus() * decoding + prefill.plan.gpus() * prefilling;
        let is_one_kind = serving.chip.name == prefill.chip.name;
        let link = serving.chip.scale_up.as_ref();
        let fabric = link.filter(|link| is_one_kind && chips <= link.domain);
        let network =
            |chip: &Chip| chip.nic.or(chip.host_link).ok_or_else(|| NoNetwork(chip.name.clone()));
        let (name, [send, receive]) = match (given, fabric) {
            (Some(given), _) => ("given".to_owned(), [given; 2]),
            (None, Some(link)) => (link.name.clone(), [link.bandwidth; 2]),
            (None, None) => {
                ("network".to_owned(), [network(prefill.chip)?, network(serving.chip)?])
            }
        };
        let send = send * f64::from(prefill.plan.gpus());
        Ok(Self { name, send, receive: receive * f64::from(serving.plan.gpus()) })
    }
}
