//! What requests that were only timed waited for.

use std::collections::BTreeMap;

use super::graph::Need;
use crate::serving::Extent;
use crate::units::{Seconds, SimSpan};
use crate::workload::Place;

/// A request as it was recorded.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) place: Place,
    pub(super) id: String,
    /// The session that sent it, if it is known.
    pub(super) agent: Option<String>,
    /// When, in milliseconds of the trace's clock.
    pub(super) received: f64,
    /// How long until it was answered.
    pub(super) took: SimSpan,
    pub(super) prompt: u32,
    pub(super) output: u32,
    pub(super) pages: Vec<Extent>,
}

/// A session that a request of another one started.
#[derive(Debug)]
pub(super) struct Launch {
    pub(super) child: String,
    /// The request whose answer started it.
    pub(super) source: Option<String>,
    /// The request that waited for its end; none if it went on in the background.
    pub(super) consumer: Option<String>,
}

impl Call {
    fn ended(&self) -> f64 {
        self.received + self.took.as_ms()
    }

    fn named(&self, is_sent: bool, delay: f64) -> Need {
        Need { id: self.id.clone(), is_sent, delay: ms(delay) }
    }

    /// The wait of what was received at `at` and needed this one: its answer if that was there by
    /// then, else that it was sent.
    fn before(&self, at: f64) -> Need {
        if self.ended() <= at {
            self.named(false, at - self.ended())
        } else {
            self.named(true, at - self.received)
        }
    }
}

/// A span that clocks may have made negative.
fn ms(delay: f64) -> SimSpan {
    SimSpan::from_seconds(Seconds::new(delay.max(0.0) / 1e3))
}

/// What each of the calls of a task, in order of time, waited for.
///
/// A session's call waits for the last one that was answered before it, and for sub-agents that it
/// consumed; a sub-agent's first call for the call that started it, or the parent's last one.
pub(super) fn needs(
    calls: &[Call],
    launches: &[Launch],
    parents: &BTreeMap<String, String>,
) -> Vec<Vec<Need>> {
    let of = |call: &Call| {
        let joined = joined(call, calls, launches);
        let before = calls.iter().take_while(|other| other.received < call.received);
        let own: Vec<&Call> = before.clone().filter(|other| other.agent == call.agent).collect();
        let answered = own.iter().filter(|other| other.ended() <= call.received);
        let last = answered.max_by(|a, b| a.ended().total_cmp(&b.ended()));
        let mut needs = match (last, own.first()) {
            // What the session itself took lies in the sub-agents' time.
            (Some(last), _) if !joined.is_empty() => vec![last.named(false, 0.0)],
            (Some(last), _) => vec![last.named(false, call.received - last.ended())],
            (None, Some(first)) => vec![first.before(call.received)],
            (None, None) => {
                let found = spawning(call, calls, (launches, parents));
                found.map(|parent| parent.before(call.received)).into_iter().collect()
            }
        };
        needs.extend(joined);
        needs
    };
    calls.iter().map(of).collect()
}

/// The ends of the sub-agents that a call waited for.
fn joined(call: &Call, calls: &[Call], launches: &[Launch]) -> Vec<Need> {
    let consumed = launches.iter().filter(|launch| launch.consumer.as_ref() == Some(&call.id));
    let lasts = consumed.filter_map(|launch| {
        let own = calls.iter().filter(|other| other.agent.as_ref() == Some(&launch.child));
        own.max_by(|a, b| a.ended().total_cmp(&b.ended()))
    });
    let lasts: Vec<&Call> = lasts.filter(|last| last.id != call.id).collect();
    let end = lasts.iter().map(|last| last.ended()).fold(f64::NEG_INFINITY, f64::max);
    lasts.iter().map(|last| last.named(false, call.received - end)).collect()
}

/// The call that started a session whose first call is `call`.
fn spawning<'a>(
    call: &Call,
    calls: &'a [Call],
    (launches, parents): (&[Launch], &BTreeMap<String, String>),
) -> Option<&'a Call> {
    let agent = call.agent.as_ref()?;
    let launch = launches.iter().find(|launch| launch.child == *agent);
    let source = launch.and_then(|launch| launch.source.as_ref());
    let named = source.and_then(|source| calls.iter().find(|other| other.id == *source));
    let parent = parents.get(agent);
    let earlier = || {
        let before = calls.iter().take_while(|other| other.received < call.received);
        let of_parent = before.filter(|other| other.agent.as_ref() == parent && parent.is_some());
        // The last that was answered; if none was, the last that was sent.
        let is_answered = |other: &Call| other.ended() <= call.received;
        of_parent.max_by(|a, b| {
            let answered = is_answered(a).cmp(&is_answered(b));
            answered.then(a.received.total_cmp(&b.received))
        })
    };
    named.filter(|named| named.received < call.received).or_else(earlier)
}
