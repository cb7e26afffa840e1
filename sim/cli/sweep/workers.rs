//! Points on all cores, rows into parts, parts into the folder.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::job::Job;
use super::store::{Folder, Row};
use crate::cli::{CliError, Shell};

/// How long to compute before saying how long it will take.
const FIRST_LOOK: Duration = Duration::from_secs(1);

/// Less than this is not worth an announcement.
const SOON: f64 = 5.0;

/// A row and where it belongs, or why the machine cannot go on.
type Message = (usize, Result<Row, CliError>);

/// The points that are to be computed, in their order.
struct Queue<'a> {
    job: &'a Job,
    parts: &'a [u64],
    next: AtomicUsize,
    stop: &'a AtomicBool,
}

impl Queue<'_> {
    /// Part and point at a place of the queue: all parts but the last are of one size.
    fn at(&self, place: usize) -> Option<(u64, u64)> {
        let size = self.job.part_points();
        let part = *self.parts.get(place / size as usize)?;
        let number = part * size + place as u64 % size;
        (number < self.job.points()).then_some((part, number))
    }

    fn work(&self, rows: &Sender<Message>) {
        while !self.stop.load(Ordering::Relaxed) {
            let place = self.next.fetch_add(1, Ordering::Relaxed);
            let Some((_, number)) = self.at(place) else { break };
            if rows.send((place, self.job.row(number))).is_err() {
                break;
            }
        }
    }
}

/// Computes `parts` on `threads` threads into `folder`, until done or `stop` is set: then what is
/// whole is kept. Says whether all are there.
pub(super) fn compute(
    job: &Job,
    parts: &[u64],
    threads: usize,
    folder: &Folder,
    (stop, shell): (&AtomicBool, &Shell),
) -> Result<bool, CliError> {
    let queue = Queue { job, parts, next: AtomicUsize::new(0), stop };
    let total: u64 = parts.iter().map(|&part| job.numbers(part).count() as u64).sum();
    let (sender, receiver) = channel();
    thread::scope(|scope| {
        for _ in 0..threads {
            let (queue, sender) = (&queue, sender.clone());
            scope.spawn(move || queue.work(&sender));
        }
        drop(sender);
        let end = collect(&queue, &receiver, folder, (total, shell));
        // Workers that are still at it have nothing left to do.
        stop.fetch_or(end.is_err(), Ordering::Relaxed);
        end
    })
}

fn collect(
    queue: &Queue,
    rows: &Receiver<Message>,
    folder: &Folder,
    (total, shell): (u64, &Shell),
) -> Result<bool, CliError> {
    let bar = shell.progress("points", total);
    let started = Instant::now();
    let (mut done, mut announced) = (0u32, false);
    let mut open: BTreeMap<u64, BTreeMap<u64, Row>> = BTreeMap::new();
    for (place, row) in rows {
        let (part, number) = queue.at(place).expect("workers compute what is queued");
        let whole = open.entry(part).or_default();
        whole.insert(number, row?);
        if whole.len() == queue.job.numbers(part).count() {
            let rows = open.remove(&part).expect("it was just filled");
            let rows: Vec<_> = rows.into_values().collect();
            folder.put(part, &queue.job.encode(part, &rows))?;
        }
        done += 1;
        bar.advance(1);
        if !announced && started.elapsed() >= FIRST_LOOK {
            announced = true;
            let left = started.elapsed().as_secs_f64() / f64::from(done)
                * (total as f64 - f64::from(done));
            if left > SOON {
                shell.inform(format!("{total} points take about {}", spoken(left)));
            }
        }
    }
    Ok(u64::from(done) == total)
}

/// A time as one says it.
pub(super) fn spoken(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => "less than a second".into(),
        s if s < 120.0 => format!("{} s", s.round()),
        s if s < 7200.0 => format!("{} min", (s / 60.0).round()),
        s => format!("{:.1} h", s / 3600.0),
    }
}
