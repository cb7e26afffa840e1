//! From the text of a configuration file to a model.

use serde_json::Value;

use crate::hardware::Format;
use crate::model::{FeedForward, Layer, LayerFormats, Mixer, Model, ModelError};

use super::families::FAMILIES;
use super::parts::Body;
use super::quant::Quantisation;
use super::reader::{Reader, parse};

/// Names of every architecture that [`import`] knows, sorted.
pub fn architectures() -> Vec<&'static str> {
    let mut names: Vec<_> = FAMILIES.iter().flat_map(|(names, _)| *names).copied().collect();
    names.sort_unstable();
    names
}

/// Reads a model from the text of its `config.json` and, if it has one, `hf_quant_config.json`.
///
/// `file` is what the model is called in errors, and its name. Nothing is read from disk.
pub fn import(file: &str, config: &str, quant: Option<&str>) -> Result<Model, ModelError> {
    let config = parse(file, config)?;
    let quant_file = format!("{file} (hf_quant_config.json)");
    let quant = quant.map(|text| parse(&quant_file, text)).transpose()?;
    let architecture = architecture(file, &config)?;
    let root = object(file, architecture, &config)?;
    let names = ["text_config", "llm_config", "language_config"];
    let text = names.iter().find_map(|name| root.child(name)).unwrap_or_else(|| root.clone());
    let family = FAMILIES.iter().find(|(names, _)| names.contains(&architecture));
    let Some((_, body)) = family else {
        return Err(ModelError::UnknownArchitecture {
            file: file.into(),
            found: architecture.into(),
            known: architectures().join(", "),
        });
    };
    let body = body(&text)?;
    let settings = text.child("quantization_config").or_else(|| root.child("quantization_config"));
    let quant = quant.as_ref().map(|value| object(&quant_file, architecture, value)).transpose()?;
    let quant = quant.map(|quant| quant.child("quantization").unwrap_or(quant));
    let rules = Quantisation::read(settings.as_ref(), quant.as_ref())?;
    assemble(&root, &text, body, &rules).map(|model| Model {
        name: file.into(),
        architecture: architecture.into(),
        ..model
    })
}

fn object<'a>(
    file: &'a str,
    architecture: &'a str,
    value: &'a Value,
) -> Result<Reader<'a>, ModelError> {
    let keys = value.as_object().ok_or_else(|| ModelError::Wrong {
        file: file.into(),
        key: "the file".into(),
        found: "no object".into(),
        expected: "a JSON object",
    })?;
    Ok(Reader::new(file, architecture, keys))
}

/// The first entry of `architectures`.
fn architecture<'a>(file: &str, config: &'a Value) -> Result<&'a str, ModelError> {
    let listed = config.get("architectures").and_then(|list| list.get(0)?.as_str());
    listed.ok_or_else(|| ModelError::Wrong {
        file: file.into(),
        key: "architectures".into(),
        found: config.get("architectures").map_or("absent".into(), Value::to_string),
        expected: "a list with one name, as Hugging Face writes it",
    })
}

fn assemble(
    root: &Reader<'_>,
    text: &Reader<'_>,
    body: Body,
    rules: &Quantisation<'_>,
) -> Result<Model, ModelError> {
    let hidden = text.count("hidden_size")?;
    let vocab = match (text.has("vocab_size"), body.vocab) {
        (false, Some(default)) => default,
        _ => text.tokens("vocab_size")?,
    };
    // The wrapper of a vision model repeats the key; the text model's own comes first.
    let tied = root.switch_or("tie_word_embeddings", body.tied)?;
    let tied = text.switch_or("tie_word_embeddings", tied)?;
    let expert_format = match text.text("expert_dtype")? {
        Some("fp4") => Some(Format::Mxfp4),
        _ => None,
    };
    let Body { mut layers, mut draft, .. } = body;
    let fewer = |layer: &Layer| match &layer.feed_forward {
        Some(FeedForward::Experts(experts)) => experts.experts < experts.top_k,
        _ => false,
    };
    if layers.iter().any(fewer) {
        return Err(text.wrong("num_experts_per_tok", "no more than there are experts"));
    }
    for (index, layer) in layers.iter_mut().enumerate() {
        layer.formats = formats(rules, text, layer, (&places(index), expert_format));
    }
    if let Some(draft) = &mut draft {
        // Numbered after the last layer, or apart.
        let mut places = places(layers.len());
        places.extend(["mtp.layers.0", "mtp.0"].map(String::from));
        draft.layer.formats = formats(rules, text, &draft.layer, (&places, expert_format));
    }
    let towers = [("vision_config", "vision tower"), ("audio_config", "audio tower")];
    let left_out = towers.iter().filter(|(key, _)| root.has(key)).map(|(_, name)| *name).collect();
    let heads = ["lm_head", "head", "language_model.lm_head"].map(String::from);
    Ok(Model {
        name: String::new(),
        architecture: String::new(),
        hidden,
        vocab,
        tied,
        context: text.tokens("max_position_embeddings")?,
        layers,
        vectors: u64::from(hidden),
        head: rules.listed(&heads).unwrap_or(Format::Bf16),
        kv: rules.kv.unwrap_or(Format::Bf16),
        draft,
        left_out,
    })
}

