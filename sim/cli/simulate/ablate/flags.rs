//! The flags of `ablate` that say what each technique is.

use clap::Args;

use crate::cluster::{Pools, Wish};
use crate::insight::Sram;
use crate::units::{Bytes, BytesPerSec};

/// How much of each technique there is.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Techniques")]
pub(super) struct TechniqueFlags {
    /// speculation: draft tokens a step
    #[arg(long, value_name = "N", default_value_t = 3)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=16))]
    pub(super) draft_tokens: u32,
    /// speculation: tokens gained a step on average with 1, 2, … draft tokens: `1.8,2.4,2.8`
    /// [default: as measured, for the models that were]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(super) acceptance: Vec<f64>,
    /// speculation: draft fewer tokens, or none, where batches are so large that it does not pay
    #[arg(long)]
    pub(super) adaptive_depth: bool,
    /// disaggregation: replicas that prefill and that decode, `1:2`
    /// [default: the better of the two splits nearest to what the work asks for]
    #[arg(long, value_name = "P:D", value_parser = pools)]
    pub(super) pools: Option<Pools>,
    /// kv-offload: stores below HBM, as --kv-tiers of `memwall run` has them
    #[arg(long, value_name = "STORE[:KEY=VALUE,…]", num_args = 1.., default_value = "host")]
    pub(super) kv_offload: Vec<Wish>,
    /// bigger-batches: most sequences and most tokens of a step are multiplied by this
    #[arg(long, value_name = "N", default_value_t = 4)]
    #[arg(value_parser = clap::value_parser!(u32).range(2..=64))]
    pub(super) bigger: u32,
    /// moe-sparsity: the model of equal quality, dense if --model is sparse and the other way round
    /// [default: the maker's own comparison, for the models that have one]
    #[arg(long, value_name = "M")]
    pub(super) equal_model: Option<String>,
    /// larger-model: the model to migrate to [default: the next larger of its family]
    #[arg(long, value_name = "M")]
    pub(super) larger_model: Option<String>,
    /// sram: weights that a chip holds on its own die, and how fast it reads them
    /// [default: those of NVIDIA's Groq 3 LPU, announced in March 2026]
    #[arg(long, value_name = "SIZE@RATE", default_value = "500MB@150TB/s", value_parser = sram)]
    pub(super) sram: Sram,
    /// pim: bandwidth inside the banks over that of the pins
    /// [default: that of Samsung's HBM-PIM, ISCA 2021]
    #[arg(long, value_name = "FACTOR", default_value_t = 4.0, value_parser = factor)]
    pub(super) pim: f64,
}

impl Default for TechniqueFlags {
    /// As clap has them.
    fn default() -> Self {
        #[derive(clap::Parser)]
        struct Alone {
            #[command(flatten)]
            flags: TechniqueFlags,
        }
        let alone = <Alone as clap::Parser>::try_parse_from(["ablate"]);
        alone.expect("every flag has a default").flags
    }
}

fn pools(text: &str) -> Result<Pools, String> {
    const MOST: u32 = 64;
    let read = |text: &str| text.parse().ok().filter(|count| (1..=MOST).contains(count));
    let pools = text.split_once(':').and_then(|(prefill, decode)| {
        Some(Pools { prefill: read(prefill)?, decode: read(decode)? })
    });
    pools.ok_or_else(|| format!("write `1:2`: replicas that prefill and that decode, 1 to {MOST}"))
}

fn sram(text: &str) -> Result<Sram, String> {
    let (size, rate) = text.split_once('@').ok_or("write `500MB@150TB/s`")?;
    let capacity: Bytes = size.parse().map_err(|error| format!("{error}"))?;
    let bandwidth: BytesPerSec = rate.parse().map_err(|error| format!("{error}"))?;
    if capacity.is_zero() || bandwidth.is_zero() {
        return Err("give more than nothing of both".into());
    }
    Ok(Sram { capacity, bandwidth })
}

fn factor(text: &str) -> Result<f64, String> {
    let factor = text.parse().ok().filter(|factor| (1.0..=1000.0).contains(factor));
    factor.ok_or_else(|| "give a factor from 1 to 1000".into())
}
