//! The flags of `run` for users who share a service.

use clap::Args;

use crate::cli::CliError;
use crate::cluster::PerUser;

/// Users, and how many tasks each may have in flight.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Users")]
pub(in crate::cli::simulate::run) struct UserFlags {
    /// Tasks come from so many users, drawn by a random stream of their own; of tasks that start at
    /// their own times or at a --rate
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    users: Option<u32>,
    /// Most tasks of one user in flight; further ones of his wait at the door
    #[arg(long, value_name = "K")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    per_user: Option<u32>,
    /// Exponent of Zipf's law: the n-th user sends n^-S as many tasks as the first; 0 for all alike
    /// [default: 1]
    #[arg(long, value_name = "S", value_parser = exponent)]
    user_skew: Option<f64>,
}

fn exponent(text: &str) -> Result<f64, String> {
    let exponent = text.parse().ok().filter(|exponent| (0.0..=10.0).contains(exponent));
    exponent.ok_or_else(|| format!("`{text}` is no exponent from 0 to 10"))
}

impl UserFlags {
    /// Refuses one without the others, and all where tasks do not come by themselves.
    pub(in crate::cli::simulate::run) fn check(&self, is_open: bool) -> Result<(), CliError> {
        let refuse = |flag, value: String, problem: &str, remedy: &str| {
            let (problem, remedy) = (problem.into(), remedy.into());
            Err(CliError::Flag { flag, value, problem, remedy })
        };
        match (self.users, self.per_user, self.user_skew) {
            (Some(users), None, _) => {
                let problem = "how many tasks each may have in flight is not said";
                refuse("--users", users.to_string(), problem, "give --per-user")
            }
            (None, Some(most), _) => {
                let problem = "how many users there are is not said";
                refuse("--per-user", most.to_string(), problem, "give --users")
            }
            (None, None, Some(skew)) => {
                let problem = "there are no users to be unlike";
                refuse("--user-skew", skew.to_string(), problem, "give --users and --per-user")
            }
            (Some(users), _, _) if !is_open => refuse(
                "--users",
                users.to_string(),
                "in a closed loop nobody waits at the door, and recorded times of single calls let \
                 nobody wait",
                "give a --rate, or a trace without --open-loop and --concurrency; a closed loop of \
                 N users with K tasks each is --concurrency N·K",
            ),
            _ => Ok(()),
        }
    }

    /// The users, if there are any.
    pub(in crate::cli::simulate::run) fn per_user(&self, seed: u64) -> Option<PerUser> {
        let (users, most) = self.users.zip(self.per_user)?;
        Some(PerUser {
            users,
            most,
            skew_milli: (self.user_skew.unwrap_or(1.0) * 1000.0).round() as u32,
            seed,
        })
    }
}
