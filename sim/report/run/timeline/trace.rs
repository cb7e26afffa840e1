//! Events as JSON, within a window and a number.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Value, json};

use crate::units::SimTime;

/// What of a run a timeline shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Nothing before this.
    pub from: SimTime,
    /// Nothing from this on.
    pub to: SimTime,
    /// Most events, names of threads and processes not counted.
    pub most: u64,
}

/// What a timeline came to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Events written.
    pub events: u64,
    /// The window, cut where there was no room for more.
    pub window: (SimTime, SimTime),
    /// Events that fell into the window that was asked for, but not into the one that was cut.
    pub left_out: u64,
}

/// Where a slice or a counter is drawn.
#[derive(Clone, Debug)]
pub(super) struct Track {
    pub(super) process: u32,
    thread: u32,
    name: String,
    /// From top to bottom within its process.
    place: u32,
    is_named: bool,
}

/// An event, in the order of Chrome's documentation.
#[derive(Serialize)]
struct Event<'a> {
    name: &'a str,
    ph: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cat: Option<&'static str>,
    ts: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    dur: Option<f64>,
    pid: u32,
    tid: u32,
    /// Of an arrow.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u32>,
    /// An arrow ends at the slice around its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    bp: Option<&'static str>,
    /// How far a mark reaches.
    #[serde(skip_serializing_if = "Option::is_none")]
    s: Option<&'static str>,
    #[serde(skip_serializing_if = "Value::is_null")]
    args: Value,
}

/// A trace that is being written.
#[derive(Debug)]
pub(super) struct Trace<W> {
    out: W,
    asked: Frame,
    /// Where the window ends, now that there may be no room for more.
    to: SimTime,
    events: u64,
    left_out: u64,
    threads: u32,
    is_first: bool,
    failure: Option<io::Error>,
}

/// Threads are numbered from here, so that none has the number of a process.
const FIRST_THREAD: u32 = 1000;

/// Microseconds of a whole number of nanoseconds, which is what viewers keep.
fn micros(time: SimTime) -> f64 {
    nanos(time) as f64 / 1000.0
}

fn nanos(time: SimTime) -> u64 {
    time.since_start().as_ps() / 1000
}

impl<W: Write> Trace<W> {
    pub(super) fn new(out: W, asked: Frame) -> Self {
        let (to, threads) = (asked.to, FIRST_THREAD);
        let mut trace =
            Self { out, asked, to, events: 0, left_out: 0, threads, is_first: true, failure: None };
        trace.put(b"{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n");
        trace
    }

    /// Where nothing is drawn before.
    pub(super) fn from(&self) -> SimTime {
        self.asked.from
    }

    /// A thread of `process`, named when something is drawn there.
    pub(super) fn thread(&mut self, process: u32, name: String, place: u32) -> Track {
        self.threads += 1;
        Track { process, thread: self.threads, name, place, is_named: false }
    }

    /// Names a process; the lower the place, the higher it stands.
    pub(super) fn name_process(&mut self, process: u32, name: &str, place: u32) {
        self.name("process_name", (process, 0), &json!({ "name": name }));
        self.name("process_sort_index", (process, 0), &json!({ "sort_index": place }));
    }

    /// A slice from `start` to `end`, as far as it is in the window.
    pub(super) fn slice(
        &mut self,
        track: &mut Track,
        name: &str,
        (start, end): (SimTime, SimTime),
        args: Value,
    ) {
        if start >= self.asked.to || end <= self.asked.from {
            return;
        }
        let (start, end) = (start.max(self.asked.from), end.min(self.to));
        if !self.has_room(start) {
            return;
        }
        self.name_thread(track);
        let length = nanos(end).saturating_sub(nanos(start));
        self.write(&Event {
            dur: Some(length as f64 / 1000.0),
            args,
            ..Event::at(name, "X", start, track.process, track.thread)
        });
    }

