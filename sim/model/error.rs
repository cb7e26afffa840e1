//! What can be wrong with a model or a plan that a user names.

use super::Plan;

/// A model that cannot be read or found.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum ModelError {
    #[error("{file}:{line}:{column}: not JSON: {message}")]
    Syntax { file: String, line: usize, column: usize, message: String },
    #[error("{file}: `{key}` is missing; the architecture `{architecture}` needs it")]
    Missing { file: String, key: String, architecture: String },
    #[error("{file}: `{key}` is {found}; expected {expected}")]
    Wrong { file: String, key: String, found: String, expected: &'static str },
    #[error("{file}: `{key}` = {found} is not modelled: {reason}")]
    Unsupported { file: String, key: String, found: String, reason: &'static str },
    #[error("{file}: unknown architecture `{found}`; known: {known}")]
    UnknownArchitecture { file: String, found: String, known: String },
    #[error(
        "no model is called `{name}`{nearest}; `memwall models list` names them, and a path \
             to a Hugging Face config.json works too"
    )]
    UnknownModel { name: String, nearest: String },
}

/// A plan that a model cannot be divided by, and the nearest that works.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{model} cannot run as {plan}: {obstacle}; {nearest} works")]
pub struct PlanError {
    /// The model.
    pub model: String,
    /// The plan.
    pub plan: Plan,
    /// Why not.
    pub obstacle: Obstacle,
    /// The same plan with the degree at fault changed as little as possible.
    pub nearest: Plan,
}

/// Why a model cannot be divided.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Obstacle {
    #[error("a degree is 0")]
    Zero,
    #[error("`{what}` has {units} units, which tp {tp} does not divide")]
    Units { what: &'static str, units: u32, tp: u32 },
    #[error("`{what}` has {units} KV heads; neither does tp {tp} divide them, nor they it")]
    KvHeads { what: &'static str, units: u32, tp: u32 },
    #[error("there are {layers} layers for {pp} pipeline stages")]
    Layers { layers: u32, pp: u32 },
    #[error("there are no routed experts for ep {ep}")]
    NoExperts { ep: u32 },
    #[error("re {redundant} copies experts to ranks that have all of them, as ep is 1")]
    NoRanks { redundant: u32 },
    #[error("re {redundant} copies more experts to a rank than the {others} that others have")]
    Copies { redundant: u32, others: u32 },
    #[error(
        "`{mixer}` layers are not modelled with cp {cp}: recurrences pass a state from token to \
         token, and selections need the keys of every group before they begin"
    )]
    Contexts { mixer: &'static str, cp: u32 },
    #[error("ep {ep} does not divide the {ranks} ranks of a stage (tp × dp × cp)")]
    ExpertRanks { ep: u32, ranks: u32 },
    #[error("ep {ep} does not divide the {experts} experts")]
    Experts { experts: u32, ep: u32 },
    #[error("experts of width {inter} do not divide over {ranks} ranks (tp × dp × cp / ep)")]
    ExpertWidth { inter: u32, ranks: u32 },
}
