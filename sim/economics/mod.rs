//! Dollars, joules and megawatts.
