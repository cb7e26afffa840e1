//! Which time model, and whose kernels and host.

use std::fmt;
use std::str::FromStr;

/// The two time models.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TimeModel {
    /// Datasheet peaks, perfect overlap, no latency, no host: a bound that no engine beats.
    Roofline,
    /// Closed forms fitted to measured kernels, and the engine's host time.
    #[default]
    Calibrated,
}

/// The engine whose kernels and host terms are taken.
///
/// vLLM is the default: its scheduler's rules are memwall's, and it alone was measured on every
/// data-centre chip with both 16-bit and FP8 KV.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EngineProfile {
    /// vLLM.
    #[default]
    Vllm,
    /// `SGLang`.
    Sglang,
    /// TensorRT-LLM.
    Trtllm,
}

/// How steps are priced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Pricing {
    /// The time model.
    pub model: TimeModel,
    /// The engine. The roofline does not depend on it.
    pub engine: EngineProfile,
}

impl TimeModel {
    /// Every model.
    pub const ALL: [Self; 2] = [Self::Roofline, Self::Calibrated];

    /// The name in flags and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Roofline => "roofline",
            Self::Calibrated => "calibrated",
        }
    }
}

impl EngineProfile {
    /// Every engine.
    pub const ALL: [Self; 3] = [Self::Vllm, Self::Sglang, Self::Trtllm];

    /// The name in flags, reports and calibration files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vllm => "vllm",
            Self::Sglang => "sglang",
            Self::Trtllm => "trtllm",
        }
    }

    /// Whose dense products to take, best first.
    ///
    /// vLLM's were measured with constant or warm weights; it and `SGLang` call the same libraries.
    /// TensorRT-LLM's own FP8 rows quantise dynamically (12–15 µs), which its checkpoints do not,
    /// and its NVFP4 rows miss the kernels that its tuner picks: served Llama-3.1-70B on B200 runs
    /// 20 % faster than they add up to.
    pub(super) const fn gemms(self, key: &str) -> &'static [&'static str] {
        match (self, key.as_bytes()) {
            (Self::Vllm | Self::Sglang, _) | (_, b"fp8" | b"nvfp4") => &["sglang", "trtllm"],
            (Self::Trtllm, _) => &["trtllm", "sglang"],
        }
    }

    /// Whether activations are quantised by the kernel before a product: with static scales per
    /// tensor, vLLM's compiler and TensorRT-LLM do.
    pub(super) const fn fuses_quantise(self, key: &str) -> bool {
        matches!((self, key.as_bytes()), (Self::Vllm | Self::Trtllm, b"fp8"))
    }

    /// Whose attention kernels to take, best first.
    pub(super) const fn attention(self) -> &'static [&'static str] {
        match self {
            Self::Vllm => &["vllm", "sglang", "trtllm"],
            Self::Sglang => &["sglang", "vllm", "trtllm"],
            Self::Trtllm => &["trtllm", "vllm", "sglang"],
        }
    }

    /// Whose latent attention to take, best first: vLLM calls the libraries that `SGLang` calls.
    pub(super) const fn latent(self) -> &'static [&'static str] {
        match self {
            Self::Vllm | Self::Sglang => &["sglang", "trtllm"],
            Self::Trtllm => &["trtllm", "sglang"],
        }
    }

    /// Whose kernels of recurrent mixers to take, best first.
    pub(super) const fn linear(self) -> &'static [&'static str] {
        match self {
            Self::Vllm => &["vllm", "sglang", "trtllm"],
            Self::Sglang => &["sglang", "vllm", "trtllm"],
            Self::Trtllm => &["trtllm", "vllm", "sglang"],
        }
    }

    /// Whose routed experts to take, best first.
    ///
    /// TensorRT-LLM's tuner picks its generated NVFP4 kernels, which were measured inside `SGLang`.
    pub(super) const fn experts(self, key: &str) -> &'static [&'static str] {
        match (self, key.as_bytes()) {
            (Self::Vllm, _) => &["vllm", "trtllm", "sglang"],
            (Self::Sglang, _) | (Self::Trtllm, b"nvfp4") => &["sglang", "trtllm", "vllm"],
            (Self::Trtllm, _) => &["trtllm", "sglang", "vllm"],
        }
    }

    /// Most ranks that its own all-reduce reaches; beyond, it hands over to NCCL.
    pub(crate) const fn all_reduce_ranks(self) -> u32 {
        match self {
            Self::Trtllm => 16,
            Self::Vllm | Self::Sglang => 8,
        }
    }

    /// Whose all-reduce to take, best first.
    pub(super) const fn all_reduce(self) -> &'static [&'static str] {
        self.attention()
    }
}

/// Finds the member of `all` that is called `text`.
fn named<T: Copy>(
    what: &str,
    text: &str,
    all: &[T],
    name: fn(T) -> &'static str,
) -> Result<T, String> {
    all.iter().copied().find(|&one| name(one) == text).ok_or_else(|| {
        let names: Vec<_> = all.iter().map(|&one| name(one)).collect();
        format!("unknown {what} `{text}`; expected one of {}", names.join(", "))
    })
}

impl FromStr for TimeModel {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        named("cost model", text, &Self::ALL, Self::name)
    }
}

impl FromStr for EngineProfile {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        named("engine profile", text, &Self::ALL, Self::name)
    }
}

impl fmt::Display for TimeModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for EngineProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_others_are_refused() {
        for engine in EngineProfile::ALL {
            assert_eq!(engine.to_string().parse(), Ok(engine));
        }
        for model in TimeModel::ALL {
            assert_eq!(model.to_string().parse(), Ok(model));
        }
        let error = "vllm2".parse::<EngineProfile>().unwrap_err();
        assert_eq!(error, "unknown engine profile `vllm2`; expected one of vllm, sglang, trtllm");
    }
}
