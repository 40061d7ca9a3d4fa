//! The text of an SVG document.

use std::fmt::Write;

/// Everything is within the class `ensue-chart`, so that a page with several charts, or with a style of its own, is
/// not disturbed. Blue and orange can be told apart with any colour vision.
const STYLE: &str = "\
.ensue-chart{font-family:system-ui,sans-serif;font-size:12px}\
.ensue-chart .ground{fill:#fff}\
.ensue-chart text{fill:#4b5563}\
.ensue-chart .title{fill:#111827;font-size:15px;font-weight:600}\
.ensue-chart .strong{fill:#111827}\
.ensue-chart .halo{paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}\
.ensue-chart .grid{stroke:#e5e7eb}\
.ensue-chart .axis{stroke:#9ca3af}\
.ensue-chart .dot,.ensue-chart .bar{fill:#2563eb}\
.ensue-chart .dot{fill-opacity:.75}\
.ensue-chart .hollow{fill:none;stroke:#2563eb;stroke-width:1.5}\
.ensue-chart .cross{fill:none;stroke:#9ca3af;stroke-width:1.5}\
.ensue-chart .curve{fill:none;stroke:#2563eb;stroke-opacity:.4;stroke-width:1.3}\
.ensue-chart .best{fill:none;stroke:#ea580c;stroke-width:2;stroke-linejoin:round}\
.ensue-chart .top{fill:#ea580c}\
.ensue-chart .seen{fill:none;stroke:#374151;stroke-width:1.5;stroke-linejoin:round}\
.ensue-chart .point{fill:#374151}\
.ensue-chart .band{fill:#2563eb;fill-opacity:.18}\
.ensue-chart .middle{fill:none;stroke:#2563eb;stroke-width:2;stroke-linejoin:round}\
.ensue-chart .mean{fill:none;stroke:#ea580c;stroke-width:1.5;stroke-dasharray:5 3}\
.ensue-chart .split{stroke:#9ca3af;stroke-dasharray:2 3}\
.ensue-chart .q0{stroke:#ea580c;stroke-width:2;stroke-opacity:.95}\
.ensue-chart .q1{stroke:#2563eb;stroke-opacity:.8}\
.ensue-chart .q2{stroke:#2563eb;stroke-opacity:.5}\
.ensue-chart .q3{stroke:#2563eb;stroke-opacity:.28}\
.ensue-chart .q4{stroke:#9ca3af;stroke-opacity:.3}\
.ensue-chart .q0,.ensue-chart .q1,.ensue-chart .q2,.ensue-chart .q3,.ensue-chart .q4{fill:none}\
@media(prefers-color-scheme:dark){\
.ensue-chart .ground{fill:#111827}\
.ensue-chart text{fill:#9ca3af}\
.ensue-chart .title,.ensue-chart .strong{fill:#f3f4f6}\
.ensue-chart .halo{stroke:#111827}\
.ensue-chart .grid{stroke:#273244}\
.ensue-chart .axis{stroke:#6b7280}\
.ensue-chart .dot,.ensue-chart .bar{fill:#60a5fa}\
.ensue-chart .hollow,.ensue-chart .curve,.ensue-chart .q1,.ensue-chart .q2,.ensue-chart .q3{stroke:#60a5fa}\
.ensue-chart .best,.ensue-chart .q0{stroke:#fb923c}\
.ensue-chart .top{fill:#fb923c}\
.ensue-chart .seen{stroke:#d1d5db}\
.ensue-chart .point{fill:#d1d5db}\
.ensue-chart .band{fill:#60a5fa}\
.ensue-chart .middle{stroke:#60a5fa}\
.ensue-chart .mean{stroke:#fb923c}\
.ensue-chart .split{stroke:#6b7280}\
}";

/// Where a text stands in relation to its point.
#[derive(Debug, Clone, Copy)]
pub enum Anchor {
    /// Right of it.
    Start,
    /// Around it.
    Middle,
    /// Left of it.
    End,
}

/// A document in the making. Coordinates in pixels, downwards; classes are those of the style at the top of this file.
#[derive(Debug)]
pub struct Svg {
    text: String,
}

