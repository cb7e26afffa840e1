//! The graph: which links lie between two places.

use super::tiering::{Place, Tiering};
use crate::des::Links;

/// An end of a transfer: HBM, or the store of a place.
pub(super) type End = Option<Place>;

/// The links of each replica, and those that all share.
#[derive(Clone, Debug)]
pub(super) struct Wiring {
    boxes: Vec<Box>,
    pool: Option<[usize; 2]>,
}

/// The links of one replica's box; pairs are out of a place and into it.
#[derive(Clone, Copy, Debug)]
struct Box {
    hbm: [usize; 2],
    dram: Option<usize>,
    nvme: Option<[usize; 2]>,
    nic: [usize; 2],
}

impl Wiring {
    /// Adds the links of `members` replicas to `links`.
    pub(super) fn new(tiering: &Tiering, members: usize, links: &mut Links) -> Self {
        let find = |place| tiering.tiers.iter().find(|tier| tier.place == place);
        let boxes = (0..members).map(|_| Box {
            hbm: [tiering.down, tiering.up].map(|rate| links.add(rate)),
            dram: find(Place::Host).map(|tier| links.add(tier.read)),
            nvme: find(Place::Nvme).map(|tier| [tier.read, tier.write].map(|r| links.add(r))),
            nic: [tiering.nic; 2].map(|rate| links.add(rate)),
        });
        let boxes = boxes.collect();
        let pool = find(Place::Pool);
        Self { boxes, pool: pool.map(|tier| [tier.read, tier.write].map(|r| links.add(r))) }
    }

    /// The links from one end to the other, within the box of `member` or between it and the pool.
    ///
    /// The pool reaches HBM over the NICs without passing the host (`GPUDirect` RDMA).
    pub(super) fn path(&self, member: usize, from: End, to: End) -> Vec<usize> {
        let own = &self.boxes[member];
        let leg = |end: End, other: End, side: usize| -> Vec<usize> {
            match end {
                None if other == Some(Place::Pool) => Vec::new(),
                None => vec![own.hbm[side]],
                Some(Place::Host) => own.dram.into_iter().collect(),
                Some(Place::Nvme) => own.nvme.iter().map(|pair| pair[side]).collect(),
                // Out of the pool is into the box.
                Some(Place::Pool) => {
                    let pool = self.pool.iter().map(|pair| pair[side]);
                    pool.chain([own.nic[1 - side]]).collect()
                }
            }
        };
        [leg(from, to, 0), leg(to, from, 1)].concat()
    }
}
