//! How much each hyperparameter matters.

use super::draw::{Anchor, Svg, empty, label, shortened};

const LEFT: f64 = 190.0;
const LONGEST: f64 = 480.0;
const ROW: f64 = 30.0;

/// A bar for each hyperparameter, the longest first. Negative values and NaN have none.
pub fn importance(title: &str, importances: &[(String, f64)]) -> String {
    if importances.is_empty() {
        return empty(title, "There is no hyperparameter to weigh yet.");
    }
    let mut sorted: Vec<(&str, f64)> =
        importances.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let length = |value: f64| if value.is_finite() { value.max(0.0) } else { 0.0 };
    // A stable sort: equal ones stay in the order given.
    sorted.sort_by(|(_, one), (_, other)| length(*other).total_cmp(&length(*one)));
    let longest = sorted.iter().map(|(_, value)| length(*value)).fold(0.0, f64::max);
    let scale = if longest > 0.0 { LONGEST / longest } else { 0.0 };
    let mut svg = Svg::new(title, 760.0, 60.0 + ROW * sorted.len() as f64);
    for (row, (name, value)) in sorted.into_iter().enumerate() {
        let y = 50.0 + ROW * row as f64;
        let width = (length(value) * scale).min(LONGEST);
        svg.text("strong", (LEFT - 10.0, y + 15.0), Anchor::End, &shortened(name, 26));
        svg.bar((LEFT, y), width, ROW - 9.0, &format!("{name}: {}", label(value)));
        svg.text("tick", (LEFT + width + 8.0, y + 15.0), Anchor::Start, &label(value));
    }
    svg.line("axis", (LEFT, 44.0), (LEFT, 50.0 + ROW * importances.len() as f64));
    svg.finish()
}