/// Formats of a layer, asked for under the module names that checkpoints use at its `places`.
fn formats(
    rules: &Quantisation<'_>,
    text: &Reader<'_>,
    layer: &Layer,
    (places, expert_format): (&[String], Option<Format>),
) -> LayerFormats {
    if rules.is_empty() && expert_format.is_none() {
        return LayerFormats::all(Format::Bf16);
    }
    let of = |modules: &[&str]| rules.format(&names(places, modules));
    let gemma = text.architecture().starts_with("Gemma");
    let mixer = match layer.mixer {
        Some(Mixer::Recurrent(_)) => {
            of(&["linear_attn.out_proj", "self_attn.o_proj", "mixer.out_proj"])
        }
        _ => of(&["self_attn.o_proj", "attn.wo_b", "mixer.o_proj"]),
    };
    let dense = of(&["mlp.down_proj", "mixer.down_proj", "feed_forward.down_proj"]);
    if !matches!(layer.feed_forward, Some(FeedForward::Experts(_))) {
        return LayerFormats { mixer, dense, experts: dense, shared: dense };
    }
    let (experts, shared): (&[_], &[_]) =
        if gemma { (&["experts.0.down_proj"], &["mlp.down_proj"]) } else { (&EXPERTS, &SHARED) };
    let listed = rules.listed(&names(places, experts));
    let experts = listed.or(expert_format).unwrap_or_else(|| of(experts));
    LayerFormats { mixer, dense, experts, shared: of(shared) }
}

/// What checkpoints call a routed expert.
const EXPERTS: [&str; 6] = [
    "mlp.experts.0.down_proj",
    "block_sparse_moe.experts.0.w2",
    "mixer.experts.0.down_proj",
    "ffn.experts.0.w2",
    "feed_forward.experts.down_proj",
    "moe.experts.down_proj",
];

/// What they call a shared one.
const SHARED: [&str; 6] = [
    "mlp.shared_experts.down_proj",
    "mlp.shared_expert.down_proj",
    "block_sparse_moe.shared_experts.down_proj",
    "mixer.shared_experts.down_proj",
    "ffn.shared_experts.w2",
    "feed_forward.shared_expert.down_proj",
];

/// Where the layer of this index may be in a checkpoint.
fn places(index: usize) -> Vec<String> {
    let roots = [
        "model.layers",
        "model.language_model.layers",
        "language_model.model.layers",
        "backbone.layers",
        "layers",
    ];
    roots.iter().map(|root| format!("{root}.{index}")).collect()
}

/// The full names that `modules` of a layer may go by.
fn names(places: &[String], modules: &[&str]) -> Vec<String> {
    let named = |place| modules.iter().map(move |module| format!("{place}.{module}"));
    places.iter().flat_map(named).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::import;
    use crate::model::{Catalog, Plan, compile, forward};

    /// Every number of an object, wherever it stands.
    fn numbers(value: &mut Value) -> Vec<&mut Value> {
        match value {
            Value::Object(keys) => keys.values_mut().flat_map(numbers).collect(),
            Value::Array(list) => list.iter_mut().flat_map(numbers).collect(),
            Value::Number(_) => vec![value],
            _ => Vec::new(),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// A wrong number is an error or a strange model, never a panic.
        #[test]
        fn any_number_can_be_wrong(model in 0usize..64, at: usize, to in 0u64..200_000) {
            let names = Catalog::embedded().names();
            let text = Catalog::config(&names[model % names.len()]).unwrap();
            let mut config: Value = super::parse("f", text).unwrap();
            let mut numbers = numbers(&mut config);
            let at = at % numbers.len();
            *numbers[at] = Value::from(to);
            let Ok(model) = import("f", &config.to_string(), None) else { return Ok(()) };
            let _ = (model.params_total(), model.flops_per_token(1000));
            for plan in ["tp1", "tp8", "tp2-ep8-dp4", "tp1-pp3"] {
                let plan: Plan = plan.parse().unwrap();
                if let Ok(graph) = forward(&model, &plan, &model.native_precision()) {
                    prop_assert!(compile(&graph).len() > 2);
                    prop_assert!(!model.weight_bytes(&model.native_precision(), &plan).is_zero());
                    let _ = model.window_bytes(model.kv, &plan, 100);
                    let _ = model.state_bytes_per_sequence(&plan);
                }
            }
        }
    }
}
