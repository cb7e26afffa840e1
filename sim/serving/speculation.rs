//! Speculative decoding as a price: what one token costs when several are tried at once.
//!
//! A draft proposes `depth` tokens, the model verifies them and one more in a single step, and on
//! average a sequence gains the acceptance length of that depth. The engine goes token by token, so
//! each of its steps costs a verification and its drafts divided by the acceptance length: the
//! staircase of expected tokens. Nothing is drawn, and both engines stay equal.

use crate::cost::{
    Batch, Bound, Breakdown, CLIPS, Cost, Decode, DecodeSteps, Demand, Line, LineId, Pricer, Series,
};
use crate::units::Seconds;

/// Deepest draft.
const DEEPEST: usize = 16;

/// How tokens are drafted and how many are accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct Speculation {
    /// Tokens gained in a step on average, by draft tokens from 1 on.
    lengths: Vec<f64>,
    /// Time of drafting one token for all sequences over that of a plain decode step.
    draft: f64,
    /// Whether each step takes the depth that serves its batch best, none included.
    is_adaptive: bool,
}

impl Speculation {
    /// Drafts of as many tokens as there are acceptance `lengths`, each from 1 to its depth + 1.
    pub fn new(lengths: Vec<f64>, draft: f64, is_adaptive: bool) -> Result<Self, String> {
        if lengths.is_empty() || lengths.len() > DEEPEST {
            return Err(format!("give acceptance lengths for 1 to {DEEPEST} draft tokens"));
        }
        for (depth, length) in (1..).zip(&lengths) {
            if !(1.0..=f64::from(depth) + 1.0).contains(length) {
                return Err(format!(
                    "{depth} draft tokens cannot gain {length} tokens a step; give 1 to {}",
                    depth + 1
                ));
            }
        }
        if let Some([shorter, longer, ..]) = lengths.windows(2).find(|pair| pair[1] < pair[0]) {
            return Err(format!(
                "one draft token more cannot gain less: {longer} after {shorter}; give lengths \
                 that do not fall"
            ));
        }
        Ok(Self { lengths, draft, is_adaptive })
    }

    /// Most tokens that it drafts in a step.
    pub fn deepest(&self) -> u32 {
        self.lengths.len() as u32
    }

    /// The depths it may take.
    fn depths(&self) -> std::ops::RangeInclusive<u32> {
        let deepest = self.deepest();
        if self.is_adaptive { 0..=deepest } else { deepest..=deepest }
    }

    /// Tokens gained in a step that drafts `depth`.
    fn length(&self, depth: u32) -> f64 {
        (depth as usize).checked_sub(1).map_or(1.0, |index| self.lengths[index])
    }
}

/// A price model under speculation, or as it is without.
#[derive(Clone, Debug)]
pub struct Speculating<P> {
    inner: P,
    speculation: Option<Speculation>,
}

/// What of a step is priced: all of it, or where groups of ranks have sequences of their own what
/// one does for itself, and what all do together.
#[derive(Clone, Copy)]
enum Part {
    Whole,
    Own,
    Common,
}

/// A decode step at one depth.
struct Tried {
    depth: u32,
    /// The verification alone.
    verified: Breakdown,
    /// Drafts and verification over the tokens gained.
    token: Breakdown,
}

impl<P: Pricer> Speculating<P> {
    /// The prices of `inner` under `speculation`.
    pub fn new(inner: P, speculation: Option<Speculation>) -> Self {
        Self { inner, speculation }
    }

    /// What a part of a step costs without drafts.
    fn undrafted(&self, part: Part, batch: &Batch) -> Cost {
        match part {
            Part::Whole => self.inner.cost(batch),
            Part::Own => self.inner.own_cost(batch),
            Part::Common => self.inner.common_cost(batch),
        }
    }

    /// The same of a decode step.
    fn undrafted_decode(&self, part: Part, decode: &Decode) -> Cost {
        match part {
            Part::Whole => self.inner.decode_series(decode, &[0; CLIPS]).first(),
            Part::Own => self.inner.own_series(decode, &[0; CLIPS]).first(),
            Part::Common => self.inner.common_cost(&decodes_of(*decode)),
        }
    }

