//! The means of the charts: text of SVG, axes with round ticks, a frame to draw into.
//!
//! For charts of other crates that shall look like these.
//!
//! | file | what it holds |
//! |---|---|
//! | `svg.rs` | [`Svg`]: the text of a document, and its style |
//! | `axis.rs` | [`Axis`]: round ticks; [`label`]: words for numbers |
//! | `plot.rs` | [`Plot`]: a frame with two axes and a legend |
//!
//! ```
//! use ensue_tune::charts::draw::{Axis, Mark, Plot};
//!
//! let mut plot = Plot::new("Tea & jam", Axis::whole(0, 9), Axis::over(0.0, 48.0, 6.0), "day", "sold");
//! let points = [plot.at(0.0, 12.0), plot.at(9.0, 48.0)];
//! plot.svg.path("curve", &points, "tea");
//! plot.explain(Mark::Line("curve"), "tea");
//! assert!(plot.finish().contains("Tea &amp; jam"));
//! ```

mod axis;
mod plot;
mod svg;

pub(super) use axis::worth_showing;
#[cfg(test)]
pub(super) use svg::escaped;

pub(super) use plot::value_axis;

pub use axis::{Axis, label};
pub use plot::{Mark, Plot};
pub use svg::{Anchor, Svg, empty, shortened};
