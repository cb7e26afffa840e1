//! Runs: tasks meet replicas on one clock.
