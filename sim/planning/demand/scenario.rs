//! A demand scenario as its TOML file describes it.

use serde::{Deserialize, Serialize};

use super::statement::Statement;
use crate::planning::error::{PlanningError, refuse};
use crate::planning::sourced::Sourced;

/// A demand scenario.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demand {
    /// The file it is from.
    #[serde(skip)]
    pub file: String,
    /// Name.
    pub name: String,
    /// What it is, in a sentence.
    pub description: String,
    /// Mean load over what a fleet is provisioned for.
    pub utilisation: Sourced,
    /// Who uses what.
    #[serde(rename = "use")]
    pub uses: Vec<Use>,
    /// Figures that were published of it.
    #[serde(default, rename = "statement")]
    pub statements: Vec<Statement>,
}

/// A time in the use of models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Era {
    /// Questions and answers.
    Chat,
    /// Answers that are thought about first.
    Reasoning,
    /// Loops of calls with tools.
    Agentic,
}

impl Era {
    /// As reports call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Reasoning => "reasoning",
            Self::Agentic => "agentic",
        }
    }
}

/// What prompt tokens outside cache reads are charged as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Remainder {
    #[default]
    Input,
    CacheWrite,
}

/// Somebody's use of a model: by tokens, by dollars or by tasks.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Use {
    /// Name.
    pub name: String,
    /// Its kind.
    pub era: Era,
    /// The workload that its tasks are like.
    pub workload: String,
    /// Days that the figures are for.
    pub(super) days: Sourced,
    /// People; one if left out.
    pub(super) users: Option<Sourced>,
    pub(super) tokens: Option<TokenSpec>,
    pub(super) spend: Option<SpendSpec>,
    /// Tasks of all people.
    pub(super) tasks: Option<Sourced>,
    /// The model at whose list price it is charged.
    pub(super) price: String,
    #[serde(default)]
    pub(super) remainder: Remainder,
    /// A multiple of that price.
    pub(super) price_factor: Option<Sourced>,
}

/// Tokens on a bill.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenSpec {
    /// Prompt and visible output.
    pub(super) total: Sourced,
    /// The part that is cache reads, as a share of `total`.
    pub(super) cached_share: Sourced,
    /// Visible output.
    pub(super) output: Sourced,
    /// Reasoning for each token of visible output; charged as output, not part of `total`.
    pub(super) reasoning_per_output: Option<Sourced>,
}

/// Dollars on a bill, spent on tokens like those of another use.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SpendSpec {
    pub(super) usd: Sourced,
    pub(super) like: String,
}

impl Demand {
    /// Reads and checks a scenario.
    pub fn parse(file: &str, text: &str) -> Result<Self, PlanningError> {
        let mut demand: Self = toml::from_str(text).map_err(|error| PlanningError::Malformed {
            file: file.into(),
            problem: error.to_string().trim_end().into(),
        })?;
        demand.file = file.into();
        demand.utilisation.check(file, "utilisation", [0.01, 1.0])?;
        for used in &demand.uses {
            demand.check(used)?;
        }
        for statement in &demand.statements {
            let named = [Some(&statement.of), statement.to.as_ref()];
            for name in named.into_iter().flatten() {
                demand.named(name, "statement")?;
            }
        }
        Ok(demand)
    }

    /// The use of this name.
    pub(super) fn named(&self, name: &str, key: &str) -> Result<&Use, PlanningError> {
        self.uses.iter().find(|used| used.name == name).ok_or_else(|| {
            let names: Vec<_> = self.uses.iter().map(|used| used.name.as_str()).collect();
            refuse(
                &self.file,
                key,
                format!("`{name}`"),
                format!("name one of {}", names.join(", ")),
            )
        })
    }

    fn check(&self, used: &Use) -> Result<(), PlanningError> {
        let file = &self.file;
        let key = |part: &str| format!("use `{}`.{part}", used.name);
        let open = [0.0, f64::INFINITY];
        used.days.check(file, &key("days"), [0.01, 1e6])?;
        if let Some(users) = &used.users {
            users.check(file, &key("users"), [1.0, 1e12])?;
        }
        let ways = [used.tokens.is_some(), used.spend.is_some(), used.tasks.is_some()];
        if ways.iter().filter(|given| **given).count() != 1 {
            let remedy = "give one of `tokens`, `spend` and `tasks`";
            return Err(refuse(file, key("tokens"), "ambiguous or missing", remedy));
        }
        if let Some(tasks) = &used.tasks {
            tasks.check(file, &key("tasks"), open)?;
        }
        if let Some(factor) = &used.price_factor {
            factor.check(file, &key("price_factor"), [0.0001, 1e6])?;
        }
        if let Some(spend) = &used.spend {
            spend.usd.check(file, &key("spend.usd"), open)?;
            if self.named(&spend.like, &key("spend.like"))?.tokens.is_none() {
                let remedy = "name a use that has `tokens`";
                return Err(refuse(file, key("spend.like"), &spend.like, remedy));
            }
        }
        let Some(tokens) = &used.tokens else { return Ok(()) };
        tokens.total.check(file, &key("tokens.total"), [1.0, f64::INFINITY])?;
        tokens.cached_share.check(file, &key("tokens.cached_share"), [0.0, 1.0])?;
        tokens.output.check(file, &key("tokens.output"), open)?;
        if let Some(reasoning) = &tokens.reasoning_per_output {
            reasoning.check(file, &key("tokens.reasoning_per_output"), open)?;
        }
        let kinds = tokens.total.value * tokens.cached_share.value + tokens.output.value;
        if kinds > tokens.total.value {
            let remedy = "leave room in `total` for cache reads and output";
            return Err(refuse(file, key("tokens.total"), tokens.total.value, remedy));
        }
        Ok(())
    }
}
