//! Where the search for the states before the first value begins: Hyndman et al. 2008, section 2.6.1.

use super::model::{Model, Season, States};
use crate::numeric::decompose::{Kind, season_figure};

/// The lowest figure of a season that multiplies.
const LOWEST: f64 = 0.01;

/// The figure of a season of `m` steps, of `values` longer than that; they are positive where it multiplies.
pub(super) fn figure(values: &[f64], m: usize, multiplies: bool) -> Vec<f64> {
    let kind = if multiplies { Kind::Multiplicative } else { Kind::Additive };
    if values.len() >= 3 * m {
        let mut figure = season_figure(values, m, kind);
        if multiplies {
            for phase in &mut figure {
                *phase = phase.max(LOWEST);
            }
            let mean = figure.iter().sum::<f64>() / m as f64;
            for phase in &mut figure {
                *phase /= mean;
            }
        }
        return figure;
    }
    // Too few seasons for moving averages: the means of what a line leaves.
    let (level, slope) = line(values);
    let mut figure = vec![0.0; m];
    for (at, y) in values.iter().enumerate() {
        let trend = level + slope * (at + 1) as f64;
        let times = (values.len() - at % m).div_ceil(m) as f64;
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        figure[at % m] += if multiplies { y / trend.max(LOWEST * mean) } else { y - trend } / times;
    }
    let mean = figure.iter().sum::<f64>() / m as f64;
    for phase in &mut figure {
        *phase = if multiplies { (*phase / mean).max(LOWEST) } else { *phase - mean };
    }
    if multiplies {
        let mean = figure.iter().sum::<f64>() / m as f64;
        for phase in &mut figure {
            *phase /= mean;
        }
    }
    figure
}

/// Level and trend from the first values without their season, `figure` (empty without one).
pub(super) fn states(model: Model, values: &[f64], figure: &[f64]) -> States {
    let first = values.len().min((2 * figure.len()).max(10));
    let adjusted: Vec<f64> = values[..first]
        .iter()
        .enumerate()
        .map(|(at, y)| match model.season {
            Season::None => *y,
            Season::Additive => y - figure[at % figure.len()],
            Season::Multiplicative => y / figure[at % figure.len()],
        })
        .collect();
    let (level, trend) = if model.trending() {
        line(&adjusted)
    } else {
        (adjusted.iter().sum::<f64>() / first as f64, 0.0)
    };
    let season = if model.season == Season::None { Vec::new() } else { figure.to_vec() };
    States { level, trend, season }
}

/// The least squares line through steps 1, 2, ...: its value at step 0, and its slope.
fn line(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let middle = f64::midpoint(n, 1.0);
    let mean = values.iter().sum::<f64>() / n;
    let (mut along, mut square) = (0.0, 0.0);
    for (at, y) in values.iter().enumerate() {
        let step = (at + 1) as f64 - middle;
        along += step * (y - mean);
        square += step * step;
    }
    let slope = if square > 0.0 { along / square } else { 0.0 };
    (mean - slope * middle, slope)
}
