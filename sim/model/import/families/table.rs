//! Which importer reads which architecture.

use crate::model::ModelError;
use crate::model::import::parts::Body;
use crate::model::import::reader::Reader;

use super::{deepseek, dense, gemma, hybrid, kimi, minimax, moe, windowed};

type Importer = fn(&Reader<'_>) -> Result<Body, ModelError>;

/// Architectures by the name in `architectures`, and their importer.
pub(in crate::model::import) const FAMILIES: &[(&[&str], Importer)] = &[
    (&["LlamaForCausalLM", "MiMoForCausalLM"], dense::llama),
    (
        &["MistralForCausalLM", "Ministral3ForCausalLM", "Mistral3ForConditionalGeneration"],
        dense::mistral,
    ),
    (&["Phi3ForCausalLM"], dense::mistral),
    (&["Qwen2ForCausalLM", "Qwen2_5_VLForConditionalGeneration"], dense::qwen2),
    (&["Qwen3ForCausalLM", "Qwen3VLForConditionalGeneration"], dense::qwen3),
    (&["DeciLMForCausalLM"], dense::deci),
    (&["Gemma2ForCausalLM"], gemma::gemma2),
    (&["Gemma3ForCausalLM", "Gemma3ForConditionalGeneration"], gemma::gemma3),
    (&["Gemma4ForCausalLM", "Gemma4ForConditionalGeneration"], gemma::gemma4),
    (&["MixtralForCausalLM"], moe::mixtral),
    (&["Qwen2MoeForCausalLM"], moe::qwen2_moe),
    (&["Qwen3MoeForCausalLM", "Qwen3VLMoeForConditionalGeneration"], moe::qwen3_moe),
    (&["Glm4MoeForCausalLM"], moe::glm4_moe),
    (&["Llama4ForCausalLM", "Llama4ForConditionalGeneration"], moe::llama4),
    (&["GptOssForCausalLM"], windowed::gpt_oss),
    (&["MiMoV2FlashForCausalLM"], windowed::mimo_v2),
    (
        &["Step3p5ForCausalLM", "Step3p7ForConditionalGeneration", "Step3p7FlashForCausalLM"],
        windowed::step,
    ),
    (&["MiniMaxText01ForCausalLM", "MiniMaxM1ForCausalLM"], minimax::lightning),
    (&["MiniMaxM2ForCausalLM"], minimax::m2),
    (&["MiniMaxM3ForCausalLM", "MiniMaxM3ForConditionalGeneration"], minimax::m3),
    (
        &[
            "DeepseekV2ForCausalLM",
            "DeepseekV3ForCausalLM",
            "DeepseekV32ForCausalLM",
            "Glm4MoeLiteForCausalLM",
            "GlmMoeDsaForCausalLM",
            "KimiK2ForCausalLM",
            "KimiK25ForConditionalGeneration",
        ],
        deepseek::latent,
    ),
    (&["DeepseekV4ForCausalLM"], deepseek::compressed),
    (&["KimiLinearForCausalLM", "KimiK3ForConditionalGeneration"], kimi::linear),
    (
        &[
            "Qwen3NextForCausalLM",
            "Qwen3_5ForCausalLM",
            "Qwen3_5ForConditionalGeneration",
            "Qwen3_5MoeForCausalLM",
            "Qwen3_5MoeForConditionalGeneration",
        ],
        hybrid::qwen_next,
    ),
    (&["NemotronHForCausalLM"], hybrid::nemotron_h),
];
