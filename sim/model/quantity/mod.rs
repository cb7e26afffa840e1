//! One function per quantity; capacity and cost call the same ones.

mod memory;
mod params;
