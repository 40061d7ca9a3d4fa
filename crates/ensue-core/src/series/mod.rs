//! Time series: how often they are observed, and many of them together.
//!
//! | file | what it holds |
//! |---|---|
//! | `frequency.rs` | [`Frequency`]: years to minutes, and the numbering of their steps |
//! | `one.rs` | [`Series`]: one target with what is known beside it |
//! | `panel.rs` | [`Panel`]: all series of one frequency |
//!
//! A step is one interval of the frequency, counted from the one that holds 1970-01-01 00:00 (number
//! 0); so that two series are aligned by their numbers alone, and all calendar arithmetic is in
//! [`Frequency`]. Times are civil: there is no time zone anywhere, as in Amazon Forecast.

mod frequency;
mod one;
mod panel;

pub use frequency::{Frequency, FrequencyError, FrequencyUnit};
pub use one::{Series, UNKNOWN_CATEGORY};
pub use panel::{Panel, PanelError, StaticFeature};
