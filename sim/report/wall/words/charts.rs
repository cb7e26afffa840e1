//! What single charts say, in sentences computed from their numbers.

use super::super::{ContextCurve, FrontierPoint, Phase, Turn, WallDocument, WallReport, WallRow};
use super::ladder::{comparison, ratio, times};
use crate::report::text::{listed, short};

/// Speeds per user at which frontiers are compared, in tokens/s; the fastest that both ends of the
/// ladder reach counts.
const SPEEDS: [f64; 5] = [150.0, 100.0, 50.0, 20.0, 10.0];

/// Contexts at which turns are told, the first that a chip holds.
const TOLD: [u32; 3] = [32_000, 8_000, 1_000];

/// What the ends of the ladder yield for users of one speed.
pub(in crate::report) fn frontier(document: &WallDocument) -> Vec<String> {
    frontier_grew(document).into_iter().collect()
}

fn frontier_grew(document: &WallDocument) -> Option<String> {
    let (first, last) = comparison(document)?;
    let (speed, old, new) = SPEEDS
        .into_iter()
        .find_map(|speed| Some((speed, best_at(first, speed)?, best_at(last, speed)?)))?;
    let (output_old, output_new) = (old.output_tok_s_per_gpu, new.output_tok_s_per_gpu);
    let growth = times(ratio(Some(output_new), Some(output_old))?);
    Some(format!(
        "Users who get at least {speed} tokens/s leave {} {} output tokens/s per GPU ({} with {} \
         in flight) and {} {} ({} with {}): {growth}.",
        first.title,
        short(output_old),
        old.parallel,
        old.concurrency,
        last.title,
        short(output_new),
        new.parallel,
        new.concurrency,
    ))
}

/// The point of `row`'s frontier with most output at this speed or a higher one.
pub(in crate::report::wall) fn best_at(row: &WallRow, speed: f64) -> Option<&FrontierPoint> {
    let fast = row.frontier.iter().filter(|point| point.tok_s_per_user_p50 >= speed);
    fast.max_by(|a, b| a.output_tok_s_per_gpu.total_cmp(&b.output_tok_s_per_gpu))
}

/// What chips offer and what work asks for, along the ladder.
pub(in crate::report) fn intensity(document: &WallDocument) -> Vec<String> {
    asked_and_offered(document).into_iter().collect()
}

fn asked_and_offered(document: &WallDocument) -> Option<String> {
    let range = |of: fn(&WallRow) -> Option<f64>| {
        let values = document.rows.iter().filter_map(of);
        let ends = values.map(|x| (x, x)).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        ends.map(|(low, high)| format!("{} to {}", short(low), short(high)))
    };
    let decode = range(|row| row.intensity.decode_flop_b)?;
    let task = range(|row| row.intensity.task_flop_b)?;
    let chip = range(|row| row.intensity.chip_flop_b)?;
    Some(format!(
        "Decode asks for {decode} FLOP per byte, the whole task for {task}; the chips offer {chip}."
    ))
}

/// Where decode turns on the ends of the ladder.
pub(in crate::report) fn turns(document: &WallDocument) -> Vec<String> {
    let ends = comparison(document).map(|(first, last)| vec![first, last]);
    let rows = ends.unwrap_or_else(|| document.rows.iter().filter(|row| row.ran()).collect());
    let parts: Vec<String> = rows.into_iter().filter_map(told).collect();
    if parts.is_empty() { parts } else { vec![format!("Decode {}.", listed(&parts))] }
}

/// On which side of the ridge operators stand, on the first chip.
pub(in crate::report) fn rooflines(report: &WallReport) -> Vec<String> {
    let Some(roof) = report.rooflines.first().filter(|roof| roof.bandwidth_b_s > 0.0) else {
        return Vec::new();
    };
    let ridge = roof.peak_flop_s / roof.bandwidth_b_s;
    let title = report.document.rows.iter().find(|row| row.chip == roof.chip);
    let title = title.map_or(&roof.chip, |row| &row.title);
    let under_slope = |phase| {
        let of_phase = roof.points.iter().filter(move |point| point.phase == phase);
        let left = of_phase.clone().filter(|point| point.intensity_flop_b < ridge).count();
        format!("{left} of {}", of_phase.count())
    };
    vec![format!(
        "On {title} the ridge stands at {} FLOP per byte: {} operators of decode and {} of prefill \
         are left of it, where HBM sets the pace.",
        short(ridge),
        under_slope(Phase::Decode),
        under_slope(Phase::Prefill),
    )]
}

