//! Groups of ranks in lockstep.

use super::{Balance, RankFigures, RankUse};
use crate::cost::{Batch, Cost, FineTime, Lockstep, Pricer, Series, Skew};
use crate::serving::engine::Proposal;
use crate::serving::kv::{Below, Nothing};
use crate::serving::{
    Engine, Extent, Limits, Meter, Note, Outcome, Percentiles, Replica, Request, TooLong,
};
use crate::units::{SimSpan, SimTime};

/// A replica whose groups of ranks have their own sequences, pages, prefix caches and limits, and
/// make every step together.
///
/// Each group is a [`Replica`] that prices nothing itself.
#[derive(Debug)]
pub struct Convoy<P> {
    pub(super) pricer: P,
    pub(super) ranks: Vec<Replica<P>>,
    balance: Balance,
    /// The group whose turn it is.
    turn: usize,
    /// Requests sent to each since the last reset.
    sent: Vec<u64>,
    pub(super) underway: Option<Underway>,
    /// The steps that are under way.
    lockstep: Lockstep,
    /// When the last step ended.
    pub(super) ended: FineTime,
    steps_ended: u64,
    /// Time alone; groups count for themselves.
    meter: Meter,
    skew: Skew,
    evenness: Evenness,
}

/// Mean tokens of a group over the most of one, in whole 2⁻³², so that sums over steps are exact.
#[derive(Clone, Copy, Debug, Default)]
struct Evenness {
    /// Of a step that is under way.
    step: u64,
    /// Of all steps since the last reset.
    sum: u128,
}

impl Evenness {
    fn of(&mut self, tokens: u32, most: u32, groups: usize) {
        self.step = (u64::from(tokens) << 32) / (u64::from(most) * groups as u64).max(1);
    }

    fn pass(&mut self, steps: u64) {
        self.sum += u128::from(self.step) * u128::from(steps);
    }
}

/// Steps under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Underway {
    pub(super) start: FineTime,
    end: FineTime,
    steps: u64,
    is_booked: bool,
}

impl<P: Pricer> Convoy<P> {
    /// Idle groups, as many as `limits` has, that share its budgets and `pages` KV pages evenly.
    pub fn new(
        pricer: P,
        limits: Limits,
        pages: u64,
        ttl: Option<SimSpan>,
        balance: Balance,
    ) -> Self {
        let groups = limits.groups.max(1);
        let each = Limits {
            max_batched_tokens: limits.max_batched_tokens.div_ceil(groups),
            max_seqs: limits.max_seqs.div_ceil(groups),
            groups: 1,
            ..limits
        };
        let pages = pages / u64::from(groups);
        let rank = |_| Replica::new(pricer.clone(), each, pages, ttl);
        Self {
            ranks: (0..groups).map(rank).collect(),
            pricer,
            balance,
            turn: 0,
            sent: vec![0; groups as usize],
            underway: None,
            lockstep: Lockstep::default(),
            ended: FineTime::default(),
            steps_ended: 0,
            meter: Meter::default(),
            skew: Skew::default(),
            evenness: Evenness::default(),
        }
    }
}

impl<P: Pricer> Convoy<P> {
    /// The same, driven and measured otherwise.
    pub fn with(self, engine: Engine, percentiles: Percentiles) -> Self {
        let ranks = self.ranks.into_iter();
        let ranks = ranks.map(|rank| rank.with_engine(engine).with_percentiles(percentiles));
        Self { ranks: ranks.collect(), ..self }
    }

    /// The groups.
    pub fn ranks(&self) -> &[Replica<P>] {
        &self.ranks
    }

    /// How percentiles are found.
    pub fn percentiles(&self) -> Percentiles {
        self.ranks[0].percentiles()
    }

    /// What a request waits between its client and [`submit`](Self::submit).
    pub fn dispatch(&self) -> SimSpan {
        self.ranks[0].dispatch()
    }

    /// What a request of `prompt` tokens waits there besides.
    pub fn reading(&self, prompt: u32) -> SimSpan {
        self.ranks[0].reading(prompt)
    }

    /// `content` in a list that an earlier request has left behind, if one has.
    pub fn copied(&mut self, content: &[Extent]) -> Vec<Extent> {
        let most = self.ranks.iter_mut().max_by_key(|rank| rank.lists());
        most.expect("there is a group").copied(content)
    }

    /// Queues a request that arrives at `now` at a group, unless it could never fit.
    pub fn submit(&mut self, now: SimTime, request: Request) -> Result<(), TooLong> {
        self.ranks[0].check(request.prompt + request.output)?;
        let rank = self.next(now, (&request.content, request.prompt), &|_| 0);
        self.note_sent(rank);
        self.submit_to(now, rank, request)
    }

    /// The same at the group numbered `rank`.
    pub(super) fn submit_to(
        &mut self,
        now: SimTime,
        rank: usize,
        request: Request,
    ) -> Result<(), TooLong> {
        if self.ranks[rank].may_admit(&request) {
            self.observe(now);
        }
        self.ranks[rank].submit(now, request)
    }

