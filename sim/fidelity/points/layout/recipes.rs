//! How the servers behind the points were set up, where that was published.

use std::sync::OnceLock;

use serde::Deserialize;

use super::drafting::Drafting;
use crate::cost::EngineProfile;
use crate::fidelity::points::scenario::Policy;
use crate::hardware::Format;
use crate::model::Plan;
use crate::serving::PrefillDelay;

/// The published set-ups; the first that fits a point is taken.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Servers {
    #[expect(dead_code, reason = "stated in the file; read by people")]
    source: String,
    recipes: Vec<Recipe>,
    drafting: Vec<Drafting>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recipe {
    engine: String,
    models: Vec<String>,
    /// Any if there are none; so are those that follow.
    #[serde(default)]
    chips: Vec<String>,
    /// The label of the weights.
    #[serde(default)]
    precisions: Vec<String>,
    /// Beginnings of versions.
    #[serde(default)]
    versions: Vec<String>,
    /// Chips of the replica.
    #[serde(default)]
    gpus: Vec<u32>,
    /// The engine's default if it is left out, as with all that follow.
    tokens: Option<Tokens>,
    /// Most sequences that run at once.
    sequences: Option<u32>,
    kv: Option<Format>,
    /// From so many requests in flight on, decode steps between two looks for new ones.
    #[serde(default)]
    look: Vec<(u32, u32)>,
    /// How long prompts wait for company, without attention-DP: with it the engine passes this
    /// wait by.
    ///
    /// Source: `_schedule` of `tensorrt_llm/_torch/pyexecutor/py_executor.py` (TensorRT-LLM 1.1
    /// and 1.2, Apache-2.0): `if not self.enable_attention_dp and self.enable_batch_waiting`.
    delay: Option<Delay>,
    /// Steps that a prompt waits at most until each rank of attention-DP has one.
    balance: Option<u32>,
    /// Whether attention-DP ranks have whole experts where rows say that they have slices.
    #[serde(default)]
    spreads_experts: bool,
}

/// How a server was set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Published {
    pub(super) policy: Policy,
    /// The format of its KV cache, where one was set.
    pub(super) kv: Option<Format>,
    /// Whether attention-DP ranks have whole experts where rows say that they have slices.
    pub(super) spreads_experts: bool,
}

/// Most tokens of a step.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tokens {
    fixed: u32,
    #[serde(default)]
    prompts: u32,
    #[serde(default)]
    requests: u32,
    #[serde(default)]
    least: u32,
}

/// How long prompts wait for company, of these nominal lengths alone.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Delay {
    prompt: u32,
    answer: u32,
    /// Requests in flight from which on they do.
    #[serde(default)]
    from: u32,
    steps: u32,
    fill_ppm: u32,
}

/// What a recipe is looked up by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) engine: EngineProfile,
    pub(super) model: &'a str,
    pub(super) chip: &'a str,
    pub(super) precision: &'a str,
    pub(super) version: &'a str,
    pub(super) plan: Plan,
    /// Nominal prompt, in tokens.
    pub(super) prompt: u32,
    /// Nominal answer.
    pub(super) answer: u32,
    /// Mean prompt, as it is simulated.
    pub(super) mean: u32,
    /// Requests in flight.
    pub(super) flight: u32,
}

/// The shipped file.
fn shipped() -> &'static Servers {
    static RECIPES: OnceLock<Servers> = OnceLock::new();
    let text =
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/workloads/measured/recipes.toml"));
    let read = || toml::from_str(text).expect("the shipped recipes are well-formed: a test");
    RECIPES.get_or_init(read)
}

/// Whether what is asked for was run with speculative decoding, too.
pub(super) fn may_draft(asked: Asked) -> bool {
    shipped().drafting.iter().any(|runs| runs.fits(asked))
}

/// What was published of a server, over `usual` settings.
pub(super) fn setup(asked: Asked, usual: Policy) -> Published {
    let found = shipped().recipes.iter().find(|recipe| recipe.fits(asked));
    let Some(recipe) = found else {
        return Published { policy: usual, kv: None, spreads_experts: false };
    };
    let tokens = recipe.tokens.as_ref().map_or(usual.tokens, |tokens| tokens.of(asked));
    let policy = Policy {
        tokens,
        sequences: recipe.sequences.unwrap_or(usual.sequences),
        look: recipe.look(asked.flight),
        delay: if asked.plan.dp > 1 { recipe.balance(asked, tokens) } else { recipe.delay(asked) },
    };
    Published { policy, kv: recipe.kv, spreads_experts: recipe.spreads_experts }
}

impl Recipe {
    fn fits(&self, asked: Asked) -> bool {
        let names = |list: &[String], name: &str| {
            list.is_empty() || list.iter().any(|listed| listed == name)
        };
        let is_of = |beginning: &String| asked.version.starts_with(beginning.as_str());
        self.engine == asked.engine.name()
            && names(&self.models, asked.model)
            && names(&self.chips, asked.chip)
            && names(&self.precisions, asked.precision)
            && (self.versions.is_empty() || self.versions.iter().any(is_of))
            && (self.gpus.is_empty() || self.gpus.contains(&asked.plan.gpus()))
    }

    fn look(&self, flight: u32) -> u32 {
        let steps = self.look.iter().rev().find(|(from, _)| flight >= *from);
        steps.map_or(1, |&(_, steps)| steps)
    }

    fn delay(&self, asked: Asked) -> Option<PrefillDelay> {
        let delay = self.delay.as_ref()?;
        let fits = (delay.prompt, delay.answer) == (asked.prompt, asked.answer)
            && asked.flight >= delay.from;
        fits.then_some(PrefillDelay { steps: delay.steps, fill_ppm: delay.fill_ppm })
    }

