//! The page's charts as pictures, without a browser: SVG, and PNG painted from the same shapes.
//!
//! A [`Picture`] is drawn from the figure that the page's script gives to plotly.js, so that both
//! show the same numbers. What is understood of such a figure is what the figures of this program
//! use: points, lines, horizontal bars, straight and logarithmic axes, notes. The rest is layout
//! for paper: a heading, a legend, names beside their bands.

mod axis;
mod figure;
mod ink;
mod legend;
mod marks;
mod panel;
mod picture;
mod plot;

pub use picture::{Picture, ablate_pictures, wall_pictures};
