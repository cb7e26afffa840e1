//! The door before a service: no user has more than so many tasks inside.

use std::collections::{BTreeMap, VecDeque};

use super::run::Summary;
use crate::des::{Stream, Streams};
use crate::units::{SimSpan, SimTime};

/// Users who share a service, each with at most so many tasks in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerUser {
    /// Users.
    pub users: u32,
    /// Tasks of one that are in flight at most; others of his wait, first come first served.
    pub most: u32,
    /// How unequal users are, in thousandths: the n-th sends `n^-skew` as many tasks as the first
    /// (Zipf's law).
    pub skew_milli: u32,
    /// Whose tasks are whose is drawn from a stream of this seed.
    pub seed: u64,
}

/// What came to pass at the door, of tasks that came within the window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DoorFigures {
    /// Users.
    pub users: u32,
    /// Tasks of one in flight at most.
    pub most: u32,
    /// Tasks that came.
    pub tasks: u64,
    /// Of these, tasks that did not enter at once.
    pub waited: u64,
    /// Tasks that wait when the run ends.
    pub waiting: u64,
    /// Waits of those that entered, those of none included; in milliseconds.
    pub wait: Option<Summary>,
    /// Jain's index of prompt and output tokens by user, over users who sent something: 1 if all
    /// were served alike, 1/n if one of n was served alone.
    pub fairness: Option<f64>,
}

/// Who is inside, and who waits.
#[derive(Debug)]
pub(super) struct Door<T> {
    rules: PerUser,
    stream: Stream,
    /// Sums of the users' weights.
    weights: Vec<f64>,
    users: Vec<User<T>>,
    /// Whose a task inside is, by its number.
    owners: BTreeMap<u64, usize>,
    waits: Vec<SimSpan>,
    came: u64,
    waited: u64,
    open_from: SimTime,
}

#[derive(Debug)]
struct User<T> {
    inside: u32,
    waiting: VecDeque<(SimTime, T)>,
    came: u64,
    tokens: u64,
}

impl<T> Door<T> {
    pub(super) fn new(rules: PerUser) -> Self {
        let skew = f64::from(rules.skew_milli) / 1000.0;
        let weights = (1..=rules.users.max(1)).scan(0.0, |sum, rank| {
            *sum += libm::pow(f64::from(rank), -skew);
            Some(*sum)
        });
        let user = || User { inside: 0, waiting: VecDeque::new(), came: 0, tokens: 0 };
        Self {
            stream: Streams::new(rules.seed).named("users", 0),
            weights: weights.collect(),
            users: (0..rules.users.max(1)).map(|_| user()).collect(),
            owners: BTreeMap::new(),
            waits: Vec::new(),
            came: 0,
            waited: 0,
            open_from: SimTime::ZERO,
            rules,
        }
    }

    /// A task comes: it enters with the number `next`, or waits.
    pub(super) fn knock(&mut self, now: SimTime, next: u64, task: T) -> Option<T> {
        let drawn = self.stream.unit() * self.weights.last().expect("there is a user");
        let user = self.weights.partition_point(|sum| *sum <= drawn).min(self.users.len() - 1);
        let owner = &mut self.users[user];
        owner.came += 1;
        self.came += 1;
        if owner.inside >= self.rules.most {
            self.waited += 1;
            owner.waiting.push_back((now, task));
            return None;
        }
        owner.inside += 1;
        self.waits.push(SimSpan::ZERO);
        self.owners.insert(next, user);
        Some(task)
    }

    /// The task `number` has ended; the next one of its user's enters with the number `next`.
    pub(super) fn leave(&mut self, now: SimTime, number: u64, next: u64) -> Option<T> {
        let user = self.owners.remove(&number)?;
        let owner = &mut self.users[user];
        let Some((since, task)) = owner.waiting.pop_front() else {
            owner.inside -= 1;
            return None;
        };
        if since >= self.open_from {
            self.waits.push(now.since(since));
        }
        self.owners.insert(next, user);
        Some(task)
    }

    /// A call of the task `number` was answered.
    pub(super) fn serve(&mut self, number: u64, tokens: u64) {
        if let Some(&user) = self.owners.get(&number) {
            self.users[user].tokens += tokens;
        }
    }

    /// Only what comes from now on is measured.
    pub(super) fn reset(&mut self, now: SimTime) {
        (self.came, self.waited, self.open_from) = (0, 0, now);
        self.waits.clear();
        for user in &mut self.users {
            (user.came, user.tokens) = (0, 0);
        }
    }

    pub(super) fn figures(&self) -> DoorFigures {
        DoorFigures {
            users: self.rules.users,
            most: self.rules.most,
            tasks: self.came,
            waited: self.waited,
            waiting: self.users.iter().map(|user| user.waiting.len() as u64).sum(),
            wait: Summary::of(self.waits.iter().copied()),
            fairness: self.fairness(),
        }
    }

    fn fairness(&self) -> Option<f64> {
        let asked = self.users.iter().filter(|user| user.came + user.tokens > 0);
        let tokens: Vec<f64> = asked.map(|user| user.tokens as f64).collect();
        let (sum, squares) =
            (tokens.iter().sum::<f64>(), tokens.iter().map(|x| x * x).sum::<f64>());
        (squares > 0.0).then(|| sum * sum / (tokens.len() as f64 * squares))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(users: u32, most: u32, skew_milli: u32) -> PerUser {
        PerUser { users, most, skew_milli, seed: 1 }
    }

    #[test]
    fn a_user_waits_for_his_own_tasks_and_for_nobody_elses() {
        let mut door = Door::new(rules(1, 2, 0));
        let at = |ms| SimTime::after_start(SimSpan::from_ms(ms));
        assert_eq!(door.knock(at(0), 1, 'a'), Some('a'));
        assert_eq!(door.knock(at(1), 2, 'b'), Some('b'));
        assert_eq!(door.knock(at(2), 3, 'c'), None);
        assert_eq!(door.knock(at(3), 3, 'd'), None);
        assert_eq!(door.leave(at(10), 1, 3), Some('c'));
        assert_eq!(door.leave(at(12), 2, 4), Some('d'));
        assert_eq!(door.leave(at(13), 3, 5), None);
        let figures = door.figures();
        assert_eq!((figures.tasks, figures.waited, figures.waiting), (4, 2, 0));
        // 0, 0, 8 and 9 ms.
        assert!((figures.wait.unwrap().mean - 17.0 / 4.0).abs() < 1e-9);
    }

    #[test]
    fn users_send_by_zipfs_law() {
        let mut door = Door::new(rules(10, 1 << 30, 1000));
        for number in 0..100_000 {
            door.knock(SimTime::ZERO, number, ());
        }
        let harmonic: f64 = (1..=10).map(|rank| 1.0 / f64::from(rank)).sum();
        for (rank, user) in (1..).zip(&door.users) {
            let expected = 100_000.0 / harmonic / f64::from(rank);
            assert!((user.came as f64 - expected).abs() < 5.0 * expected.sqrt(), "{rank}");
        }
    }

    #[test]
    fn fairness_is_jains() {
        let mut door = Door::<()>::new(rules(4, 1, 0));
        for (user, tokens) in [100, 100, 100, 0].into_iter().enumerate() {
            (door.users[user].came, door.users[user].tokens) = (1, tokens);
        }
        assert!((door.fairness().unwrap() - 0.75).abs() < 1e-12);
        door.users[3].came = 0;
        assert!((door.fairness().unwrap() - 1.0).abs() < 1e-12);
    }
}
