//! Whether a model divides by a plan, and which plan near it would.

use crate::model::{FeedForward, Layer, Model, Obstacle, Plan, PlanError, Split};

impl Model {
    /// Checks that every part divides.
    pub fn check_plan(&self, plan: &Plan) -> Result<(), PlanError> {
        let Some(obstacle) = self.obstacle(plan) else { return Ok(()) };
        let nearest = self.nearest(plan, &obstacle);
        Err(PlanError { model: self.name.clone(), plan: *plan, obstacle, nearest })
    }

    fn obstacle(&self, plan: &Plan) -> Option<Obstacle> {
        let &Plan { tp, pp, ep, dp, cp, redundant } = plan;
        if [tp, pp, ep, dp, cp].contains(&0) {
            return Some(Obstacle::Zero);
        }
        let layers = self.layers.len() as u32;
        if pp > layers {
            return Some(Obstacle::Layers { layers, pp });
        }
        let blocks = self.blocks();
        if let Some(found) = blocks.iter().find_map(|block| self.undivided(block.layer, tp)) {
            return Some(found);
        }
        let mut mixers = blocks.iter().filter_map(|block| block.layer.mixer.as_ref());
        if let Some(mixer) = mixers.find(|mixer| cp > 1 && !mixer.passes_on()) {
            return Some(Obstacle::Contexts { mixer: mixer.name(), cp });
        }
        let mut experts = blocks.iter().filter_map(|block| match &block.layer.feed_forward {
            Some(FeedForward::Experts(experts)) => Some(experts),
            _ => None,
        });
        let ranks = plan.ranks_per_stage();
        if ep > 1 && experts.clone().next().is_none() {
            return Some(Obstacle::NoExperts { ep });
        }
        if !ranks.is_multiple_of(ep) {
            return Some(Obstacle::ExpertRanks { ep, ranks });
        }
        if redundant > 0 && ep == 1 {
            return Some(Obstacle::NoRanks { redundant });
        }
        experts.find_map(|layer| {
            let (count, inter, ranks) = (layer.experts, layer.each.inter, plan.ranks_per_expert());
            if !count.is_multiple_of(ep) {
                Some(Obstacle::Experts { experts: count, ep })
            } else if redundant > count - count / ep {
                Some(Obstacle::Copies { redundant, others: count - count / ep })
            } else if !inter.is_multiple_of(ranks) {
                Some(Obstacle::ExpertWidth { inter, ranks })
            } else {
                None
            }
        })
    }

    /// The first matrix of `layer` that `tp` does not divide.
    fn undivided(&self, layer: &Layer, tp: u32) -> Option<Obstacle> {
        layer.weights(self.width()).into_iter().find_map(|weight| {
            let what = weight.name;
            match weight.split {
                Split::Outputs(units) | Split::Inputs(units) if !units.is_multiple_of(tp) => {
                    Some(Obstacle::Units { what, units, tp })
                }
                Split::Repeated(units)
                    if !units.is_multiple_of(tp) && !tp.is_multiple_of(units) =>
                {
                    Some(Obstacle::KvHeads { what, units, tp })
                }
                _ => None,
            }
        })
    }

    /// Changes the degree at fault to the nearest value that works, the smaller one first; falls
    /// back to a single rank, which always does.
    fn nearest(&self, plan: &Plan, obstacle: &Obstacle) -> Plan {
        let with = |degree: u32| match obstacle {
            Obstacle::Layers { .. } => Plan { pp: degree, ..*plan },
            Obstacle::Contexts { .. } => Plan { cp: degree, ..*plan },
            Obstacle::NoRanks { .. } | Obstacle::Copies { .. } => {
                Plan { redundant: degree - 1, ..*plan }
            }
            Obstacle::NoExperts { .. }
            | Obstacle::ExpertRanks { .. }
            | Obstacle::Experts { .. }
            | Obstacle::ExpertWidth { .. } => Plan { ep: degree, ..*plan },
            _ => Plan { tp: degree, ..*plan },
        };
        let asked = match obstacle {
            Obstacle::Layers { pp, .. } => *pp,
            Obstacle::Contexts { cp, .. } => *cp,
            Obstacle::NoRanks { redundant } | Obstacle::Copies { redundant, .. } => *redundant,
            Obstacle::Units { tp, .. } | Obstacle::KvHeads { tp, .. } => *tp,
            _ => plan.ep,
        };
        let mut degrees: Vec<u32> = (1..=2 * asked).collect();
        degrees.sort_by_key(|&degree| (degree.abs_diff(asked), degree));
        let mut candidates = degrees.into_iter().map(with);
        candidates.find(|plan| self.obstacle(plan).is_none()).unwrap_or(Plan::tp(1))
    }
}
