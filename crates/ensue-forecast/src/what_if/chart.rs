//! The baseline and the what-if forecasts of one series as SVG text.
//!
//! A whole document, ready for a file or a page: no fonts, no scripts, the reader's choice of light or dark. The
//! same analysis gives the same bytes.

use std::fmt::Write;

use ensue_core::{Quantile, Series};

use super::WhatIfAnalysis;
use crate::{Forecast, ForecastType};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 78.0;
const RIGHT: f64 = WIDTH - 24.0;
const TOP: f64 = 70.0;
const BOTTOM: f64 = HEIGHT - 40.0;
/// Horizons of history before the forecast.
const HISTORY: usize = 2;
/// Colours of what-if forecasts, one after the other: they can be told apart with any colour vision (Okabe & Ito,
/// "Color Universal Design", 2008).
const COLOURS: [&str; 6] = ["#d55e00", "#009e73", "#cc79a7", "#e69f00", "#0072b2", "#56b4e9"];
const STYLE: &str = "\
.ensue-chart{font-family:system-ui,sans-serif;font-size:12px}\
.ensue-chart .ground{fill:#fff}\
.ensue-chart text{fill:#4b5563}\
.ensue-chart .title{fill:#111827;font-size:15px;font-weight:600}\
.ensue-chart .grid{stroke:#e5e7eb}\
.ensue-chart .axis{stroke:#9ca3af}\
.ensue-chart path{stroke-linecap:round}\
.ensue-chart .past{fill:none;stroke:#9ca3af;stroke-width:1.5}\
.ensue-chart .band{fill:#2563eb;fill-opacity:.14}\
.ensue-chart .base{fill:none;stroke:#2563eb;stroke-width:2}\
.ensue-chart .what-if{fill:none;stroke-width:2}\
@media(prefers-color-scheme:dark){\
.ensue-chart .ground{fill:#111827}\
.ensue-chart text{fill:#9ca3af}\
.ensue-chart .title{fill:#f3f4f6}\
.ensue-chart .grid{stroke:#273244}\
.ensue-chart .axis{stroke:#6b7280}\
.ensue-chart .base{stroke:#60a5fa}\
}";

/// Where values lie in the picture.
struct Frame {
    low: f64,
    high: f64,
    steps: f64,
}

impl Frame {
    fn at(&self, step: usize, value: f64) -> (f64, f64) {
        let across = LEFT + step as f64 / self.steps * (RIGHT - LEFT);
        (across, BOTTOM - (value - self.low) / (self.high - self.low) * (BOTTOM - TOP))
    }

    /// A path through the steps from `first` on, broken where there is no number; a number alone is a dot.
    fn path(&self, first: usize, values: &[f64]) -> String {
        let mut path = String::new();
        let finite = |at: usize| values.get(at).is_some_and(|value| value.is_finite());
        for (at, &value) in values.iter().enumerate().filter(|(at, _)| finite(*at)) {
            let (x, y) = self.at(first + at, value);
            let begins = at == 0 || !finite(at - 1);
            let _ = write!(path, "{}{x:.2} {y:.2}", if begins { 'M' } else { 'L' });
            if begins && !finite(at + 1) {
                path.push_str("h.01");
            }
        }
        path
    }

    /// The corners of an area between two rows from `first` on; one step is as wide as most of a step.
    fn area(&self, first: usize, low: &[f64], high: &[f64]) -> String {
        let step = (RIGHT - LEFT) / self.steps;
        let room: &[f64] = if low.len() == 1 { &[-0.4, 0.4] } else { &[0.0] };
        let along = |values: &[f64]| -> Vec<String> {
            let places = values.iter().enumerate();
            let corners = places.flat_map(|(at, &value)| {
                let (x, y) = self.at(first + at, value);
                room.iter().map(move |room| format!("{:.2},{y:.2}", (x + room * step).min(RIGHT)))
            });
            corners.collect()
        };
        let (there, mut back) = (along(high), along(low));
        back.reverse();
        [there, back].concat().join(" ")
    }
}

