//! Number formats of weights, activations and KV, and the engines that multiply them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The storage format of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// 16-bit brain float.
    Bf16,
    /// 8-bit float, one scale per tensor or token.
    Fp8,
    /// 8-bit float, one `f32` scale per 128×128 weights (1×128 activations).
    Fp8Block,
    /// 4-bit float E2M1, one FP8 scale per 16 values.
    Nvfp4,
    /// 4-bit float E2M1, one E8M0 scale per 32 values.
    Mxfp4,
    /// 4-bit integer weights, 16-bit activations, one 16-bit scale per 32 values.
    Int4,
    /// 8-bit integer.
    Int8,
    /// 32-bit float; recurrent state.
    Fp32,
}

impl Format {
    /// Bytes per value, scales included.
    pub const fn bytes(self) -> f64 {
        match self {
            Self::Fp32 => 4.0,
            Self::Bf16 => 2.0,
            Self::Fp8 | Self::Int8 => 1.0,
            Self::Fp8Block => 1.0 + 4.0 / (128.0 * 128.0),
            Self::Nvfp4 | Self::Int4 => 0.5 + 1.0 / 16.0,
            Self::Mxfp4 => 0.5 + 1.0 / 32.0,
        }
    }

    /// The name in files, flags and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bf16 => "bf16",
            Self::Fp8 => "fp8",
            Self::Fp8Block => "fp8-block",
            Self::Nvfp4 => "nvfp4",
            Self::Mxfp4 => "mxfp4",
            Self::Int4 => "int4",
            Self::Int8 => "int8",
            Self::Fp32 => "fp32",
        }
    }

    /// Every format.
    pub const ALL: [Self; 8] = [
        Self::Bf16,
        Self::Fp8,
        Self::Fp8Block,
        Self::Nvfp4,
        Self::Mxfp4,
        Self::Int4,
        Self::Int8,
        Self::Fp32,
    ];
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|format| format.name() == text).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|format| format.name()).collect();
            format!("unknown number format `{text}`; expected one of {}", names.join(", "))
        })
    }
}

/// A matrix engine's input type; a chip has one dense peak for each it supports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// TF32.
    Tf32,
    /// BF16 (and FP16).
    Bf16,
    /// FP8.
    Fp8,
    /// FP6.
    Fp6,
    /// FP4.
    Fp4,
    /// INT8.
    Int8,
}

impl Engine {
    /// The name in files and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tf32 => "tf32",
            Self::Bf16 => "bf16",
            Self::Fp8 => "fp8",
            Self::Fp6 => "fp6",
            Self::Fp4 => "fp4",
            Self::Int8 => "int8",
        }
    }
}