    /// What `name` of `process` is from `at` on, by series.
    pub(super) fn counter(&mut self, process: u32, name: &str, at: SimTime, args: Value) {
        if at >= self.asked.from && at < self.asked.to && self.has_room(at) {
            self.write(&Event { args, ..Event::at(name, "C", at, process, 0) });
        }
    }

    /// A mark over a process, or over everything.
    pub(super) fn mark(&mut self, process: Option<u32>, name: &str, at: SimTime) {
        if at >= self.asked.from && at < self.asked.to && self.has_room(at) {
            let reach = if process.is_some() { "p" } else { "g" };
            let event = Event::at(name, "i", at, process.unwrap_or(1), 0);
            self.write(&Event { s: Some(reach), ..event });
        }
    }

    /// An arrow numbered `id` between two slices that begin at `at`.
    pub(super) fn arrow(&mut self, id: u32, at: SimTime, from: &Track, to: &Track) {
        let at = at.max(self.asked.from);
        let has_room = at < self.to && self.events + 2 <= self.asked.most;
        if !from.is_named || !to.is_named || !has_room {
            return;
        }
        for (ph, track, bp) in [("s", from, None), ("f", to, Some("e"))] {
            let event = Event::at("KV", ph, at, track.process, track.thread);
            self.write(&Event { cat: Some("KV"), id: Some(id), bp, ..event });
        }
    }

    /// Closes the window at `now` if `open` slices that are under way leave no room for others.
    pub(super) fn make_room(&mut self, now: SimTime, open: u64) {
        if now >= self.asked.from && self.events + open >= self.asked.most {
            self.to = self.to.min(now);
        }
    }

    /// Whether there is room for an event that begins at `at`; what there is none for is counted.
    fn has_room(&mut self, at: SimTime) -> bool {
        let has_room = at < self.to && self.events < self.asked.most;
        self.left_out += u64::from(!has_room);
        has_room
    }

    fn name_thread(&mut self, track: &mut Track) {
        if std::mem::replace(&mut track.is_named, true) {
            return;
        }
        let place = (track.process, track.thread);
        self.name("thread_name", place, &json!({ "name": track.name }));
        self.name("thread_sort_index", place, &json!({ "sort_index": track.place }));
    }

    fn name(&mut self, what: &str, (pid, tid): (u32, u32), args: &Value) {
        self.line(&json!({ "name": what, "ph": "M", "pid": pid, "tid": tid, "args": args }));
    }

    fn write(&mut self, event: &Event) {
        self.events += 1;
        self.line(event);
    }

    fn line(&mut self, event: &impl Serialize) {
        if !std::mem::replace(&mut self.is_first, false) {
            self.put(b",\n");
        }
        if self.failure.is_none() {
            self.failure = serde_json::to_writer(&mut self.out, event).err().map(io::Error::from);
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        if self.failure.is_none() {
            self.failure = self.out.write_all(bytes).err();
        }
    }

    /// Ends the trace of a run that ended at `end`, and says what it shows. Fails as the first
    /// write did that failed.
    pub(super) fn finish(mut self, end: SimTime, about: &Value) -> io::Result<(W, Shown)> {
        let to = self.to.min(end.max(self.asked.from));
        let window = (self.asked.from, to);
        let shown = Shown { events: self.events, window, left_out: self.left_out };
        let seconds = [window.0, window.1].map(|at| at.since_start().seconds().get());
        let other = json!({
            "program": "memwall",
            "memwall_version": env!("CARGO_PKG_VERSION"),
            "run": about,
            "window_s": seconds,
            "events": shown.events,
            "events_left_out": shown.left_out,
        });
        self.put(format!("\n],\"otherData\":{other}}}\n").as_bytes());
        match self.failure {
            Some(error) => Err(error),
            None => Ok((self.out, shown)),
        }
    }
}

impl<'a> Event<'a> {
    fn at(name: &'a str, ph: &'static str, at: SimTime, pid: u32, tid: u32) -> Self {
        let ts = micros(at);
        let (cat, dur, id, bp, s) = (None, None, None, None, None);
        Event { name, ph, cat, ts, dur, pid, tid, id, bp, s, args: Value::Null }
    }
}
