//! Which format each matrix of a checkpoint is stored in.
//!
//! Reads `quantization_config` (fp8, modelopt, compressed-tensors, mxfp4, AWQ, GPTQ) and, beside
//! it, `hf_quant_config.json`. Embeddings, routers and norms stay in 16 bits, and so does the
//! output projection unless a per-layer list names it.

use serde_json::Value;

use crate::hardware::Format;
use crate::model::ModelError;

use super::pattern::Patterns;
use super::reader::Reader;

/// The rules of one checkpoint.
#[derive(Default)]
pub(super) struct Quantisation<'a> {
    /// The format of matrices that no other rule names.
    base: Option<Format>,
    /// Modules the base format leaves alone.
    ignored: Patterns<'a, ()>,
    /// Modules with a format of their own.
    listed: Patterns<'a, Format>,
    /// The KV format the checkpoint was calibrated for.
    pub(super) kv: Option<Format>,
}

impl<'a> Quantisation<'a> {
    /// Rules from `config.json` and, where there is one, the quantisation file.
    pub(super) fn read(
        config: Option<&Reader<'a>>,
        file: Option<&Reader<'a>>,
    ) -> Result<Self, ModelError> {
        let mut rules = match (config, file) {
            // Formats that the loader itself implements; a further file only adds lists to them.
            (Some(config), _) if config.text("quant_method")? == Some("fp8") => {
                let block = config.has("weight_block_size");
                let base = if block { Format::Fp8Block } else { Format::Fp8 };
                Self { base: Some(base), ..Self::with_ignored(config, "modules_to_not_convert")? }
            }
            (_, Some(file)) => {
                let base = algorithm(file, "quant_algo")?;
                Self { base, ..Self::with_ignored(file, "exclude_modules")? }
            }
            (Some(config), None) => Self::from_config(config)?,
            (None, None) => Self::default(),
        };
        for source in [config, file].into_iter().flatten() {
            rules.kv = rules.kv.or(kv_format(source)?);
            if rules.listed.is_empty() {
                rules.listed = listed(source)?;
            }
        }
        Ok(rules)
    }

    fn with_ignored(reader: &Reader<'a>, key: &str) -> Result<Self, ModelError> {
        let ignored = reader.texts(key)?.unwrap_or_default();
        let ignored = ignored.into_iter().map(|pattern| (pattern, ())).collect();
        Ok(Self { ignored, ..Self::default() })
    }

    fn from_config(config: &Reader<'a>) -> Result<Self, ModelError> {
        match config.text("quant_method")? {
            Some("mxfp4") => {
                let rules = Self::with_ignored(config, "modules_to_not_convert")?;
                Ok(Self { base: Some(Format::Mxfp4), ..rules })
            }
            Some("awq" | "gptq") => {
                let base = match config.count("bits")? {
                    4 => Format::Int4,
                    8 => Format::Int8,
                    _ => return Err(config.wrong("bits", "4 or 8")),
                };
                let rules = Self::with_ignored(config, "modules_to_not_convert")?;
                Ok(Self { base: Some(base), ..rules })
            }
            Some("modelopt" | "compressed-tensors") | None => {
                let mut rules = Self::with_ignored(config, "ignore")?;
                let per_layer = config.has("quantized_layers");
                let Some(groups) = config.child("config_groups") else {
                    return Ok(Self { base: algorithm(config, "quant_algo")?, ..rules });
                };
                for (name, _) in groups.keys().filter(|_| !per_layer) {
                    let group = groups.child(name).ok_or_else(|| groups.wrong(name, "a group"))?;
                    rules.add_group(&group)?;
                }
                Ok(rules)
            }
            Some(_) => Err(config.unsupported(
                "quant_method",
                "known are fp8, mxfp4, modelopt, compressed-tensors, awq and gptq",
            )),
        }
    }

    /// A group of modules with one scheme; `Linear` means every matrix not ignored.
    fn add_group(&mut self, group: &Reader<'a>) -> Result<(), ModelError> {
        let format = scheme(group)?;
        let targets = group.texts("targets")?.unwrap_or_else(|| vec!["Linear"]);
        if targets.contains(&"Linear") {
            self.base = Some(format);
        } else {
            for target in targets {
                self.listed.insert(target, format);
            }
        }
        Ok(())
    }

