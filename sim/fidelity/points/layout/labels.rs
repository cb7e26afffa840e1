//! What loose labels in the files mean.

use crate::cost::EngineProfile;
use crate::fidelity::points::scenario::Checkpoint;
use crate::hardware::Format;

/// Mixtures of experts whose FP4 checkpoints keep the mixer in 16 bits.
///
/// Source: `hf_quant_config.json` and `config.json` of NVIDIA's checkpoints on Hugging Face:
/// `self_attn*` is among their excluded modules. Qwen3-235B's and dense models' are not.
const MIXER_IN_16_BITS: [&str; 5] =
    ["deepseek-r1", "kimi-k2", "kimi-k2.5", "glm-5", "minimax-m2.5"];

/// The same with shared experts in 16 bits too.
const EXPERTS_ONLY: [&str; 1] = ["qwen3.5-397b"];

/// Models that come quantised by their makers, so that labels of that width mean the original.
const MADE_IN_4_BITS: [&str; 4] = ["gpt-oss-120b", "gpt-oss-20b", "kimi-k2.5", "kimi-k3"];

/// Models whose makers publish FP8 weights with a scale a block.
const MADE_IN_FP8_BLOCK: [&str; 10] = [
    "deepseek-r1",
    "deepseek-v3.2",
    "glm-5",
    "glm-5.2",
    "kimi-k2",
    "minimax-m2.5",
    "qwen3-235b",
    "qwen3-next-80b",
    "qwen3.5-397b",
    "qwen3-coder-480b",
];

/// The weights that `label` means for `model`.
pub(super) fn checkpoint(label: &str, model: &str) -> Result<Checkpoint, String> {
    if model.starts_with("gpt-oss") {
        // Released in MXFP4 only; whatever the label says of its activations.
        return Ok(Checkpoint::Native);
    }
    Ok(match label.to_lowercase().as_str() {
        "bf16" | "fp16" | "mixed(16bit)" | "float16" => Checkpoint::All(Format::Bf16),
        "fp8" if MADE_IN_FP8_BLOCK.contains(&model) => Checkpoint::All(Format::Fp8Block),
        "fp8" => Checkpoint::All(Format::Fp8),
        "fp8_block" | "fp8-block" => Checkpoint::All(Format::Fp8Block),
        "fp4" | "nvfp4" => fp4(model),
        "int4" | "int4_wo" | "uint4" if MADE_IN_4_BITS.contains(&model) => Checkpoint::Native,
        "mxfp4" if MADE_IN_4_BITS.contains(&model) && !model.starts_with("kimi") => {
            Checkpoint::Native
        }
        "mxfp4" => feed_forward_or_all(model, Format::Mxfp4),
        "int4" | "int4_wo" | "uint4" => Checkpoint::All(Format::Int4),
        "int8" => Checkpoint::All(Format::Int8),
        "fp8+mxfp4 experts" => Checkpoint::Native,
        "" => return Err("the weight format is not stated".into()),
        other => return Err(format!("unknown weight format `{other}`")),
    })
}

fn fp4(model: &str) -> Checkpoint {
    feed_forward_or_all(model, Format::Nvfp4)
}

fn feed_forward_or_all(model: &str, format: Format) -> Checkpoint {
    if EXPERTS_ONLY.contains(&model) {
        Checkpoint::Experts(format)
    } else if MIXER_IN_16_BITS.contains(&model) {
        Checkpoint::FeedForward(format)
    } else {
        Checkpoint::All(format)
    }
}

/// The profile of an engine as the files call it.
pub(super) fn engine(label: &str) -> Result<EngineProfile, String> {
    let lower = label.to_lowercase();
    let known = [
        ("tensorrt-llm", EngineProfile::Trtllm),
        ("trtllm", EngineProfile::Trtllm),
        ("sglang", EngineProfile::Sglang),
        ("vllm", EngineProfile::Vllm),
    ];
    let found = known.iter().find(|(name, _)| lower.contains(name));
    match found {
        Some((_, profile)) if !lower.contains("vllm or") => Ok(*profile),
        _ if label.is_empty() => Err("the engine is not stated".into()),
        _ => Err(format!("no profile for the engine `{label}`; there are vllm, sglang, trtllm")),
    }
}

/// The KV format where the file does not state it.
///
/// TensorRT-LLM's checkpoints with FP8 or FP4 weights ask for FP8 KV, except gpt-oss'; `SGLang` and
/// vLLM keep to 16 bits unless told.
pub(super) fn kv(engine: EngineProfile, checkpoint: Checkpoint) -> Format {
    match (engine, checkpoint) {
        (_, Checkpoint::All(Format::Bf16)) | (EngineProfile::Trtllm, Checkpoint::Native) => {
            Format::Bf16
        }
        (EngineProfile::Trtllm, _) => Format::Fp8,
        _ => Format::Bf16,
    }
}