pub(super) fn draw(analysis: &WhatIfAnalysis, at: usize, series: Option<&Series>) -> String {
    let baseline = analysis.baseline();
    let types = baseline.forecast_types();
    let line = line_of(types);
    let past = series.map_or(&[][..], Series::target);
    let past = &past[past.len().saturating_sub(HISTORY * baseline.horizon())..];
    let band = band_of(types);
    let lines = || {
        let others = analysis.forecasts().map(|(_, forecast)| forecast);
        [baseline].into_iter().chain(others).map(|forecast| forecast.values(at, line))
    };
    let bands = || band.into_iter().flat_map(|(low, high)| [low, high]);
    let all = || {
        let edges = bands().flat_map(|one| baseline.values(at, one));
        past.iter().chain(edges).chain(lines().flatten()).copied().filter(|y| y.is_finite())
    };
    let (low, high, step) = axis(
        all().fold(f64::INFINITY, f64::min).min(0.0),
        all().fold(f64::NEG_INFINITY, f64::max).max(0.0),
    );
    let steps = (past.len() + baseline.horizon()).saturating_sub(1).max(1);
    let frame = Frame { low, high, steps: steps as f64 };

    let title = format!("{}: what if", baseline.keys()[at].join(" "));
    let mut svg = opened(&title);
    for tick in 0..=((high - low) / step).round() as u32 {
        let value = low + f64::from(tick) * step;
        let y = frame.at(0, value).1;
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" y1=\"{y:.2}\" x2=\"{RIGHT}\" y2=\"{y:.2}\"/>\n\
             <text x=\"{:.2}\" y=\"{:.2}\" text-anchor=\"end\">{}</text>",
            LEFT - 8.0,
            y + 4.0,
            label(value, step)
        );
    }
    times(&mut svg, &frame, baseline, at, past.len());
    if let Some((low, high)) = band {
        let [low, high] = [low, high].map(|one| baseline.values(at, one));
        let corners = frame.area(past.len(), low, high);
        let _ = writeln!(svg, "<polygon class=\"band\" points=\"{corners}\"/>");
    }
    let _ = writeln!(svg, "<path class=\"past\" d=\"{}\"/>", frame.path(0, past));
    let mut legend = LEFT;
    let names = [format!("baseline {}", types[line].name())].into_iter();
    let names = names.chain(analysis.forecasts().map(|(name, _)| name.to_owned()));
    // The baseline last, so that no other line covers it.
    let drawn: Vec<(String, &[f64])> = names.zip(lines()).collect();
    for (number, (name, values)) in drawn.iter().enumerate().rev() {
        let look = match number.checked_sub(1) {
            None => "class=\"base\"".to_owned(),
            Some(n) => format!("class=\"what-if\" stroke=\"{}\"", COLOURS[n % COLOURS.len()]),
        };
        let (path, name) = (frame.path(past.len(), values), escaped(name));
        let _ = writeln!(svg, "<path {look} d=\"{path}\"><title>{name}</title></path>");
    }
    for (number, (name, _)) in drawn.iter().enumerate() {
        let look = match number.checked_sub(1) {
            None => "class=\"base\"".to_owned(),
            Some(n) => format!("class=\"what-if\" stroke=\"{}\"", COLOURS[n % COLOURS.len()]),
        };
        let _ = writeln!(
            svg,
            "<path {look} d=\"M{legend:.2} 46h14\"/><text x=\"{:.2}\" y=\"50\">{}</text>",
            legend + 20.0,
            escaped(name)
        );
        // A letter is some 6.6 pixels wide.
        legend += 40.0 + 6.6 * name.chars().count() as f64;
    }
    svg.push_str("</svg>\n");
    svg
}

fn opened(title: &str) -> String {
    let title = escaped(title);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"ensue-chart\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
         viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title}\">\n<style>{STYLE}</style>\n\
         <rect class=\"ground\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\n\
         <text class=\"title\" x=\"20\" y=\"28\">{title}</text>\n"
    )
}

/// The forecast type that is drawn as a line: the median, or else the mean, or else the first.
fn line_of(types: &[ForecastType]) -> usize {
    let find = |wanted: ForecastType| types.iter().position(|one| *one == wanted);
    let median = find(ForecastType::Quantile(Quantile::MEDIAN));
    median.or_else(|| find(ForecastType::Mean)).unwrap_or(0)
}

/// The lowest and the highest quantile, where there are two.
fn band_of(types: &[ForecastType]) -> Option<(usize, usize)> {
    let levels =
        types.iter().enumerate().filter_map(|(at, one)| Some((one.quantile()?.level(), at)));
    let low = levels.clone().min_by(|a, b| a.0.total_cmp(&b.0))?;
    let high = levels.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (low.1 != high.1).then_some((low.1, high.1))
}

/// Where the forecast begins, and when it begins and ends.
fn times(svg: &mut String, frame: &Frame, forecast: &Forecast, at: usize, past: usize) {
    let last = forecast.horizon().saturating_sub(1);
    for (step, anchor) in [(0, "middle"), (last, "end")] {
        let Some(time) = forecast.times(at).nth(step) else { continue };
        let (x, _) = frame.at(past + step, frame.low);
        // Without its midnight, a day is easier to read.
        let text = time.to_string();
        let text = text.strip_suffix("T00:00:00").unwrap_or(&text);
        let (foot, y) = (BOTTOM + 5.0, BOTTOM + 19.0);
        let _ = writeln!(
            svg,
            "<line class=\"axis\" x1=\"{x:.2}\" y1=\"{BOTTOM}\" x2=\"{x:.2}\" y2=\"{foot}\"/>\n\
             <text x=\"{x:.2}\" y=\"{y}\" text-anchor=\"{anchor}\">{text}</text>"
        );
    }
    let _ = writeln!(
        svg,
        "<line class=\"axis\" x1=\"{LEFT}\" y1=\"{BOTTOM}\" x2=\"{RIGHT}\" y2=\"{BOTTOM}\"/>"
    );
}

/// Round ends of an axis that holds both values, and the step of its ticks: 1, 2 or 5 times a power of ten (Heckbert,
/// "Nice Numbers for Graph Labels", Graphics Gems, 1990).
fn axis(low: f64, high: f64) -> (f64, f64, f64) {
    let (low, high) = (low.clamp(-1e300, 1e300), high.clamp(-1e300, 1e300));
    let (low, high) = if high > low { (low, high) } else { (low - 0.5, high + 0.5) };
    let rough = (high - low) / 6.0;
    let power = 10_f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| rough <= factor * power);
    let step = factor.unwrap_or(10.0) * power;
    ((low / step).floor() * step, (high / step).ceil() * step, step)
}

/// A tick's number, with as many digits as the step needs.
fn label(value: f64, step: f64) -> String {
    if value.abs() >= 1e7 || step < 1e-6 {
        return format!("{value:.1e}");
    }
    let decimals = (-step.log10().floor()).clamp(0.0, 6.0) as usize;
    format!("{value:.decimals$}")
}

/// Text that is safe in SVG. Control characters, which XML forbids, become blanks.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => safe.push(' '),
            other if other.is_control() => safe.push(' '),
            other => safe.push(other),
        }
    }
    safe
}