/// What a lone user loses as the context grows, at both ends of the ladder.
pub(in crate::report) fn context(report: &WallReport) -> Vec<String> {
    let curves = &report.context_curves;
    let ends = [curves.first(), curves.last().filter(|_| curves.len() > 1)];
    ends.into_iter().flatten().filter_map(|curve| slowed(report, curve)).collect()
}

fn slowed(report: &WallReport, curve: &ContextCurve) -> Option<String> {
    let (first, last) = (curve.points.first()?, curve.points.last()?);
    let title = report.document.rows.iter().find(|row| row.chip == curve.chip);
    Some(format!(
        "On {} {} of {} tokens gets {} tokens/s, of {} tokens {}.",
        title.map_or(&curve.chip, |row| &row.title),
        if curve.batch == 1 { "a sequence".to_owned() } else { format!("each of {}", curve.batch) },
        short(first.context_tokens as f64),
        short(first.tok_s_per_user),
        short(last.context_tokens as f64),
        short(last.tok_s_per_user),
    ))
}

fn told(row: &WallRow) -> Option<String> {
    let at = |context| row.turns.iter().find(|turn: &&Turn| turn.context_tokens == context);
    let turn = TOLD.into_iter().find_map(at).or(row.turns.first())?;
    let reads = match turn.kv_batch {
        Some(batch) => format!("reads more KV than weights from a batch of {batch}"),
        None => "reads more weights than KV at any batch that fits".to_owned(),
    };
    let computes = match turn.compute_batch {
        Some(batch) => format!("computes for longer than it reads from {batch}"),
        None => "never computes for longer than it reads".to_owned(),
    };
    Some(format!(
        "at {} tokens of context on {} as {} {reads}, {computes}, and is full at {}",
        short(f64::from(turn.context_tokens)),
        row.title,
        row.parallel.as_deref().unwrap_or("its plan"),
        turn.capacity_batch
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::Class;
    use crate::report::Intensity;

    fn row(title: &str, output: f64) -> WallRow {
        let point = |speed: f64, share: f64| FrontierPoint {
            parallel: "tp2".into(),
            gpus: 2,
            concurrency: 8,
            max_batched_tokens: 2048,
            batch_mean: 6.5,
            tok_s_per_user_p50: speed,
            output_tok_s_per_gpu: output * share,
            meets_slo: true,
            ..FrontierPoint::default()
        };
        WallRow {
            output_tok_s_per_gpu: Some(output),
            parallel: Some("tp2".into()),
            frontier: vec![point(12.0, 1.0), point(60.0, 0.5)],
            intensity: Intensity {
                chip_flop_b: Some(output),
                task_flop_b: Some(100.0),
                decode_flop_b: Some(9.0),
            },
            turns: vec![Turn {
                context_tokens: 8_000,
                kv_batch: Some(40),
                capacity_batch: 300,
                ..Turn::default()
            }],
            ..WallRow::unknown(&title.to_lowercase(), title, Class::Datasheet)
        }
    }

    #[test]
    fn charts_say_what_their_numbers_are() {
        let rows = vec![row("Old", 100.0), row("New", 700.0)];
        let document = WallDocument { rows, ..WallDocument::default() };
        let said = frontier(&document).join(" ");
        assert!(
            said.starts_with("Users who get at least 50 tokens/s leave Old 50 output"),
            "{said}"
        );
        assert!(said.ends_with("and New 350 (tp2 with 8): ×7.0."), "{said}");
        let said = intensity(&document).join(" ");
        assert!(said.contains("Decode asks for 9 to 9") && said.contains("offer 100 to 700"));
        let said = turns(&document).join(" ");
        assert!(
            said.contains("at 8000 tokens of context on Old as tp2 reads more KV than"),
            "{said}"
        );
        assert!(said.contains("never computes for longer than it reads, and is full at 300"));
    }

    #[test]
    fn an_empty_ladder_says_nothing() {
        let empty = WallDocument::default();
        for said in [frontier(&empty), intensity(&empty), turns(&empty)] {
            assert!(said.is_empty(), "{said:?}");
        }
        let empty = WallReport::default();
        assert!(rooflines(&empty).is_empty() && context(&empty).is_empty());
    }
}