    /// Whether everything stays in 16 bits.
    pub(super) fn is_empty(&self) -> bool {
        self.base.is_none() && self.listed.is_empty()
    }

    /// The format listed for any of the modules `names`.
    pub(super) fn listed(&self, names: &[String]) -> Option<Format> {
        names.iter().find_map(|name| self.listed.get(name))
    }

    /// The format of a matrix that goes by any of `names`.
    pub(super) fn format(&self, names: &[String]) -> Format {
        let ignored = || names.iter().any(|name| self.ignored.get(name).is_some());
        let base = || self.base.filter(|_| !ignored());
        self.listed(names).or_else(base).unwrap_or(Format::Bf16)
    }
}

/// A named algorithm of modelopt; `MIXED_PRECISION` names none, its lists do.
fn algorithm(reader: &Reader<'_>, key: &str) -> Result<Option<Format>, ModelError> {
    Ok(match reader.text(key)? {
        None | Some("MIXED_PRECISION") => None,
        Some("FP8" | "FP8_PER_CHANNEL_PER_TOKEN" | "FP8_PC_PT") => Some(Format::Fp8),
        Some("FP8_PB_WO" | "FP8_PB_REAL" | "FP8_BLOCK_SCALES") => Some(Format::Fp8Block),
        Some("NVFP4" | "W4A16_NVFP4" | "NVFP4_AWQ") => Some(Format::Nvfp4),
        Some("MXFP4" | "W4A8_MXFP4_FP8") => Some(Format::Mxfp4),
        Some("W4A16_AWQ" | "W4A8_AWQ" | "INT4_AWQ" | "W4A16") => Some(Format::Int4),
        Some("W8A8_SQ_PER_CHANNEL" | "INT8_SQ" | "W8A16") => Some(Format::Int8),
        Some(_) => {
            return Err(reader.unsupported(
                key,
                "known are FP8, FP8_PB_WO, NVFP4, W4A16_NVFP4, MXFP4, W4A16_AWQ, W8A16",
            ));
        }
    })
}

/// The weight scheme of a compressed-tensors (or modelopt) group.
fn scheme(group: &Reader<'_>) -> Result<Format, ModelError> {
    let weights = group.child("weights").ok_or_else(|| group.wrong("weights", "a scheme"))?;
    let kind = weights.text("type")?.unwrap_or("int");
    let block = weights.text("strategy")? == Some("block");
    match (weights.count("num_bits")?, kind, weights.count_opt("group_size")?) {
        (4, "float", Some(32)) => Ok(Format::Mxfp4),
        (4, "float", _) => Ok(Format::Nvfp4),
        (8, "float", _) if block => Ok(Format::Fp8Block),
        (8, "float", _) => Ok(Format::Fp8),
        (4, "int", _) => Ok(Format::Int4),
        (8, "int", _) => Ok(Format::Int8),
        _ => Err(weights.unsupported("num_bits", "only 4 and 8 bits are known")),
    }
}

/// Modules that a file lists one by one.
fn listed<'a>(reader: &Reader<'a>) -> Result<Patterns<'a, Format>, ModelError> {
    let mut listed = Patterns::default();
    let Some(layers) = reader.child("quantized_layers") else { return Ok(listed) };
    for (name, _) in layers.keys() {
        let layer = layers.child(name).ok_or_else(|| layers.wrong(name, "an object"))?;
        if let Some(format) = algorithm(&layer, "quant_algo")? {
            listed.insert(name, format);
        }
    }
    Ok(listed)
}

/// The KV format, by either of its two keys, as a name or as a scheme.
fn kv_format(reader: &Reader<'_>) -> Result<Option<Format>, ModelError> {
    for key in ["kv_cache_quant_algo", "kv_cache_scheme"] {
        match reader.get(key) {
            None => {}
            Some(Value::Object(_)) => {
                let scheme = reader.child(key).expect("it is an object");
                if scheme.count("num_bits")? == 8 && scheme.text("type")? == Some("float") {
                    return Ok(Some(Format::Fp8));
                }
                return Err(reader.unsupported(key, "only 8-bit floats are known"));
            }
            Some(_) => return algorithm(reader, key),
        }
    }
    Ok(None)
}
