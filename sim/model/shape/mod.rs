//! What a model is made of: layers, their parts, and the matrices of each part.

mod compressed;
mod feed_forward;
mod latent;
mod layer;
mod mixer;
mod model;
mod recurrent;
mod softmax;
mod weight;

pub use compressed::{Compressed, Entries};
pub use feed_forward::{Dense, Experts, FeedForward};
pub use latent::{Latent, Scorer, Sparse};
pub use layer::{Layer, LayerFormats};
pub use mixer::Mixer;
pub(crate) use model::blocks;
pub use model::{Block, Draft, Model};
pub use recurrent::Recurrent;
pub use softmax::{BlockSparse, Softmax};
pub use weight::{Group, Split, Weight};
