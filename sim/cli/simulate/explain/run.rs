//! `run --explain`: the same run in other worlds.

use super::worlds::{Seen, bands, in_worlds, worlds};
use crate::cli::Shell;
use crate::cluster::Order;
use crate::cost::StepProgram;
use crate::report::RunDocument;

/// Gives a run its bands: `again` runs the same work for another order.
pub(in crate::cli::simulate) fn band_run(
    document: &mut RunDocument,
    order: &Order,
    program: &StepProgram,
    shell: &Shell,
    again: impl Fn(&Order) -> Option<RunDocument> + Sync + Send,
) {
    let worlds = worlds(order, program, document.seed);
    let progress = shell.progress("asking how sure", worlds.len() as u64);
    let outcomes = in_worlds(&worlds, order, |order: &Order| {
        let document = again(order);
        progress.advance(1);
        document.map(|document| seen_of(&document))
    });
    let own = seen_of(document);
    let outcomes: Vec<_> = outcomes.iter().map(Option::as_ref).collect();
    (document.bands, document.band_causes) = bands(&own, &own, &worlds, &outcomes);
}

fn seen_of(document: &RunDocument) -> Seen {
    let (figures, shares) = (document.figures().to_vec(), document.shares());
    Seen { figures, shares }
}
