//! A layer of a dense model, as the sum of its kernels.

use std::collections::BTreeMap;

use super::leave::Outcome;
use super::rule::Rule;
use crate::fidelity::fit::solve::Score;

/// Whose kernels: only this engine's tables have every kernel of a layer on every big chip.
const ENGINE: &str = "trtllm";

/// Products of a layer of a 70-billion-parameter model on four ranks, n and k: attention's in and
/// out, gate and up, down. The nearest to 2560, 2048, 14336 and 7168 that were measured throughout.
const PRODUCTS: [[u32; 2]; 4] = [[2048, 8192], [8192, 2048], [16384, 8192], [8192, 7168]];

/// Heads, KV heads and width of a rank's attention, and no window.
const ATTENTION: [u32; 4] = [16, 2, 128, 0];

/// Tokens and contexts of decode steps; tokens of a prompt.
const DECODES: [u32; 5] = [1, 16, 64, 128, 256];
const CONTEXTS: [u32; 3] = [1024, 2048, 4096];
const PROMPT: u32 = 8192;

const RANKS: u32 = 4;

/// Of 16-bit activations, 8192 wide.
const BYTES_PER_TOKEN: u32 = 2 * 8192;

/// Formats of the weights; KV is in 16 bits.
const FORMATS: [&str; 2] = ["bf16", "fp8-block"];

/// A kernel and how often a layer runs it.
struct Piece {
    family: &'static str,
    key: &'static str,
    sizes: Vec<u32>,
    times: f64,
}

/// Seconds of each kernel, predicted and measured, by family, key and sizes.
type Kernels<'a> = BTreeMap<(&'a str, &'a str, &'a [u32]), (f64, f64)>;

/// Whole layers, for each chip, rule and format: four products, attention, two all-reduces.
///
/// A layer of which a kernel was not measured is left out.
pub fn layers<'a>(outcomes: &[Outcome<'a>]) -> Vec<Outcome<'a>> {
    let mut by_chip = BTreeMap::<(&str, Rule), Vec<&Outcome>>::new();
    for outcome in outcomes.iter().filter(|outcome| outcome.engine == ENGINE) {
        by_chip.entry((&outcome.chip, outcome.rule)).or_default().push(outcome);
    }
    by_chip.values().flat_map(|of_chip| layers_of(of_chip)).collect()
}

/// The layers of one chip by one rule.
fn layers_of<'a>(outcomes: &[&Outcome<'a>]) -> Vec<Outcome<'a>> {
    let kernels = kernels(outcomes);
    let mut found = Vec::new();
    for format in FORMATS {
        let decodes = DECODES.iter().flat_map(|&m| CONTEXTS.map(|context| (m, context)));
        let decodes = decodes.map(|(m, context)| decode(format, m, context));
        let phases = [("decode", decodes.collect()), ("prefill", vec![prefill(format)])];
        for (phase, layers) in phases {
            let ratio = |pieces: &Vec<Piece>| sum(&kernels, pieces);
            let residuals: Vec<f64> = layers.iter().filter_map(ratio).collect();
            let Some(score) = Score::of(&residuals) else { continue };
            found.push(Outcome {
                family: "layer",
                key: format!("{format} {phase}"),
                score,
                residuals,
                samples: Vec::new(),
                ..outcomes[0].clone()
            });
        }
    }
    found
}

fn kernels<'a>(outcomes: &[&'a Outcome]) -> Kernels<'a> {
    let mut kernels = Kernels::new();
    for outcome in outcomes {
        for (sample, ratio) in outcome.samples.iter().zip(&outcome.residuals) {
            let name = (outcome.family, outcome.key.as_str(), sample.sizes.as_slice());
            kernels.insert(name, (ratio * sample.seconds, sample.seconds));
        }
    }
    kernels
}

/// Predicted over measured time of all pieces; none if one was not measured.
fn sum(kernels: &Kernels, pieces: &[Piece]) -> Option<f64> {
    let (mut predicted, mut measured) = (0.0, 0.0);
    for piece in pieces {
        let known = kernels.get(&(piece.family, piece.key, piece.sizes.as_slice()))?;
        predicted += piece.times * known.0;
        measured += piece.times * known.1;
    }
    Some(predicted / measured)
}

fn decode(format: &'static str, sequences: u32, context: u32) -> Vec<Piece> {
    layer(format, sequences, ("attention-decode", [sequences, context]))
}

fn prefill(format: &'static str) -> Vec<Piece> {
    layer(format, PROMPT, ("attention-prefill", [1, PROMPT]))
}

/// A layer over `tokens`; `attention` is its kernel's family, and sequences and context.
fn layer(
    format: &'static str,
    tokens: u32,
    (family, batch): (&'static str, [u32; 2]),
) -> Vec<Piece> {
    let product = |[n, k]: [u32; 2]| Piece {
        family: "gemm",
        key: format,
        sizes: vec![tokens, n, k],
        times: 1.0,
    };
    let sizes = [batch.as_slice(), &ATTENTION].concat();
    let attention = Piece { family, key: "bf16", sizes, times: 1.0 };
    let sizes = vec![RANKS, tokens * BYTES_PER_TOKEN];
    let all_reduce = Piece { family: "all-reduce", key: "all-reduce", sizes, times: 2.0 };
    PRODUCTS.into_iter().map(product).chain([attention, all_reduce]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_errs_as_the_sum_of_its_kernels() {
        let pieces = decode("bf16", 16, 1024);
        let mut kernels = Kernels::new();
        for (i, piece) in pieces.iter().enumerate() {
            // Every kernel takes 1; the products are predicted exactly, the others at half.
            let predicted = if i < 4 { 1.0 } else { 0.5 };
            kernels.insert((piece.family, piece.key, &piece.sizes), (predicted, 1.0));
        }
        let ratio = sum(&kernels, &pieces).expect("all were measured");
        assert!((ratio - 5.5 / 7.0).abs() < 1e-12, "{ratio}");
        kernels.remove(&("gemm", "bf16", pieces[2].sizes.as_slice()));
        assert_eq!(sum(&kernels, &pieces), None);
    }
}
