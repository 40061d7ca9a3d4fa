//! Kinds of demand, whose series may want other weights.

use serde::{Deserialize, Serialize};

/// Mean interval between demands from which on demand is intermittent.
const INTERVAL: f64 = 1.32;

/// Squared coefficient of variation of the demands from which on demand is erratic.
const VARIATION: f64 = 0.49;

/// Kind of demand of a series: by how often there is none, and how much it varies where there is some.
///
/// Source: Syntetos, Boylan & Croston 2005, "On the categorization of demand patterns", Journal of the Operational Research
/// Society 56 (5): cut-offs 1.32 and 0.49.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// Often, and of much the same size.
    Smooth,
    /// Often, of sizes that vary.
    Erratic,
    /// Seldom, and of much the same size.
    Intermittent,
    /// Seldom, of sizes that vary.
    Lumpy,
}

impl Group {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Smooth, Self::Erratic, Self::Intermittent, Self::Lumpy];

    /// The kind of a history; not-a-number is not observed.
    pub fn of(target: &[f64]) -> Self {
        let (mut steps, mut demands, mut sum, mut squares) = (0usize, 0usize, 0.0, 0.0);
        let largest =
            target.iter().filter(|y| !y.is_nan()).fold(0.0, |most: f64, y| most.max(y.abs()));
        for y in target.iter().filter(|y| !y.is_nan()) {
            steps += 1;
            if *y != 0.0 {
                // Relative to the largest, so that squares of huge and tiny numbers are numbers.
                let size = (y / largest).abs();
                (demands, sum, squares) = (demands + 1, sum + size, squares + size * size);
            }
        }
        if demands == 0 {
            return if steps == 0 { Self::Smooth } else { Self::Intermittent };
        }
        let mean = sum / demands as f64;
        let variation = (squares / demands as f64 / (mean * mean) - 1.0).max(0.0);
        match (steps as f64 / demands as f64 >= INTERVAL, variation >= VARIATION) {
            (false, false) => Self::Smooth,
            (false, true) => Self::Erratic,
            (true, false) => Self::Intermittent,
            (true, true) => Self::Lumpy,
        }
    }

    /// Place in [`Group::ALL`].
    pub(super) fn index(self) -> usize {
        self as usize
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Smooth => "smooth",
            Self::Erratic => "erratic",
            Self::Intermittent => "intermittent",
            Self::Lumpy => "lumpy",
        }
    }
}
