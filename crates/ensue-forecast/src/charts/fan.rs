//! What was observed, and forecasts as bands between quantiles.

use ensue_core::Frequency;
use ensue_tune::charts::draw::{Axis, Mark, Plot, empty};

use super::dates;
use crate::ForecastType;

/// Bands that the legend has room for.
const NAMED: usize = 3;

/// A forecast from a step on: the values of each forecast type.
pub(crate) struct Fan<'a> {
    pub(crate) first: i64,
    pub(crate) rows: Vec<&'a [f64]>,
}

/// What a chart shows.
pub(crate) struct Picture<'a> {
    pub(crate) title: String,
    pub(crate) frequency: Frequency,
    pub(crate) types: &'a [ForecastType],
    /// What was observed from a step on, in order of time; not-a-number where nothing was.
    pub(crate) seen: Vec<(i64, &'a [f64])>,
    /// What was forecast, in order of time.
    pub(crate) fans: Vec<Fan<'a>>,
    /// What a chart of nothing says.
    pub(crate) nothing: &'static str,
}

impl Picture<'_> {
    /// Draws it.
    pub(crate) fn draw(&self) -> String {
        let rows =
            || self.fans.iter().flat_map(|fan| fan.rows.iter().map(move |row| (fan.first, *row)));
        let values = || self.seen.iter().copied().chain(rows());
        let finite = || values().flat_map(|(_, row)| row.iter().copied()).filter(|y| y.is_finite());
        let ends =
            (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
        let steps = || values().filter(|(_, row)| !row.is_empty());
        let first = steps().map(|(first, _)| first).min();
        let last = steps().map(|(first, row)| first + row.len() as i64 - 1).max();
        let (Some(first), Some(last)) = (first, last.filter(|_| ends.0 <= ends.1)) else {
            return empty(&self.title, self.nothing);
        };
        let x = dates::axis(self.frequency, first, last);
        let mut plot = Plot::new(&self.title, x, Axis::over(ends.0, ends.1, 6.0), "", "value");

        let layers = Layers::of(self.types);
        for fan in &self.fans {
            // Between the step before and the first one.
            if fan.first > first {
                plot.split(fan.first as f64 - 0.5);
            }
            for &(low, high) in &layers.bands {
                let says = self.band(low, high);
                band(&mut plot, fan.first, fan.rows[low], fan.rows[high], &says);
            }
            for &(at, class) in &layers.lines {
                line(&mut plot, (class, "dot"), fan.first, fan.rows[at], &self.types[at].name());
            }
        }
        for &(first, values) in &self.seen {
            line(&mut plot, ("seen", "point"), first, values, "observed");
        }

        plot.explain(Mark::Line("seen"), "observed");
        // Where there are more bands than there is room for, the outermost and the innermost say enough.
        let named = layers.bands.len();
        for (at, &(low, high)) in layers.bands.iter().enumerate() {
            if named <= NAMED || at == 0 || at + 1 == named {
                plot.explain(Mark::Area("band", at + 1), &self.band(low, high));
            }
        }
        for &(at, class) in &layers.lines {
            plot.explain(Mark::Line(class), &self.types[at].name());
        }
        let missing = self.seen.iter().flat_map(|(_, row)| *row).filter(|y| !y.is_finite()).count();
        plot.leave_out(
            missing,
            if missing == 1 { "step without observation" } else { "steps without observation" },
        );
        plot.finish()
    }

    fn band(&self, low: usize, high: usize) -> String {
        format!("{} to {}", self.types[low].name(), self.types[high].name())
    }
}

/// Which forecast types make bands, and which are lines.
struct Layers {
    /// Pairs of forecast types by index, lower and upper, the widest first.
    bands: Vec<(usize, usize)>,
    /// Forecast types by index, and how they are drawn.
    lines: Vec<(usize, &'static str)>,
}

impl Layers {
    /// The lowest quantile and the highest make the widest band, the next two the next one; the median is a line, and so is the
    /// one in the middle of the others where their number is odd.
    fn of(types: &[ForecastType]) -> Self {
        let level = |at: &usize| types[*at].quantile().map_or(0.5, ensue_core::Quantile::level);
        let mut quantiles: Vec<usize> =
            (0..types.len()).filter(|&at| types[at].quantile().is_some()).collect();
        quantiles.sort_by(|a, b| level(a).total_cmp(&level(b)));
        let median = quantiles.iter().position(|at| (level(at) - 0.5).abs() < 1e-9);
        let mut middle: Vec<usize> =
            median.map(|place| quantiles.remove(place)).into_iter().collect();
        if quantiles.len() % 2 == 1 {
            middle.push(quantiles.remove(quantiles.len() / 2));
        }
        let half = quantiles.len() / 2;
        let bands = (0..half).map(|at| (quantiles[at], quantiles[quantiles.len() - 1 - at]));
        let means = (0..types.len()).filter(|&at| types[at].quantile().is_none());
        let middle = middle.into_iter().map(|at| (at, "middle"));
        let lines = means.map(|at| (at, "mean")).chain(middle);
        Self { bands: bands.collect(), lines: lines.collect() }
    }
}

/// Where steps of a row begin and end that are all finite.
fn pieces(finite: impl Iterator<Item = bool>) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (at, _) in finite.enumerate().filter(|(_, finite)| *finite) {
        match found.last_mut() {
            Some((_, end)) if *end == at => *end = at + 1,
            _ => found.push((at, at + 1)),
        }
    }
    found
}

/// The area between two quantiles; a single step is as wide as most of a step.
fn band(plot: &mut Plot, first: i64, low: &[f64], high: &[f64], says: &str) {
    let finite = low.iter().zip(high).map(|(low, high)| low.is_finite() && high.is_finite());
    for (start, end) in pieces(finite) {
        let room: &[f64] = if end - start == 1 { &[-0.4, 0.4] } else { &[0.0] };
        let places = || (start..end).flat_map(|at| room.iter().map(move |room| (at, room)));
        let place = |(at, room): (usize, &f64)| (at, (first + at as i64) as f64 + room);
        let mut points: Vec<(f64, f64)> =
            places().map(place).map(|(at, x)| plot.at(x, high[at])).collect();
        let mut lower: Vec<(f64, f64)> =
            places().map(place).map(|(at, x)| plot.at(x, low[at])).collect();
        lower.reverse();
        points.append(&mut lower);
        plot.svg.area("band", &points, says);
    }
}

/// A line through the values, broken where there is none; a value alone is a dot.
fn line(plot: &mut Plot, classes: (&str, &str), first: i64, values: &[f64], says: &str) {
    for (start, end) in pieces(values.iter().map(|y| y.is_finite())) {
        let point = |at: usize| plot.at((first + at as i64) as f64, values[at]);
        let points: Vec<(f64, f64)> = (start..end).map(point).collect();
        match points.as_slice() {
            [point] => plot.svg.circle(classes.1, *point, 2.5, says),
            points => plot.svg.path(classes.0, points, says),
        }
    }
}