    /// A part of the decode step at the depth that is taken. The parts of groups that choose a
    /// depth by themselves would not fit together.
    fn tried(&self, part: Part, speculation: &Speculation, decode: &Decode) -> Tried {
        let plain = self.undrafted_decode(part, decode).breakdown();
        let at = |depth| {
            let mut verified = self.undrafted_decode(part, &wide(decode, depth)).breakdown();
            // The host works for sequences, not for their tokens.
            verified[Bound::Host] = plain[Bound::Host];
            let drafted = plain.scaled(speculation.draft * f64::from(depth));
            let token = (verified + drafted).scaled(1.0 / speculation.length(depth));
            Tried { depth, verified, token }
        };
        let tried = speculation.depths().map(at);
        let time = |tried: &Tried| tried.token.total().get();
        tried.min_by(|a, b| time(a).total_cmp(&time(b))).expect("there is a depth")
    }

    /// How long a part of a step of `batch`, in which sequences decode, takes.
    fn drafted(&self, part: Part, speculation: &Speculation, batch: &Batch) -> Breakdown {
        let Tried { depth, verified, token } = self.tried(part, speculation, &batch.decode);
        if batch.prefill.tokens == 0 {
            return token;
        }
        let logits = batch.logits + batch.decode.sequences * depth;
        let whole = Batch { logits, decode: wide(&batch.decode, depth), ..*batch };
        let whole = self.undrafted(part, &whole).breakdown();
        // What the chunks add is paid in full.
        let mut sum = token;
        for bound in Bound::ALL {
            sum += Breakdown::of(bound, Seconds::new((whole[bound] - verified[bound]).max(0.0)));
        }
        sum
    }

    /// The work of a part of such a step, whose drafts are not counted.
    fn drafted_work(&self, part: Part, speculation: &Speculation, batch: &Batch) -> Demand {
        let work = |batch: &Batch| match part {
            Part::Whole => self.inner.demand(batch),
            Part::Own | Part::Common => self.undrafted(part, batch).demand(),
        };
        let Tried { depth, .. } = self.tried(part, speculation, &batch.decode);
        let verified = work(&Batch { decode: wide(&batch.decode, depth), ..*batch }.decode_only());
        let share = 1.0 / speculation.length(depth);
        let rest = match batch.prefill.tokens {
            0 => Demand::default(),
            _ => work(&Batch { decode: Decode::default(), ..*batch }),
        };
        Demand {
            flop: verified.flop * share + rest.flop,
            traffic: verified.traffic * share + rest.traffic,
        }
    }

    /// How tokens are drafted in a step of `batch`, if any are.
    fn drafts(&self, batch: &Batch) -> Option<&Speculation> {
        self.speculation.as_ref().filter(|_| batch.decode.sequences > 0)
    }

    /// What a part of a step costs.
    fn part(&self, part: Part, batch: &Batch) -> Cost {
        match self.drafts(batch) {
            None => self.undrafted(part, batch),
            Some(speculation) => Cost::new(
                self.drafted(part, speculation, batch),
                self.drafted_work(part, speculation, batch),
            ),
        }
    }
}

/// A step of these decodes alone.
fn decodes_of(decode: Decode) -> Batch {
    Batch { decode, ..Batch::default() }.decode_only()
}

/// The verification of `depth` drafted tokens and one more for each sequence: products see them
/// all, attention reads each context once.
fn wide(decode: &Decode, depth: u32) -> Decode {
    let sequences = decode.sequences * (depth + 1);
    let least = u64::from(sequences);
    let clipped = decode.clipped.map(|sum| sum.max(least));
    Decode { sequences, context: decode.context.max(least), clipped }
}

impl<P: Pricer> Pricer for Speculating<P> {
    fn price(&self, batch: &Batch) -> Breakdown {
        match self.drafts(batch) {
            Some(speculation) => self.drafted(Part::Whole, speculation, batch),
            None => self.inner.price(batch),
        }
    }

    fn clips(&self) -> &[u32] {
        self.inner.clips()
    }

