//! Pictures of a study, as SVG text.
//!
//! Each function gives a whole SVG document, ready for a file or for a page. It needs no fonts and no scripts, follows
//! the reader's choice of light or dark, and says on hovering what a mark is. The same trials give the same bytes.
//! What cannot be drawn (NaN, infinity) is left out and counted in a note; where nothing is left, the chart says so.
//!
//! | file | what it draws |
//! |---|---|
//! | `history.rs` | [`history`]: every trial's value, and the best so far |
//! | `curves.rs` | [`learning_curves`]: measurements on the way, and where trials were ended early |
//! | `parallel.rs` | [`parallel_coordinates`]: which values go with which results |
//! | `importance.rs` | [`importance`]: how much each hyperparameter matters |
//! | `pareto.rs` | [`pareto`]: two objectives against each other |
//! | [`draw`] | the means: text of SVG, round ticks, a frame with axes |
//!
//! ```
//! let chart = ensue_tune::charts::importance("What matters", &[("rate".to_owned(), 0.8), ("layers".to_owned(), 0.2)]);
//! assert!(chart.starts_with("<svg") && chart.contains("rate"));
//! ```

mod curves;
pub mod draw;
mod history;
mod importance;
mod parallel;
mod pareto;
#[cfg(test)]
mod tests;

pub use curves::learning_curves;
pub use history::history;
pub use importance::importance;
pub use parallel::parallel_coordinates;
pub use pareto::pareto;
