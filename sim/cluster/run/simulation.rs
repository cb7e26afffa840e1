//! The event loop.

use std::borrow::Borrow;
use std::collections::VecDeque;

use super::client::{ActiveTask, CallRef, Consequences, News, Next};
use super::plan::{Event, Load, Progress, RunPlan};
use super::result::RunResult;
use super::service::Service;
use super::sketches::Sketches;
use crate::cluster::door::Door;
use crate::des::EventQueue;
use crate::serving::{Outcome, Percentiles, Request, RequestId};
use crate::units::{SimSpan, SimTime};
use crate::workload::{Cause, Task};

/// A closed loop whose every request is too long would never end: it stops starting tasks after
/// this many rejections with no answer between them.
const HOPELESS: u64 = 1000;

/// Events between two reports of progress.
const REPORT_EVERY: u64 = 1 << 14;

/// Runs `tasks` on `service` as `plan` says, telling `watch` now and then how far it has come.
pub fn simulate<V: Service, T: Borrow<Task>>(
    service: V,
    tasks: impl Iterator<Item = T>,
    plan: RunPlan,
    watch: &mut dyn FnMut(Progress),
) -> RunResult {
    simulate_while(service, tasks, plan, watch, &mut |_| true)
}

/// The same, but stops once `goes_on` says so, which sees every request that ends in the window.
pub fn simulate_while<V: Service, T: Borrow<Task>>(
    service: V,
    tasks: impl Iterator<Item = T>,
    plan: RunPlan,
    watch: &mut dyn FnMut(Progress),
    goes_on: &mut dyn FnMut(&Outcome) -> bool,
) -> RunResult {
    let sketches = match service.percentiles() {
        Percentiles::Exact => None,
        Percentiles::Sketch => Some(Box::<Sketches>::default()),
    };
    let mut simulation = Simulation {
        service,
        source: tasks,
        door: plan.load.per_user().map(Door::new),
        plan,
        queue: EventQueue::new(),
        fetched: None,
        tasks: Vec::new(),
        vacant: Vec::new(),
        owners: VecDeque::new(),
        gone: 0,
        done: Vec::new(),
        then: Consequences::default(),
        is_measuring: plan.warmup == SimSpan::ZERO,
        is_given_up: false,
        measured_from: SimTime::ZERO,
        rejected_in_a_row: 0,
        result: RunResult { sketches, ..RunResult::default() },
    };
    simulation.run(watch, goes_on);
    simulation.finish()
}

struct Simulation<V, S: Iterator> {
    service: V,
    source: S,
    plan: RunPlan,
    door: Option<Door<S::Item>>,
    queue: EventQueue<Event>,
    /// The task that starts next (open loop).
    fetched: Option<S::Item>,
    tasks: Vec<Option<ActiveTask<S::Item>>>,
    vacant: Vec<u32>,
    /// Whose call each request is, in order of their identities, from the oldest unanswered one on;
    /// none once it is answered.
    owners: VecDeque<Option<CallRef>>,
    /// Requests before those.
    gone: u32,
    done: Vec<Outcome>,
    /// Empty between events, and kept for its room.
    then: Consequences,
    is_measuring: bool,
    is_given_up: bool,
    measured_from: SimTime,
    rejected_in_a_row: u64,
    result: RunResult,
}

impl<V: Service, S: Iterator<Item: Borrow<Task>>> Simulation<V, S> {
    fn run(&mut self, watch: &mut dyn FnMut(Progress), goes_on: &mut dyn FnMut(&Outcome) -> bool) {
        self.open();
        for handled in 1u64.. {
            let Some((now, event)) = self.next() else { break };
            if now == SimTime::NEVER {
                self.result.is_cut_off = true;
                break;
            }
            match event {
                None => self.on_service(now, goes_on),
                Some(Event::Start) => self.on_start(now),
                Some(Event::Arrive { call, sent }) => self.on_arrive(now, call, sent),
                Some(Event::Measure) => self.on_measure(now),
                Some(Event::Stop) => break,
            }
            if self.is_given_up || self.has_enough() {
                break;
            }
            if handled.is_multiple_of(REPORT_EVERY) {
                watch(Progress { now, completed: self.result.requests.completed });
            }
        }
    }

    /// What happens next, and when: an event, or, first of all at one instant, what the service has
    /// under way.
    fn next(&mut self) -> Option<(SimTime, Option<Event>)> {
        match self.service.next_time() {
            Some(end) if self.queue.next_time().is_none_or(|next| end <= next) => {
                self.queue.advance(end);
                Some((end, None))
            }
            _ => self.queue.pop().map(|(now, event)| (now, Some(event))),
        }
    }

    fn has_enough(&self) -> bool {
        self.plan
            .requests
            .is_some_and(|wanted| self.is_measuring && self.result.measured() >= wanted)
    }

