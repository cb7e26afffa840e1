//! Which shipped models may stand in for one another: assumptions, with their sources.

/// A dense model and a sparse one that are taken to be of equal quality.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Equals {
    /// The dense model.
    pub dense: &'static str,
    /// The sparse one.
    pub sparse: &'static str,
    /// What the assumption rests on.
    pub source: &'static str,
}

const META: &str = "Llama 4 model card, pre-trained models, MMLU: 3.1 70B 79.3 against Scout 79.6, \
                    3.1 405B 85.2 against Maverick 85.5";
const DEEPSEEK: &str = "DeepSeek-V3 technical report, arXiv 2412.19437: its base model is held \
                        against Llama 3.1 405B and mostly ahead, with 37 B active";

/// The pairs, each maker's or paper's own comparison.
pub const EQUALS: [Equals; 4] = [
    Equals { dense: "llama-3.1-70b", sparse: "llama-4-scout", source: META },
    Equals { dense: "llama-3.1-405b", sparse: "llama-4-maverick", source: META },
    Equals { dense: "llama-3.1-405b", sparse: "deepseek-r1", source: DEEPSEEK },
    Equals {
        dense: "llama-2-70b",
        sparse: "mixtral-8x7b",
        source: "Mixtral of Experts, arXiv 2401.04088: matches or outperforms Llama 2 70B",
    },
];

/// Makers' families, each model with the next larger one after it.
const LADDERS: [&[&str]; 13] = [
    &["llama-3.1-8b", "llama-3.1-70b", "llama-3.1-405b"],
    &["llama-2-7b", "llama-2-13b", "llama-2-70b"],
    &["llama-4-scout", "llama-4-maverick"],
    &["qwen2-7b", "qwen2-72b"],
    &["qwen3-8b", "qwen3-32b"],
    &["qwen3-30b", "qwen3-235b", "qwen3-coder-480b"],
    &["qwen3-next-80b", "qwen3.5-397b"],
    &["mistral-7b", "mixtral-8x7b", "mixtral-8x22b"],
    &["deepseek-v4-flash", "deepseek-v4-pro"],
    &["gpt-oss-20b", "gpt-oss-120b"],
    &["nemotron-3-nano", "nemotron-3-super", "nemotron-3-ultra"],
    &["glm-4.7-flash", "glm-5.2"],
    &["kimi-k2.5", "kimi-k3"],
];

/// The first pair that `model` is of.
pub fn equal_of(model: &str) -> Option<&'static Equals> {
    EQUALS.iter().find(|pair| pair.dense == model || pair.sparse == model)
}

/// The next larger model of `model`'s family.
pub fn larger_than(model: &str) -> Option<&'static str> {
    LADDERS.iter().find_map(|ladder| {
        let place = ladder.iter().position(|&name| name == model)?;
        ladder.get(place + 1).copied()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Catalog;

    #[test]
    fn pairs_are_dense_and_sparse_and_ladders_rise() {
        let catalog = Catalog::embedded();
        let model = |name: &str| catalog.model(name).expect("it is shipped");
        let is_sparse = |name: &str| model(name).has_routed_experts();
        for pair in EQUALS {
            assert!(!is_sparse(pair.dense) && is_sparse(pair.sparse), "{pair:?}");
        }
        let size = |name: &str| model(name).params_total();
        for ladder in LADDERS {
            assert!(ladder.is_sorted_by(|a, b| size(a) < size(b)), "{ladder:?}");
        }
    }
}
