//! What is said about the gains of techniques, from their numbers.

use super::{AblateDocument, ChipGains, Claims};
use crate::report::text::{listed, short_or_dash};
use crate::units::significant;

/// Products that are off by less are about right.
const MULTIPLIES: f64 = 1.1;

/// Pairs that are told, the strongest first.
const PAIRS: usize = 2;

/// `1.43× ±2 %`, or a dash for what is not known.
pub(crate) fn gained(ratio: Option<f64>, error: Option<f64>) -> String {
    let error = error.map_or(String::new(), |error| {
        let percent = significant(error * 100.0, 1);
        format!(" ±{percent} %")
    });
    ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{}×{error}", significant(ratio, 3)))
}

/// What the techniques of a chip gain: together, in pairs, and against what is claimed of them.
pub(crate) fn spoken(document: &AblateDocument, chip: &ChipGains) -> [Vec<String>; 3] {
    [together(chip), pairs(document, chip), vec![claimed(&chip.claims)]]
}

fn together(chip: &ChipGains) -> Vec<String> {
    let Some(joint) = chip.joint else {
        return vec![format!("No gains: {}.", chip.reason.as_deref().unwrap_or("nothing runs"))];
    };
    let mut said = vec![format!(
        "Together they take {} output tokens/s per GPU to {}: {}.",
        short_or_dash(chip.none_output_tok_s_per_gpu),
        short_or_dash(chip.all_output_tok_s_per_gpu),
        gained(Some(joint), chip.joint_error),
    )];
    if let Some(best) = chip.best_output_tok_s_per_gpu {
        let names = chip.best_with.join(", ");
        let with = if names.is_empty() { "none of them" } else { &names };
        said.push(format!("Best are {} with {with}.", significant(best, 3)));
    }
    for (names, what) in [
        (&chip.needed, "Nothing runs without, so that on throughout are:"),
        (&chip.hopeless, "Nothing runs with, so that off throughout are:"),
    ] {
        if !names.is_empty() {
            said.push(format!("{what} {}.", names.join(", ")));
        }
    }
    if let Some(alone) = chip.product_alone {
        let verdict = match joint / alone {
            ratio if ratio < 1.0 / MULTIPLIES => "they overlap: what one gains, another cannot",
            ratio if ratio > MULTIPLIES => "they help one another",
            _ => "they multiply, about",
        };
        said.push(format!(
            "Were each worth what it is alone, they would come to {}×: {verdict}.",
            significant(alone, 3)
        ));
    }
    said
}

fn pairs(document: &AblateDocument, chip: &ChipGains) -> Vec<String> {
    if chip.joint.is_none() {
        return Vec::new();
    }
    let mut pairs = document.pairs_on(&chip.chip);
    pairs.retain(|pair| pair.stands_out());
    if pairs.is_empty() {
        return vec!["No pair of them gains more or less than the product of both.".into()];
    }
    let told = pairs.iter().take(PAIRS).map(|pair| {
        let what = gained(pair.mean, pair.mean_error);
        format!("{} with {} {what}", pair.first, pair.second)
    });
    let told = listed(&told.collect::<Vec<_>>());
    vec![format!("Both over the product of each, on average: {told}.")]
}

fn claimed(claims: &Claims) -> String {
    let [low, high] = claims.together;
    let Some(found) = claims.found else {
        return format!(
            "The claim of {low}–{high}× together ({}) is of several techniques; fewer than two of \
             them are studied here.",
            claims.source
        );
    };
    let verdict = match claims.holds {
        Some(true) => "which holds here",
        _ if found < low => "which is more than they gain here",
        _ => "which is less than they gain here",
    };
    format!(
        "Of {} the memo {} says {low}–{high}× together, {verdict}: {}, all else being on. {} of {} \
         gain alone what it says of each.",
        claims.techniques.join(", "),
        claims.source,
        gained(Some(found), claims.found_error),
        claims.holding,
        claims.techniques.len()
    )
}