    fn dispatch(&self) -> Seconds {
        self.inner.dispatch()
    }

    fn reading(&self, prompt: u32) -> Seconds {
        self.inner.reading(prompt)
    }

    fn demand(&self, batch: &Batch) -> Demand {
        match self.drafts(batch) {
            Some(speculation) => self.drafted_work(Part::Whole, speculation, batch),
            None => self.inner.demand(batch),
        }
    }

    fn cost(&self, batch: &Batch) -> Cost {
        match self.speculation {
            Some(_) => Cost::new(self.price(batch), self.demand(batch)),
            None => self.inner.cost(batch),
        }
    }

    fn decode_series(&self, decode: &Decode, growing: &[u32; CLIPS]) -> Series {
        match self.speculation {
            Some(_) => Series::single(self.cost(&decodes_of(*decode))),
            None => self.inner.decode_series(decode, growing),
        }
    }

    fn decode_steps(&self, decode: &Decode, growing: &[u32; CLIPS]) -> DecodeSteps {
        match self.speculation {
            Some(_) => self.decode_series(decode, growing).into(),
            None => self.inner.decode_steps(decode, growing),
        }
    }

    fn line(&self, id: LineId) -> Line {
        self.inner.line(id)
    }

    fn own_cost(&self, batch: &Batch) -> Cost {
        self.part(Part::Own, batch)
    }

    fn own_series(&self, decode: &Decode, growing: &[u32; CLIPS]) -> Series {
        match self.speculation {
            Some(_) => Series::single(self.own_cost(&decodes_of(*decode))),
            None => self.inner.own_series(decode, growing),
        }
    }

    fn common_cost(&self, batch: &Batch) -> Cost {
        self.part(Part::Common, batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two seconds a step and one a token, as far as weights and arithmetic go.
    #[derive(Clone, Copy)]
    struct Simple;

    impl Pricer for Simple {
        fn price(&self, batch: &Batch) -> Breakdown {
            let mut parts = Breakdown::of(Bound::HbmBandwidth, Seconds::new(2.0));
            parts[Bound::Compute] = f64::from(batch.tokens());
            parts
        }
        fn clips(&self) -> &[u32] {
            &[]
        }
        fn dispatch(&self) -> Seconds {
            Seconds::ZERO
        }
        fn demand(&self, _: &Batch) -> Demand {
            Demand::default()
        }
    }

    fn seconds(speculation: Option<Speculation>, batch: &Batch) -> f64 {
        Speculating::new(Simple, speculation).price(batch).total().get()
    }

    fn decodes(sequences: u32) -> Batch {
        let mut batch = Batch { logits: sequences, ..Batch::default() };
        (0..sequences).for_each(|_| batch.decode.add(1000, &[]));
        batch
    }

    #[test]
    fn a_token_costs_its_share_of_drafts_and_verification() {
        let two = |is_adaptive| Speculation::new(vec![1.8, 2.5], 0.1, is_adaptive).ok();
        // One sequence: (2 + 3 tokens + 2 drafts of 0.1 · 3) / 2.5.
        assert!((seconds(two(false), &decodes(1)) - 5.6 / 2.5).abs() < 1e-12);
        assert!((seconds(None, &decodes(1)) - 3.0).abs() < 1e-12);
        // Many: products of drafted tokens outweigh the weights, and none is drafted.
        assert!(seconds(two(false), &decodes(100)) > seconds(None, &decodes(100)));
        assert_eq!(
            seconds(two(true), &decodes(100)).to_bits(),
            seconds(None, &decodes(100)).to_bits()
        );
        // Chunks are paid in full.
        let mut mixed = decodes(1);
        mixed.prefill.add(0, 50, &[]);
        assert!((seconds(two(false), &mixed) - (5.6 / 2.5 + 50.0)).abs() < 1e-12);
    }

    #[test]
    fn lengths_that_no_draft_has_are_refused() {
        assert!(Speculation::new(vec![2.1], 0.1, false).is_err());
        assert!(Speculation::new(vec![0.9], 0.1, false).is_err());
        assert!(Speculation::new(Vec::new(), 0.1, false).is_err());
    }
}