    /// Until there is a prompt for each rank: lengths vary, so half a mean prompt less, of the
    /// `tokens` that each rank may compute in a step. All others in flight have a token in it.
    fn balance(&self, asked: Asked, tokens: u32) -> Option<PrefillDelay> {
        let steps = self.balance?;
        let ranks = asked.plan.dp;
        let prompts = (f64::from(ranks) - 0.5) * f64::from(asked.mean);
        let answers = f64::from(asked.flight.saturating_sub(ranks));
        let share = (prompts + answers) / f64::from(ranks) / f64::from(tokens);
        Some(PrefillDelay { steps, fill_ppm: (share.min(1.0) * 1e6) as u32 })
    }
}

impl Tokens {
    fn of(&self, asked: Asked) -> u32 {
        let sum = self.fixed + self.prompts * asked.prompt + self.requests * asked.flight;
        sum.next_multiple_of(64).max(self.least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SGLANG_R1: Asked = Asked {
        engine: EngineProfile::Sglang,
        model: "deepseek-r1",
        chip: "b200-sxm",
        precision: "fp4",
        version: "",
        plan: Plan::tp(8),
        prompt: 1024,
        answer: 1024,
        mean: 921,
        flight: 8,
    };

    const USUAL: Policy = Policy { tokens: 8192, sequences: 1024, look: 1, delay: None };

    fn of(asked: Asked) -> Published {
        setup(asked, USUAL)
    }

    #[test]
    fn the_first_recipe_that_fits_is_taken() {
        let Published { policy: few, kv, .. } = of(SGLANG_R1);
        let many = of(Asked { flight: 16, ..SGLANG_R1 }).policy;
        assert_eq!((few.look, many.look, few.tokens, few.sequences), (10, 30, 16384, 256));
        assert_eq!(kv, Some(Format::Fp8));
        let fp8 = of(Asked { precision: "fp8", ..SGLANG_R1 }).policy;
        let on_four = of(Asked { precision: "fp8", plan: Plan::tp(4), ..SGLANG_R1 }).policy;
        assert_eq!((fp8.tokens, on_four.tokens), (32768, 8192));
        let trtllm = |version| {
            let asked = Asked { engine: EngineProfile::Trtllm, version, flight: 16, ..SGLANG_R1 };
            of(asked).policy.tokens
        };
        assert_eq!((trtllm("1.1.0rc2.post2"), trtllm("1.2.0rc6.post2")), (1152, 8192));
        let other = Asked { engine: EngineProfile::Vllm, model: "qwen3-32b", ..SGLANG_R1 };
        assert_eq!(of(other), Published { policy: USUAL, kv: None, spreads_experts: false });
        let on_rack = |version| of(Asked { chip: "gb200", version, ..SGLANG_R1 }).spreads_experts;
        assert!(on_rack("0.5.5.post2") && !on_rack("0.5.8"));
    }

    const TRTLLM_R1: Asked = Asked {
        engine: EngineProfile::Trtllm,
        precision: "fp8",
        version: "1.2.0rc6.post2",
        flight: 64,
        ..SGLANG_R1
    };

    #[test]
    fn prompts_wait_as_launch_scripts_say() {
        let delay = |asked| of(asked).policy.delay.map(|delay| (delay.steps, delay.fill_ppm));
        assert_eq!(delay(TRTLLM_R1), Some((40, 800_000)));
        assert_eq!(delay(Asked { flight: 32, ..TRTLLM_R1 }), None);
        assert_eq!(delay(Asked { answer: 8192, ..TRTLLM_R1 }), None);
        let llama = Asked { model: "llama-3.1-70b", plan: Plan::tp(4), flight: 4, ..TRTLLM_R1 };
        assert_eq!(delay(llama), Some((20, 900_000)));
        assert_eq!(delay(Asked { plan: Plan::tp(8), ..llama }), None);
    }

    /// Prompts that wait, and an answer's token each for the rest of those in flight, against what
    /// a step must have. A recipe's `delay` is passed by under attention-DP, as in the engine.
    #[test]
    fn as_many_mean_prompts_as_ranks_are_enough_and_one_less_is_not() {
        for (ranks, flight, answer) in [(8, 64, 8192), (8, 512, 1024), (4, 16, 1024)] {
            let plan = Plan { dp: ranks, ep: ranks, ..Plan::tp(1) };
            let asked = Asked { plan, answer, flight, ..TRTLLM_R1 };
            let policy = of(asked).policy;
            let delay = policy.delay.unwrap();
            assert_eq!(delay.steps, 60);
            let is_enough = |waiting: u32| {
                let tokens = u64::from(waiting * asked.mean + flight - waiting);
                let room = u64::from(policy.tokens * ranks);
                tokens * 1_000_000 >= room * u64::from(delay.fill_ppm)
            };
            assert!(is_enough(ranks) && !is_enough(ranks - 1), "{ranks} ranks, {flight}");
        }
    }

    #[test]
    fn what_was_run_with_draft_tokens_too_is_known() {
        let spread = Plan { ep: 8, ..Plan::tp(8) };
        let mtp = Asked { version: "1.1.0rc2.post2", plan: spread, flight: 32, ..TRTLLM_R1 };
        assert!(may_draft(mtp));
        let others = [
            Asked { flight: 64, ..mtp },
            Asked { version: "1.2.0rc6.post2", ..mtp },
            Asked { plan: Plan::tp(8), ..mtp },
            Asked { chip: "b300-sxm", ..mtp },
            Asked { prompt: 2048, ..mtp },
        ];
        assert!(others.iter().all(|&other| !may_draft(other)));
    }
}