    /// Counts a request that goes to the group numbered `rank`.
    pub(super) fn note_sent(&mut self, rank: usize) {
        self.sent[rank] += 1;
        self.turn = (rank + 1) % self.ranks.len();
    }

    /// The group that the next request goes to, if its prompt is of this content and so many
    /// tokens and `bound` requests are on their way to each group.
    pub(super) fn next(
        &mut self,
        now: SimTime,
        (content, prompt): (&[Extent], u32),
        bound: &dyn Fn(usize) -> usize,
    ) -> usize {
        let found = match self.balance {
            Balance::RoundRobin => return self.turn,
            Balance::LeastLoaded => Vec::new(),
            Balance::Prefix => self.found(now, content, prompt),
        };
        let most = found.iter().max();
        let key = |(index, rank): (usize, &Replica<P>)| {
            (found.get(index) < most, score(rank) + WAITING * bound(index))
        };
        let keys = self.ranks.iter().enumerate().map(key).enumerate();
        keys.min_by_key(|&(_, key)| key).map_or(0, |(index, _)| index)
    }

    /// Tokens of a prompt that each group has in its cache.
    fn found(&mut self, now: SimTime, content: &[Extent], prompt: u32) -> Vec<u32> {
        self.observe(now);
        self.ranks.iter_mut().map(|rank| rank.cached(now, content, prompt)).collect()
    }

    /// Starts a step, or a stretch of steps, if none is under way and there is work.
    pub fn start_step(&mut self, now: SimTime) {
        self.start_step_over(now, &mut Nothing);
    }

    /// The same; what is admitted may find pages in the stores `below`.
    pub(super) fn start_step_over<B: Below>(&mut self, now: SimTime, below: &mut B) {
        if self.underway.is_some() {
            return;
        }
        let start = if self.ended.ceil() == now { self.ended } else { FineTime::at(now) };
        let ranks = self.ranks.iter_mut();
        let proposals: Vec<_> = ranks.map(|rank| rank.propose(now, below)).collect();
        let mut working = proposals.iter().flatten().peekable();
        self.underway = if working.peek().is_none() {
            None
        } else if working.all(|proposal| matches!(proposal, Proposal::Stretch)) {
            Some(self.begin_stretch(start, &proposals))
        } else {
            Some(self.begin_step(start, &proposals))
        };
        for (rank, proposal) in self.ranks.iter_mut().zip(&proposals) {
            if proposal.is_none() {
                rank.note_load(now);
            }
        }
    }

    /// Begins as many decode steps as pass without a change in any group.
    fn begin_stretch(&mut self, start: FineTime, proposals: &[Option<Proposal>]) -> Underway {
        let (mut all, mut own) = (Batch::default(), Vec::with_capacity(proposals.len()));
        let mut most = 0;
        for (rank, proposal) in working(&self.ranks, proposals) {
            let batch = rank.batch_of(proposal);
            all += batch;
            most = most.max(batch.tokens());
            own.push(rank.own_series());
        }
        self.evenness.of(all.tokens(), most, self.ranks.len());
        self.lockstep = Lockstep::new(self.pricer.common_cost(&all), &own);
        let series = *self.lockstep.series();
        let mut steps = series.pace().steps();
        for (rank, _) in working(&self.ranks, proposals) {
            steps = rank.stretch(start, steps);
        }
        for (rank, proposal) in self.ranks.iter_mut().zip(proposals) {
            if proposal.is_some() {
                rank.join_stretch(start, &series, steps);
            }
        }
        Underway { start, end: start + series.pace().span(steps), steps, is_booked: false }
    }

    /// Begins a single step.
    fn begin_step(&mut self, start: FineTime, proposals: &[Option<Proposal>]) -> Underway {
        let (mut all, mut again, mut most) = (Batch::default(), 0, 0);
        let (mut own, mut own_decodes) = (Vec::new(), Vec::new());
        for (rank, proposal) in working(&self.ranks, proposals) {
            let batch = rank.batch_of(proposal);
            all += batch;
            most = most.max(batch.tokens());
            if let Proposal::Single { recomputed, .. } = proposal {
                again += recomputed;
            }
            let decode = (batch.decode.sequences > 0)
                .then(|| Series::single(self.pricer.own_series(&batch.decode, &[0; _]).first()));
            own_decodes.extend(decode);
            own.push(match decode {
                Some(decode) if batch.prefill.tokens == 0 => decode,
                _ => Series::single(self.pricer.own_cost(&batch)),
            });
        }
        let whole = Lockstep::new(self.pricer.common_cost(&all), &own);
        let decodes = match all.decode.sequences {
            0 => Cost::default(),
            _ if all.prefill.tokens == 0 => whole.series().first(),
            _ => {
                let common = self.pricer.common_cost(&all.decode_only());
                Lockstep::new(common, &own_decodes).series().first()
            }
        };
        let costs = [whole.series().first(), decodes];
        let mut booked = costs[0];
        self.meter.book_told(&all, again, &mut booked, &decodes);
        self.skew += whole.skew(1);
        self.evenness.of(all.tokens(), most, self.ranks.len());
        self.evenness.pass(1);
        for (rank, proposal) in self.ranks.iter_mut().zip(proposals) {
            if let Some(proposal) = proposal {
                rank.join_step(start, proposal, costs);
            }
        }
        Underway { start, end: start + costs[0].span(), steps: 1, is_booked: true }
    }

