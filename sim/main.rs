//! The `memwall` command.

fn main() {}
