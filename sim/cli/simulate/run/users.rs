//! The flags of `run` for users who share a service.

use clap::Args;

use crate::cli::CliError;
use crate::cluster::PerUser;

/// Users, and how many tasks each may have in flight.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Users")]
pub(super) struct UserFlags {
    /// Tasks come from so many users, drawn by a random stream of their own; of tasks that start at
    /// their own times or at a --rate
    #[arg(long, value_name = "N", requires = "per_user")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    users: Option<u32>,
    /// Most tasks of one user in flight; further ones of his wait at the door
    #[arg(long, value_name = "K", requires = "users")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    per_user: Option<u32>,
    /// Exponent of Zipf's law: the n-th user sends n^-S as many tasks as the first; 0 for all alike
    #[arg(long, value_name = "S", requires = "users", default_value_t = 1.0)]
    #[arg(value_parser = exponent)]
    user_skew: f64,
}

fn exponent(text: &str) -> Result<f64, String> {
    let exponent = text.parse().ok().filter(|exponent| (0.0..=10.0).contains(exponent));
    exponent.ok_or_else(|| format!("`{text}` is no exponent from 0 to 10"))
}

impl UserFlags {
    /// Refuses them where tasks do not come by themselves.
    pub(super) fn check(&self, is_open: bool) -> Result<(), CliError> {
        match self.users {
            Some(users) if !is_open => Err(CliError::Flag {
                flag: "--users",
                value: users.to_string(),
                problem: "in a closed loop nobody waits at the door, and recorded times of single \
                          calls let nobody wait"
                    .into(),
                remedy:
                    "give a --rate, or a trace without --open-loop and --concurrency; a closed \
                         loop of N users with K tasks each is --concurrency N·K"
                        .into(),
            }),
            _ => Ok(()),
        }
    }

    /// The users, if there are any.
    pub(super) fn per_user(&self, seed: u64) -> Option<PerUser> {
        let (users, most) = self.users.zip(self.per_user)?;
        Some(PerUser { users, most, skew_milli: (self.user_skew * 1000.0).round() as u32, seed })
    }
}