    /// When what is under way ends, or would end if nobody told the groups anything before.
    pub fn next_end(&self) -> Option<SimTime> {
        self.underway.as_ref().map(|underway| underway.end.ceil())
    }

    /// Ends what is under way at its [`next_end`](Self::next_end); adds the requests it completed
    /// to `done`.
    pub fn finish_step(&mut self, now: SimTime, done: &mut Vec<Outcome>) {
        let underway = self.underway.take().expect("a step ends that began");
        if !underway.is_booked {
            self.book(underway.steps);
        }
        self.ended = underway.end;
        self.steps_ended += underway.steps;
        for rank in &mut self.ranks {
            if rank.next_end().is_some() {
                rank.finish_step(now, done);
            }
        }
    }

    /// Brings meters and caches up to `now`. The step that is under way is the last of its stretch
    /// then.
    pub fn observe(&mut self, now: SimTime) {
        let Some(underway) = self.underway.filter(|underway| !underway.is_booked) else { return };
        let pace = self.lockstep.series().pace();
        let passed = FineTime::at(now).since(underway.start);
        let ended = pace.fitting(passed, underway.steps - 1);
        let [start, end] = [ended, ended + 1].map(|steps| underway.start + pace.span(steps));
        self.book(ended + 1);
        self.steps_ended += ended;
        self.underway = Some(Underway { start, end, steps: 1, is_booked: true });
        self.ranks.iter_mut().for_each(|rank| rank.observe(now));
    }

    fn book(&mut self, steps: u64) {
        self.meter.book_told_decodes(steps, &self.lockstep.series().cost(steps));
        self.skew += self.lockstep.skew(steps);
        self.evenness.pass(steps);
    }

    /// Fills the cache of a group with content that earlier calls of the task `session` left there.
    pub fn warm(&mut self, session: u64, content: &[Extent]) {
        let rank = (session % self.ranks.len() as u64) as usize;
        self.ranks[rank].warm(SimTime::ZERO, content);
    }

    /// What all groups measured since the last reset.
    pub fn meter(&self) -> Meter {
        let mut all = self.meter.clone();
        self.ranks.iter().for_each(|rank| all.add_beside(rank.meter()));
        all
    }

    /// How evenly they were loaded.
    pub fn figures(&self) -> RankFigures {
        let of = |(rank, &requests): (&Replica<P>, &u64)| RankUse {
            requests,
            tokens: rank.meter().tokens,
            busy: rank.meter().busy().total(),
            peak_held_pages: rank.meter().peak_held_pages,
        };
        RankFigures {
            balance: self.balance,
            slowest: self.skew.slowest.seconds(),
            mean: self.skew.all.seconds() * (1.0 / self.ranks.len() as f64),
            steps: self.meter.busy().total(),
            balance_ratio: (self.meter.steps > 0)
                .then(|| self.evenness.sum as f64 / self.meter.steps as f64 / (1u64 << 32) as f64),
            made: self.meter.steps,
            replicas: 1,
            ranks: self.ranks.iter().zip(&self.sent).map(of).collect(),
        }
    }

    /// Forgets what was measured before `now` (after a warm-up).
    pub fn reset_meter(&mut self, now: SimTime) {
        self.observe(now);
        self.ranks.iter_mut().for_each(|rank| rank.reset_meter(now));
        self.meter = Meter::new(self.percentiles());
        self.skew = Skew::default();
        self.evenness = Evenness::default();
        self.sent.fill(0);
    }

    /// Keeps notes of the groups' steps from now on.
    pub fn keep_notes(&mut self) {
        self.ranks.iter_mut().for_each(Replica::keep_notes);
    }

    /// Takes the notes made since the last time, group by group.
    pub fn take_notes(&mut self) -> impl Iterator<Item = (u32, Note)> {
        let ranks = (0..).zip(&mut self.ranks);
        ranks.flat_map(|(index, rank)| rank.take_notes().map(move |note| (index, note)))
    }

    /// Steps that have ended since the beginning.
    pub fn steps_ended(&self) -> u64 {
        self.steps_ended
    }
}

/// What a request that waits counts, one that runs being one.
const WAITING: usize = 4;

/// Requests that run, and four times those that wait.
fn score<P: Pricer>(rank: &Replica<P>) -> usize {
    let [waiting, running] = rank.load();
    WAITING * waiting + running
}

/// The groups that have something to do.
fn working<'a, P>(
    ranks: &'a [Replica<P>],
    proposals: &'a [Option<Proposal>],
) -> impl Iterator<Item = (&'a Replica<P>, &'a Proposal)> {
    ranks.iter().zip(proposals).filter_map(|(rank, proposal)| Some((rank, proposal.as_ref()?)))
}