    /// Schedules what is known at the beginning.
    fn open(&mut self) {
        if let Some(horizon) = self.plan.horizon {
            self.queue.schedule(SimTime::after_start(horizon), Event::Stop);
        }
        if self.plan.warmup > SimSpan::ZERO {
            self.queue.schedule(SimTime::after_start(self.plan.warmup), Event::Measure);
        }
        match self.plan.load {
            Load::Closed { concurrency } => {
                for _ in 0..concurrency {
                    self.start_next(SimTime::ZERO);
                }
            }
            Load::Arrivals | Load::PerUser(_) | Load::Timestamps => self.schedule_arrival(),
        }
    }

    /// Starts the next task now (closed loop).
    fn start_next(&mut self, now: SimTime) {
        if self.rejected_in_a_row >= HOPELESS {
            return;
        }
        if let Some(task) = self.source.next() {
            self.start(now, task);
        }
    }

    /// Schedules the next task's own start (open loop).
    fn schedule_arrival(&mut self) {
        if let Some(task) = self.source.next() {
            let start = SimTime::after_start(task.borrow().start).max(self.queue.now());
            self.fetched = Some(task);
            self.queue.schedule(start, Event::Start);
        }
    }

    fn on_start(&mut self, now: SimTime) {
        let task = self.fetched.take().expect("a task starts that was fetched");
        let next = self.result.tasks.started + 1;
        let enters = match &mut self.door {
            Some(door) => door.knock(now, next, task),
            None => Some(task),
        };
        if let Some(task) = enters {
            self.start(now, task);
        }
        self.schedule_arrival();
    }

    fn start(&mut self, now: SimTime, task: S::Item) {
        self.result.tasks.started += 1;
        self.result.tasks.calls += task.borrow().calls().count() as u64;
        let by_timestamp = self.plan.load == Load::Timestamps;
        let number = self.result.tasks.started;
        let mut active = ActiveTask::new(task, number, now, by_timestamp);
        self.result.tasks.escalated += u64::from(active.is_escalated);
        let slot = self.vacant.pop().unwrap_or(self.tasks.len() as u32);
        let mut then = std::mem::take(&mut self.then);
        active.start(slot, &mut then);
        if slot as usize == self.tasks.len() {
            self.tasks.push(Some(active));
        } else {
            self.tasks[slot as usize] = Some(active);
        }
        self.follow(now, slot, then);
    }

    /// From a call's client to the replica.
    fn way(&self, at: CallRef) -> SimSpan {
        let task = self.tasks[at.slot as usize].as_ref();
        let call = task.expect("calls belong to tasks in flight").call(at);
        self.service.way(call.model, call.prompt)
    }

    fn on_arrive(&mut self, now: SimTime, at: CallRef, sent: SimTime) {
        let id = RequestId(self.gone + self.owners.len() as u32);
        let task = self.tasks[at.slot as usize].as_ref();
        let task = task.expect("calls belong to tasks in flight");
        let (session, call) = (task.number, task.call(at));
        let request = Request {
            id,
            arrival: sent,
            prompt: call.prompt,
            output: call.output,
            content: self.service.copied(&call.content),
            model: call.model,
            priority: self.plan.classes.priority(session, at.chain),
        };
        let agent = task.agent(at);
        self.service.hear(now, News::Calls { agent, task: session, id });
        self.owners.push_back(Some(at));
        self.result.requests.submitted += 1;
        if self.service.submit(now, request, session).is_err() {
            self.disown(id);
            self.result.requests.rejected += 1;
            self.rejected_in_a_row += 1;
            self.on_call_end(now, at, true);
        }
    }

    fn on_service(&mut self, now: SimTime, goes_on: &mut dyn FnMut(&Outcome) -> bool) {
        let mut done = std::mem::take(&mut self.done);
        self.service.advance(now, &mut done);
        for outcome in done.drain(..) {
            self.result.requests.completed += 1;
            self.rejected_in_a_row = 0;
            self.is_given_up |= self.is_measuring && !goes_on(&outcome);
            match &mut self.result.sketches {
                Some(sketches) => sketches.record(&outcome),
                None => self.result.outcomes.push(outcome),
            }
            let owner = self.disown(outcome.id);
            if let Some(door) = &mut self.door {
                let task = self.tasks[owner.slot as usize].as_ref();
                let number = task.expect("calls belong to tasks in flight").number;
                door.serve(number, u64::from(outcome.prompt) + u64::from(outcome.output));
            }
            self.on_call_end(now, owner, false);
        }
        self.done = done;
    }

    /// Whose call a request was that has come to its end.
    fn disown(&mut self, id: RequestId) -> CallRef {
        let owner = self.owners[(id.0 - self.gone) as usize].take();
        while let Some(None) = self.owners.front() {
            self.owners.pop_front();
            self.gone += 1;
        }
        owner.expect("a request ends once")
    }

