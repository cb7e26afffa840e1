//! Where the time of HBM and of tasks goes: each chip's best, looked at from inside.

use rayon::prelude::*;

use super::command::Rung;
use crate::cli::Shell;
use crate::cluster::{Inside, Order, Terms, look_inside};
use crate::report::{WallRow, fill_life};

/// Gives the rows of `rungs` that ran the life of a task.
pub(super) fn find_lives(rows: &mut [WallRow], rungs: &[Rung], terms: &Terms, shell: &Shell) {
    let progress = shell.progress("looking inside", rungs.len() as u64);
    // A program belongs to one thread, so that each chip is deployed once more.
    let again: Vec<_> = rungs
        .iter()
        .map(|(order, found)| {
            let best = found.as_ref().ok()?;
            Some((Order { plan: best.deployment.plan, ..*order }, best.concurrency))
        })
        .collect();
    let look = |again: &Option<(Order, Option<u32>)>| {
        let (order, concurrency) = again.as_ref()?;
        let inside = look_inside(order, *concurrency, terms).ok();
        progress.advance(1);
        inside
    };
    let insides: Vec<Option<Inside>> = again.par_iter().with_max_len(1).map(look).collect();
    for ((row, (_, found)), inside) in rows.iter_mut().zip(rungs).zip(insides) {
        if let Some((best, inside)) = found.as_ref().ok().zip(inside) {
            fill_life(row, best, &inside);
        }
    }
}
