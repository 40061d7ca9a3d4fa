//! What the algorithms that learn one network from all series have in common.
//!
//! | file | what it holds |
//! |---|---|
//! | `known.rs` | [`Known`]: what a network is told beside a series' values, decided once from the training data |
//! | `standard.rs` | numbers brought to a common size |
//! | `ready.rs` | [`Ready`]: a series in the form that windows are cut from |
//! | `calendar.rs` | [`Calendar`]: time features and holidays of steps |
//! | `draws.rs` | [`Draws`]: which series an epoch sees, and how often |
//! | `embeddings.rs` | tables of vectors for static categories |
//! | `validation.rs` | [`Validation`]: the metric after each epoch |
//! | `refused.rs` | data that are refused |
//!
//! A network of its own, its inputs and its settings make an algorithm of it: [`deepar`](super::deepar),
//! [`cnn_qr`](super::cnn_qr).

mod calendar;
mod draws;
pub(super) mod embeddings;
mod known;
mod ready;
mod refused;
mod standard;
mod validation;

pub(super) use calendar::Calendar;
pub(super) use draws::{Draws, epochs_within};
pub use known::RelatedData;
pub(super) use known::{Feature, Known, Told, known_ahead};
pub(super) use ready::Ready;
pub(super) use refused::{check_related, check_targets};
pub(super) use standard::{Standard, positive};
pub(super) use validation::Validation;

/// Share of the windows whose past is hidden where there is metadata, so that items without a past
/// can be forecast from it.
pub(super) const COLD: f64 = 0.05;