    fn on_call_end(&mut self, now: SimTime, at: CallRef, is_rejected: bool) {
        let mut then = std::mem::take(&mut self.then);
        let task = self.task(at.slot);
        task.on_end(at, now, is_rejected, &mut then);
        if task.has_left(at) {
            let agent = task.agent(at);
            self.service.hear(now, News::Ends { agent });
        }
        self.follow(now, at.slot, then);
    }

    fn on_measure(&mut self, now: SimTime) {
        self.is_measuring = true;
        self.measured_from = now;
        self.service.reset(now);
        self.door.iter_mut().for_each(|door| door.reset(now));
        self.result.outcomes.clear();
        if let Some(sketches) = &mut self.result.sketches {
            **sketches = Sketches::default();
        }
        self.result.task_spans.clear();
        self.result.escalated_spans.clear();
        self.result.task_starts.clear();
        self.result.unended_starts.clear();
    }

    /// Schedules the calls that follow, and closes a task that has ended.
    fn follow(&mut self, now: SimTime, slot: u32, mut then: Consequences) {
        let mut next = 0;
        while let Some(&(time, call)) = then.sends.get(next) {
            next += 1;
            let time = self.sent_at(now, time, call);
            let way = self.way(call);
            self.queue.schedule(time + way, Event::Arrive { call, sent: time });
            self.task(slot).on_sent(call, time, now, &mut then);
        }
        then.sends.clear();
        let has_ended = std::mem::take(&mut then.has_ended);
        self.then = then;
        if has_ended {
            self.close(now, slot);
        }
    }

    /// When a call is sent whose tool would end at `time` if there were a core for it at once.
    fn sent_at(&mut self, now: SimTime, time: SimTime, at: CallRef) -> SimTime {
        let task = self.tasks[at.slot as usize].as_ref();
        let task = task.expect("calls belong to tasks in flight");
        if self.plan.load == Load::Timestamps {
            return time;
        }
        let (agent, number, call) = (task.agent(at), task.number, task.call(at));
        let until = match call.cause {
            Cause::Tool => now + self.service.tool(now, time.since(now)),
            Cause::User => time,
        };
        // Stores lie below the first model's replicas alone.
        if call.cause == Cause::Tool && call.model == 0 {
            self.service.awaits(now, until, (&call.content, call.prompt), number);
        }
        let (cause, next) = (call.cause, Next { call: at.call, prompt: call.prompt });
        self.service.hear(now, News::Pauses { agent, task: number, until, cause, next });
        until
    }

    fn close(&mut self, now: SimTime, slot: u32) {
        let task = self.tasks[slot as usize].take().expect("a task ends once");
        self.vacant.push(slot);
        let is_kept = task.started >= self.measured_from && self.result.sketches.is_none();
        if task.has_failed {
            self.result.tasks.failed += 1;
            self.result.unended_starts.extend(is_kept.then_some(task.started));
        } else {
            self.result.tasks.completed += 1;
            if is_kept {
                let span = now.since(task.started);
                self.result.task_starts.push(task.started);
                self.result.task_spans.push(span);
                if task.is_escalated {
                    self.result.escalated_spans.push(span);
                }
            }
        }
        let next = self.result.tasks.started + 1;
        let door = self.door.as_mut();
        if let Some(waiting) = door.and_then(|door| door.leave(now, task.number, next)) {
            self.start(now, waiting);
        } else if matches!(self.plan.load, Load::Closed { .. }) {
            self.start_next(now);
        }
    }

    fn task(&mut self, slot: u32) -> &mut ActiveTask<S::Item> {
        self.tasks[slot as usize].as_mut().expect("calls belong to tasks in flight")
    }

    fn finish(mut self) -> RunResult {
        let account = self.service.close(self.queue.now());
        let counts = &mut self.result.requests;
        counts.in_flight = counts.submitted - counts.completed - counts.rejected;
        assert_eq!(counts.in_flight, account.in_flight, "requests are conserved");
        if self.result.sketches.is_none() {
            let open = self.tasks.iter().flatten().map(|task| task.started);
            let from = self.measured_from;
            self.result.unended_starts.extend(open.filter(|&start| start >= from));
        }
        self.result.ended = self.queue.now();
        self.result.door = self.door.as_ref().map(Door::figures);
        let tasks = &mut self.result.tasks;
        tasks.in_flight = tasks.started - tasks.completed - tasks.failed;
        self.result.calls_per_task = tasks.calls as f64 / tasks.started.max(1) as f64;
        self.result.events = self.queue.popped() + account.events;
        self.result.window = self.queue.now().since(self.measured_from);
        self.result.ranks = account.ranks;
        self.result.replicas = account.replicas;
        self.result.meter = account.meter;
        self.result.evicted_pages = account.evicted_pages;
        self.result.kv_pages = account.kv_pages;
        self.result
    }
}
