//! Test helpers: synthetic data with known answers, tolerances with their reasons, and a disk that
//! fills up.
//!
//! | module | what it holds |
//! |---|---|
//! | [`planted`] | users whose next item follows known probabilities, with the best possible ranking |
//! | [`mod@checkerboard`] | the smallest data set with one right answer per user |
//! | [`markup`] | [`well_formed`]: is it XML? |
//! | [`nasty`] | series that break forecasting algorithms |
//! | [`tolerance`] | [`Tolerance`], the named ones, and [`assert_close!`] |
//! | [`failing`] | [`FailingWriter`], which accepts so many bytes and then has no space |
//!
//! Not published, and only ever a dependency of tests and of the benches. It depends on `ensue-core` alone, so that it
//! compiles in seconds; the tests of a recipe's own promises live with the recipes.

pub mod checkerboard;
pub mod failing;
pub mod markup;
pub mod nasty;
pub mod planted;
pub mod tolerance;

pub use checkerboard::checkerboard;
pub use failing::FailingWriter;
pub use markup::well_formed;
pub use nasty::{NASTY_KINDS, nasty_series};
pub use planted::{Planted, PlantedSettings};
pub use tolerance::Tolerance;
