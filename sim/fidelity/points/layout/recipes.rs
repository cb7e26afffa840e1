//! How the servers behind the points were set up, where that was published.

use std::sync::OnceLock;

use serde::Deserialize;

use crate::cost::EngineProfile;
use crate::fidelity::points::scenario::Policy;

/// The published set-ups; the first that fits a point is taken.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recipes {
    #[expect(dead_code, reason = "stated in the file; read by people")]
    source: String,
    recipes: Vec<Recipe>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recipe {
    engine: String,
    models: Vec<String>,
    /// Beginnings of versions; any if there are none.
    #[serde(default)]
    versions: Vec<String>,
    tokens: Tokens,
    /// From so many requests in flight on, decode steps between two looks for new ones.
    #[serde(default)]
    look: Vec<(u32, u32)>,
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

/// What a recipe is looked up by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) engine: EngineProfile,
    pub(super) model: &'a str,
    pub(super) version: &'a str,
    /// Nominal prompt, in tokens.
    pub(super) prompt: u32,
    /// Requests in flight.
    pub(super) flight: u32,
}

/// The published policy of a server, over `usual` ones.
pub(super) fn policy(asked: Asked, usual: Policy) -> Policy {
    static RECIPES: OnceLock<Recipes> = OnceLock::new();
    let text =
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/workloads/measured/recipes.toml"));
    let read = || toml::from_str(text).expect("the shipped recipes are well-formed: a test");
    let Recipes { recipes, .. } = RECIPES.get_or_init(read);
    let found = recipes.iter().find(|recipe| recipe.fits(asked));
    found.map_or(usual, |recipe| Policy {
        tokens: recipe.tokens.of(asked),
        look: recipe.look(asked.flight),
        ..usual
    })
}

impl Recipe {
    fn fits(&self, asked: Asked) -> bool {
        let is_of = |beginning: &String| asked.version.starts_with(beginning.as_str());
        self.engine == asked.engine.name()
            && self.models.iter().any(|model| model == asked.model)
            && (self.versions.is_empty() || self.versions.iter().any(is_of))
    }

    fn look(&self, flight: u32) -> u32 {
        let steps = self.look.iter().rev().find(|(from, _)| flight >= *from);
        steps.map_or(1, |&(_, steps)| steps)
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

    fn of(engine: EngineProfile, model: &str, version: &str, flight: u32) -> Policy {
        let usual = Policy { tokens: 8192, sequences: 1024, look: 1 };
        policy(Asked { engine, model, version, prompt: 1024, flight }, usual)
    }

    #[test]
    fn the_first_recipe_that_fits_is_taken() {
        let sglang = |flight| of(EngineProfile::Sglang, "deepseek-r1", "", flight);
        assert_eq!((sglang(8).look, sglang(16).look, sglang(8).tokens), (10, 30, 16384));
        let tokens = |version| of(EngineProfile::Trtllm, "deepseek-r1", version, 16).tokens;
        assert_eq!((tokens("1.1.0rc2.post2"), tokens("1.2.0rc6.post2")), (1152, 8192));
        assert_eq!(of(EngineProfile::Vllm, "qwen3-32b", "0.12.0", 8).tokens, 8192);
    }
}
