//! What each technique is here, in words.

use crate::insight::{Bench, EQUALS, Switches, Technique};
use crate::model::Weights;
use crate::serving::Speculation;

/// With `technique`, and without it.
pub(super) fn of(technique: Technique, bench: &Bench) -> (String, String) {
    let order = &bench.named().order;
    let limits = &order.limits;
    let (seqs, tokens) = (limits.max_seqs, limits.max_batched_tokens);
    let (with, without) = match technique {
        Technique::PrefixCache => {
            ("prompts find earlier calls' KV in HBM".into(), "every prompt is computed".into())
        }
        Technique::KvPrecision => {
            (format!("KV in {}", order.precision.kv), "KV in bf16".to_owned())
        }
        Technique::WeightPrecision => {
            let narrow = match order.precision.weights {
                Weights::All(format) => format.to_string(),
                Weights::Checkpoint => "the checkpoint's formats".into(),
            };
            (format!("weights in {narrow}"), "weights in bf16".into())
        }
        Technique::Chunking => (
            format!("steps of {tokens} tokens, long prompts in chunks"),
            format!("steps take prompts whole, up to {} tokens", order.longest),
        ),
        Technique::BiggerBatches => {
            let by = bench.bigger;
            let most = |by: u32| format!("{} sequences, {} tokens a step", seqs * by, tokens * by);
            (most(by), most(1))
        }
        Technique::Speculation => {
            let depth = bench.named().speculation.as_ref().map_or(0, Speculation::deepest);
            (format!("{depth} tokens drafted and verified a step"), "one token a step".into())
        }
        Technique::Disaggregation => {
            ("prefill and decode on replicas of their own".into(), "each replica does both".into())
        }
        Technique::KvOffload => {
            ("KV beyond HBM in stores below it (--kv-offload)".into(), "HBM alone".into())
        }
        Technique::WideEp => {
            let ranks: Vec<String> = bench.wide.iter().map(ToString::to_string).collect();
            let ranks = ranks.join(", ");
            (format!("attention-DP, experts over {ranks} ranks"), "tensor parallelism".into())
        }
        Technique::MoeSparsity | Technique::LargerModel => {
            let name = |on| {
                let switches = Switches { studied: &[technique], on };
                bench.variant(switches).order.model.name.clone()
            };
            (name(1), name(0))
        }
        Technique::Sram => {
            let sram = &bench.sram;
            (format!("{} of weights at {} on die", sram.capacity, sram.bandwidth), "HBM".into())
        }
        Technique::Pim => (
            format!("decode reads KV at {} times the pins' bandwidth", bench.pim),
            "KV over the pins".into(),
        ),
    };
    (with, without)
}

/// Whether engines and chips do it, or nobody sells it.
pub(super) const fn class(technique: Technique) -> &'static str {
    match technique {
        Technique::Sram | Technique::Pim => "what-if",
        _ => "built",
    }
}

/// What is taken for granted where `technique` is studied.
pub(super) fn assumption(technique: Technique, bench: &Bench) -> Option<String> {
    let name = |on| {
        let switches = Switches { studied: &[technique], on };
        bench.variant(switches).order.model.name.clone()
    };
    Some(match technique {
        Technique::MoeSparsity => {
            let (sparse, dense) = (name(1), name(0));
            let pair = EQUALS.iter().find(|pair| pair.sparse == sparse && pair.dense == dense);
            let source = pair.map_or("as asked for with --equal-model", |pair| pair.source);
            format!(
                "moe-sparsity: {sparse} is as good as {dense} ({source}); a token counts as one"
            )
        }
        Technique::LargerModel => format!(
            "larger-model: {} in place of {}; a token counts as one, though a better one",
            name(1),
            name(0)
        ),
        Technique::Speculation => "speculation: drafts are accepted as often as in coding \
                                   (InferenceX, SPEED-Bench), or as --acceptance says, whatever \
                                   the model"
            .into(),
        Technique::Disaggregation => "disaggregation: splits of up to four replicas, KV-aware \
                                      routing, KV over the scale-up link or the network"
            .into(),
        Technique::KvOffload => "kv-offload: stores begin empty and are written through; content \
                                 comes back where that is predicted to be faster than to compute \
                                 it; other figures are the system's"
            .into(),
        Technique::Sram => format!(
            "sram: a what-if; each chip holds {} of its weights on die and reads them at {} \
             (500 MB at 150 TB/s: NVIDIA Groq 3 LPU, announced March 2026), the rest after them \
             from HBM; area, power and price are as before",
            bench.sram.capacity, bench.sram.bandwidth
        ),
        Technique::Pim => format!(
            "pim: a what-if and an upper bound; decode attention reads KV at {} times the pins' \
             bandwidth (4: Samsung HBM-PIM, Lee et al., ISCA 2021), and arithmetic in the banks \
             keeps up; capacity and price are as before",
            bench.pim
        ),
        _ => return None,
    })
}

/// The load at which it is measured.
pub(super) fn measure(concurrency: Option<u32>, slo: &crate::report::Slo) -> String {
    match concurrency {
        None => format!("output tokens/s per GPU at the best load within {slo}"),
        Some(tasks) => format!(
            "output tokens/s per GPU with {tasks} tasks in flight a replica, whatever the latency"
        ),
    }
}