impl Svg {
    /// A document of that size, with its title at the top.
    pub fn new(title: &str, width: f64, height: f64) -> Self {
        let (width, height, title) = (number(width), number(height), escaped(title));
        let text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"ensue-chart\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{title}\">\n<style>{STYLE}</style>\n\
             <rect class=\"ground\" width=\"{width}\" height=\"{height}\"/>\n\
             <text class=\"title\" x=\"20\" y=\"28\">{title}</text>\n"
        );
        Self { text }
    }

    fn add(&mut self, element: std::fmt::Arguments<'_>) {
        self.text.write_fmt(element).expect("a string takes everything");
    }

    /// A straight line.
    pub fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let [x1, y1, x2, y2] = [from.0, from.1, to.0, to.1].map(number);
        self.add(format_args!(
            "<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>\n"
        ));
    }

    /// A circle that says something on hovering, where there is something to say.
    pub fn circle(&mut self, class: &str, at: (f64, f64), radius: f64, says: &str) {
        let [x, y, r] = [at.0, at.1, radius].map(number);
        self.add(format_args!(
            "<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{r}\"{}\n",
            closed("circle", says)
        ));
    }

    /// An oblique cross.
    pub fn cross(&mut self, at: (f64, f64), says: &str) {
        let [left, right, top, bottom] =
            [at.0 - 3.0, at.0 + 3.0, at.1 - 3.0, at.1 + 3.0].map(number);
        let path = format!("M{left} {top}L{right} {bottom}M{left} {bottom}L{right} {top}");
        self.add(format_args!("<path class=\"cross\" d=\"{path}\"{}\n", closed("path", says)));
    }

    /// A bar whose upper left corner is `from`.
    pub fn bar(&mut self, from: (f64, f64), width: f64, height: f64, says: &str) {
        let [x, y, width, height] = [from.0, from.1, width, height].map(number);
        let size = format!("x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"2\"");
        self.add(format_args!("<rect class=\"bar\" {size}{}\n", closed("rect", says)));
    }

    /// A line through several points.
    pub fn path(&mut self, class: &str, points: &[(f64, f64)], says: &str) {
        let path = joined(points);
        self.add(format_args!("<path class=\"{class}\" d=\"{path}\"{}\n", closed("path", says)));
    }

    /// The area within several points.
    pub fn area(&mut self, class: &str, points: &[(f64, f64)], says: &str) {
        let path = joined(points);
        self.add(format_args!("<path class=\"{class}\" d=\"{path}Z\"{}\n", closed("path", says)));
    }

    /// A text; what XML forbids in it is replaced.
    pub fn text(&mut self, class: &str, at: (f64, f64), anchor: Anchor, text: &str) {
        let [x, y] = [at.0, at.1].map(number);
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escaped(text);
        self.add(format_args!(
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{text}</text>\n"
        ));
    }

    /// A text that is read from below.
    pub fn upright(&mut self, at: (f64, f64), text: &str) {
        let [x, y] = [at.0, at.1].map(number);
        let text = escaped(text);
        self.add(format_args!(
            "<text transform=\"translate({x} {y}) rotate(-90)\" text-anchor=\"middle\">{text}</text>\n"
        ));
    }

    /// The whole document.
    pub fn finish(mut self) -> String {
        self.text.push_str("</svg>\n");
        self.text
    }
}

/// Moves through points.
fn joined(points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for (index, (x, y)) in points.iter().enumerate() {
        let step = if index == 0 { 'M' } else { 'L' };
        write!(path, "{step}{} {}", number(*x), number(*y)).expect("a string takes everything");
    }
    path
}

/// A chart of nothing, which says why.
pub fn empty(title: &str, why: &str) -> String {
    let mut svg = Svg::new(title, 760.0, 160.0);
    svg.text("note", (380.0, 90.0), Anchor::Middle, why);
    svg.finish()
}

/// The end of an element, with what it says on hovering.
fn closed(element: &str, says: &str) -> String {
    if says.is_empty() {
        return "/>".to_owned();
    }
    format!("><title>{}</title></{element}>", escaped(says))
}

/// A coordinate: two decimals are finer than any screen.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Text that is safe in SVG. Control characters, which XML forbids, become blanks.
pub(in crate::charts) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => safe.push(' '),
            other if other.is_control() => safe.push(' '),
            other => safe.push(other),
        }
    }
    safe
}

/// A text of at most so many characters, cut with an ellipsis.
pub fn shortened(text: &str, length: usize) -> String {
    if text.chars().count() <= length {
        return text.to_owned();
    }
    text.chars().take(length.saturating_sub(1)).chain(['…']).collect()
}
