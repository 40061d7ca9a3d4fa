//! A frame with two axes.

use super::axis::{Axis, worth_showing};
use super::svg::{Anchor, Svg};
use crate::Direction;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 78.0;
const RIGHT: f64 = WIDTH - 24.0;
const TOP: f64 = 70.0;
const BOTTOM: f64 = HEIGHT - 54.0;

/// A frame with two axes, to draw into.
#[derive(Debug)]
pub struct Plot {
    /// The document: what is drawn into it lies over the frame.
    pub svg: Svg,
    x: Axis,
    y: Axis,
    /// Where the next word of the legend goes.
    legend: f64,
}

/// How a kind of mark looks in a legend.
#[derive(Debug, Clone, Copy)]
pub enum Mark {
    /// A dot of that class.
    Dot(&'static str),
    /// A line of that class.
    Line(&'static str),
    /// An area of that class, so many times upon itself: as it looks where such areas overlap.
    Area(&'static str, usize),
    /// A cross.
    Cross,
}

impl Plot {
    /// A frame of 760 by 420 pixels with a title, two axes and their names.
    pub fn new(title: &str, x: Axis, y: Axis, x_label: &str, y_label: &str) -> Self {
        let svg = Svg::new(title, WIDTH, HEIGHT);
        let mut plot = Self { svg, x, y, legend: LEFT };
        for (tick, words) in plot.y.marked() {
            let y = plot.down(tick);
            plot.svg.line("grid", (LEFT, y), (RIGHT, y));
            plot.svg.text("tick", (LEFT - 8.0, y + 4.0), Anchor::End, &words);
        }
        for (tick, words) in plot.x.marked() {
            let x = plot.across(tick);
            plot.svg.line("axis", (x, BOTTOM), (x, BOTTOM + 5.0));
            plot.svg.text("tick", (x, BOTTOM + 19.0), Anchor::Middle, &words);
        }
        plot.svg.line("axis", (LEFT, BOTTOM), (RIGHT, BOTTOM));
        plot.svg.text("label", (LEFT.midpoint(RIGHT), HEIGHT - 14.0), Anchor::Middle, x_label);
        plot.svg.upright((20.0, TOP.midpoint(BOTTOM)), y_label);
        plot
    }

    fn across(&self, value: f64) -> f64 {
        // Marks at the ends stand clear of the frame.
        LEFT + 8.0 + self.x.place(value) * (RIGHT - LEFT - 16.0)
    }

    fn down(&self, value: f64) -> f64 {
        BOTTOM - self.y.place(value) * (BOTTOM - TOP)
    }

    /// Where a point lies.
    pub fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (self.across(x), self.down(y))
    }

    /// A broken line from top to bottom at a place on the horizontal axis.
    pub fn split(&mut self, x: f64) {
        let x = self.across(x);
        self.svg.line("split", (x, TOP), (x, BOTTOM));
    }

    /// Where a point on the horizontal axis lies.
    pub fn foot(&self, x: f64) -> (f64, f64) {
        (self.across(x), BOTTOM)
    }

    /// Adds to the legend.
    pub fn explain(&mut self, mark: Mark, text: &str) {
        let (x, y) = (self.legend, 50.0);
        match mark {
            Mark::Dot(class) => self.svg.circle(class, (x + 7.0, y - 4.0), 4.0, ""),
            Mark::Line(class) => self.svg.path(class, &[(x, y - 4.0), (x + 14.0, y - 4.0)], ""),
            Mark::Area(class, times) => {
                let (left, right, top, foot) = (x, x + 14.0, y - 9.0, y + 1.0);
                let corners = [(left, top), (right, top), (right, foot), (left, foot)];
                (0..times).for_each(|_| self.svg.area(class, &corners, ""));
            }
            Mark::Cross => self.svg.cross((x + 7.0, y - 4.0), ""),
        }
        self.svg.text("legend", (x + 20.0, y), Anchor::Start, text);
        // A letter is some 6.6 pixels wide.
        self.legend += 40.0 + 6.6 * text.chars().count() as f64;
    }

    /// Says what is not shown, if anything.
    pub fn leave_out(&mut self, count: usize, what: &str) {
        if count > 0 {
            let text = format!("{count} {what}");
            self.svg.text("note", (RIGHT, HEIGHT - 14.0), Anchor::End, &text);
        }
    }

    /// The whole document.
    pub fn finish(self) -> String {
        self.svg.finish()
    }
}

/// The vertical axis for values of which some are better. What is much worse than most lies beyond its end.
pub(in crate::charts) fn value_axis(
    values: impl Iterator<Item = f64>,
    direction: Direction,
) -> Option<Axis> {
    let (low, high) = worth_showing(values.map(|value| direction.loss(value)))?;
    let (low, high) = match direction {
        Direction::Minimize => (low, high),
        Direction::Maximize => (-high, -low),
    };
    Some(Axis::over(low, high, 6.0))
}
