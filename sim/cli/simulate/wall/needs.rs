//! `--match`: what each chip would need to yield as much as another.

use rayon::prelude::*;

use super::command::Rung;
use crate::cli::{CliError, Shell};
use crate::cluster::{Order, Terms, best_nearby};
use crate::insight::{Lever, needed};
use crate::report::WallRow;

/// Gives the rows of `rungs` that ran what it would take to yield as much as the chip `goal`.
pub(super) fn find_needs(
    rows: &mut [WallRow],
    rungs: &[Rung],
    goal: &str,
    terms: &Terms,
    shell: &Shell,
) -> Result<(), CliError> {
    let ran: Vec<Option<(Order, u32)>> = rungs.iter().map(as_found).collect();
    let place = rows.iter().position(|row| row.chip == goal);
    let target = place.and_then(|place| {
        let (order, near) = ran[place].as_ref()?;
        Some(best_nearby(order, *near, terms).ok()?.output_tok_s_per_gpu)
    });
    let Some(target) = target else {
        return Err(CliError::Flag {
            flag: "--match",
            value: goal.to_owned(),
            problem: "no such chip of the ladder has a result".into(),
            remedy: "name one of --chips that runs the model".into(),
        });
    };
    let progress = shell.progress("asking what it would take", rows.len() as u64);
    let found: Vec<Vec<(Lever, Option<f64>)>> = ran
        .par_iter()
        .map(|ran| {
            let needs = ran.iter().flat_map(|(order, near)| needs(order, *near, target, terms));
            let needs = needs.collect();
            progress.advance(1);
            needs
        })
        .collect();
    for (place_of, (row, needs)) in rows.iter_mut().zip(found).enumerate() {
        if Some(place_of) != place {
            row.needs = needs.into_iter().map(|(lever, factor)| (lever.key(), factor)).collect();
        }
    }
    Ok(())
}

/// The order of a rung at its best, and its load.
fn as_found<'a>((order, found): &Rung<'a>) -> Option<(Order<'a>, u32)> {
    let best = found.as_ref().ok()?;
    Some((Order { plan: best.deployment.plan, ..*order }, best.concurrency.unwrap_or(1)))
}

fn needs(order: &Order, near: u32, target: f64, terms: &Terms) -> Vec<(Lever, Option<f64>)> {
    let need = |lever: Lever| {
        let mut near = near;
        let factor = needed(target, |factor| {
            let (chip, stretch) = lever.pull(order.chip, order.stretch, factor);
            let found = best_nearby(&Order { chip: &chip, stretch, ..*order }, near, terms).ok()?;
            near = found.concurrency.unwrap_or(near);
            Some(found.output_tok_s_per_gpu)
        });
        (lever, factor)
    };
    Lever::NEEDS.into_par_iter().map(need).collect()
}
