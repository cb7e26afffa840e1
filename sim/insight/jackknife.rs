//! How sure a mean over tasks is, told from leaving out some of them at a time.

use super::life::{Use, Uses, spent};
use crate::cluster::CallLife;

/// Tasks are dealt into so many groups.
const GROUPS: usize = 20;

/// Standard errors of a life.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LifeError {
    /// Of each use's share.
    pub share: Uses,
    /// Of all its seconds.
    pub seconds: f64,
}

/// What chance leaves unsure of the life that `lives` come to: the jackknife over groups of tasks,
/// each left out in turn. `None` for fewer than two tasks. It knows of the luck of the work alone,
/// not of the time model.
pub fn life_error(lives: &[CallLife], calls_per_task: f64) -> Option<LifeError> {
    let mut groups: Vec<(Uses, f64)> = vec![(Uses::default(), 0.0); GROUPS];
    for life in lives {
        let (uses, answered) = &mut groups[(life.task % GROUPS as u64) as usize];
        uses.add_all(&spent(life));
        *answered += f64::from(u8::from(life.is_answered));
    }
    groups.retain(|(uses, answered)| uses.total() > 0.0 || *answered > 0.0);
    let (mut all, mut answered) = (Uses::default(), 0.0);
    for (uses, count) in &groups {
        all.add_all(uses);
        answered += count;
    }
    let without: Option<Vec<(Uses, f64)>> = groups
        .iter()
        .map(|(uses, count)| {
            let mut rest = all;
            rest.add_all(&uses.scaled(-1.0));
            let tasks = (answered - count) / calls_per_task;
            (tasks > 0.0).then(|| (rest.shares(), rest.total() / tasks))
        })
        .collect();
    let without = without.filter(|without| without.len() > 1)?;
    let error = |of: &dyn Fn(&(Uses, f64)) -> f64| {
        let count = without.len() as f64;
        let mean = without.iter().map(of).sum::<f64>() / count;
        let squares: f64 = without.iter().map(|one| (of(one) - mean) * (of(one) - mean)).sum();
        libm::sqrt(squares * (count - 1.0) / count)
    };
    let mut share = Uses::default();
    for what in Use::ALL {
        share.add(what, error(&|(shares, _)| shares.get(what)));
    }
    Some(LifeError { share, seconds: error(&|&(_, seconds)| seconds) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Stay;
    use crate::units::Seconds;
    use crate::workload::Cause;

    /// A call of so many seconds, half of them a tool's.
    fn call(task: u64, seconds: f64) -> CallLife {
        CallLife {
            task,
            context: 100,
            number: Some(0),
            is_answered: true,
            cause: Cause::Tool,
            pause: Seconds::new(seconds / 2.0),
            dispatch: Seconds::ZERO,
            waiting: Seconds::new(seconds / 2.0),
            prefill: Stay::default(),
            decode: Stay::default(),
        }
    }

    #[test]
    fn equal_tasks_have_no_error_and_unlike_ones_that_of_their_mean() {
        let equal: Vec<_> = (0..40).map(|task| call(task, 10.0)).collect();
        let error = life_error(&equal, 1.0).expect("there are tasks");
        assert!(error.seconds < 1e-9 && error.share.total() < 1e-9);
        // One task a group: the jackknife of a mean is its standard error.
        let seconds = |task: u64| 10.0 + (task % 2) as f64;
        let unlike: Vec<_> = (0..20).map(|task| call(task, seconds(task))).collect();
        let error = life_error(&unlike, 1.0).expect("there are tasks");
        let expected = libm::sqrt(0.25 / 19.0);
        assert!((error.seconds - expected).abs() < 1e-9, "{} {expected}", error.seconds);
        assert_eq!(life_error(&[call(3, 1.0)], 1.0), None);
    }
}
