//! Better states before the first value, at given smoothing parameters.
//!
//! Where the season does not multiply, forecasts are linear in these states, so that one step of Gauss and Newton is the
//! least squares solution; elsewhere it is a step towards it. What a forecast changes by when a state does is carried along
//! the recursion (Hyndman et al. 2008, section 2.6.1, estimates the states by general search instead).

use super::model::{Model, Season, Smoothing, States};

/// A change of a state that changes no forecast by more than this is forgotten.
const FORGOTTEN: f64 = 1e-4;

/// How often that is looked at.
const TOGETHER: usize = 16;

/// Room for what is carried along, reused.
#[derive(Debug, Default)]
pub(super) struct Room {
    /// How level, trend, forecast and difference change with each state: one number a state.
    level: Vec<f64>,
    trend: Vec<f64>,
    forecast: Vec<f64>,
    /// The same for each phase of the season, one after the other.
    season: Vec<f64>,
    normal: Vec<f64>,
    right: Vec<f64>,
    logs: Vec<f64>,
}

impl Room {
    /// Moves `states` by one step of Gauss and Newton towards the highest likelihood; false, and nothing moved, where there
    /// is no such step. `variance` of relative errors, as far as it is known.
    pub(super) fn improve(
        &mut self,
        model: Model,
        values: &[f64],
        by: &Smoothing,
        states: &mut States,
        running: &mut States,
        variance: f64,
    ) -> bool {
        running.copy(states);
        match (model.season, model.trending(), model.relative) {
            (Season::None, false, false) => plain::<false, false>(values, by, states, variance),
            (Season::None, false, true) => plain::<false, true>(values, by, states, variance),
            (Season::None, true, false) => plain::<true, false>(values, by, states, variance),
            (Season::None, true, true) => plain::<true, true>(values, by, states, variance),
            _ => self.seasonal(model, values, by, states, running, variance),
        }
    }

    fn seasonal(
        &mut self,
        model: Model,
        values: &[f64],
        by: &Smoothing,
        states: &mut States,
        running: &mut States,
        variance: f64,
    ) -> bool {
        let m = running.season.len();
        let first = 1 + usize::from(model.trending());
        // The last phase follows from the others.
        let k = first + m - 1;
        self.prepare(first, m);
        let &Smoothing { alpha, beta, gamma, phi } = by;
        let multiplies = model.season == Season::Multiplicative;
        for cycle in values.chunks(m) {
            let phases = running.season.iter_mut().zip(self.season.chunks_exact_mut(k));
            for (y, (phase, own)) in cycle.iter().zip(phases) {
                let growth = phi * running.trend;
                let base = running.level + growth;
                let forecast = if multiplies { base * *phase } else { base + *phase };
                let error = y - forecast;
                let (seen, apart) = (y / *phase, y / base);
                let difference = if multiplies { seen - base } else { error };
                for (i, own) in own.iter_mut().enumerate() {
                    let changed_growth = phi * self.trend[i];
                    let changed = self.level[i] + changed_growth;
                    let (moved, difference);
                    if multiplies {
                        moved = *phase * changed + base * *own;
                        difference = -seen / *phase * *own - changed;
                        *own -= gamma * (apart / base * changed + *own);
                    } else {
                        moved = changed + *own;
                        difference = -moved;
                        *own -= gamma * moved;
                    }
                    self.forecast[i] = moved;
                    self.level[i] = changed + alpha * difference;
                    self.trend[i] = changed_growth + beta * difference;
                }
                let (residual, weight) = if model.relative {
                    (error / forecast, y / (forecast * forecast))
                } else {
                    (error, 1.0)
                };
                for i in 0..k {
                    let changed = weight * self.forecast[i];
                    self.right[i] += changed * residual;
                    let row = &mut self.normal[i * k..][..=i];
                    for (sum, other) in row.iter_mut().zip(&self.forecast) {
                        *sum += changed * weight * other;
                    }
                    if model.relative {
                        self.logs[i] += self.forecast[i] / forecast;
                    }
                }
                running.level = base + alpha * difference;
                running.trend = growth + beta * difference;
                *phase += gamma * if multiplies { apart - *phase } else { error };
            }
        }
        for (right, log) in self.right.iter_mut().zip(&self.logs) {
            *right -= variance * log;
        }
        if !solve(&mut self.normal, &mut self.right) {
            return false;
        }
        states.level += self.right[0];
        if model.trending() {
            states.trend += self.right[1];
        }
        let mut rest = 0.0;
        for (phase, step) in states.season.iter_mut().zip(&self.right[first..]) {
            *phase += step;
            rest += step;
        }
        if let Some(last) = states.season.last_mut() {
            *last -= rest;
        }
        true
    }

    /// How the states change with themselves.
    fn prepare(&mut self, first: usize, m: usize) {
        let k = first + m - 1;
        let zeros = |room: &mut Vec<f64>, length: usize| {
            room.clear();
            room.resize(length, 0.0);
        };
        for room in
            [&mut self.level, &mut self.trend, &mut self.forecast, &mut self.right, &mut self.logs]
        {
            zeros(room, k);
        }
        zeros(&mut self.season, m * k);
        zeros(&mut self.normal, k * k);
        self.level[0] = 1.0;
        if first == 2 {
            self.trend[1] = 1.0;
        }
        for phase in 0..m - 1 {
            self.season[phase * k + first + phase] = 1.0;
            self.season[(m - 1) * k + first + phase] = -1.0;
        }
    }
}

/// [`Room::improve`] without a season.
fn plain<const TREND: bool, const RELATIVE: bool>(
    values: &[f64],
    by: &Smoothing,
    states: &mut States,
    variance: f64,
) -> bool {
    let &Smoothing { alpha, beta, phi, .. } = by;
    let (mut level, mut trend) = (states.level, states.trend);
    // How level and trend change with the level (first) and the trend (second) before the first value.
    let (mut levels, mut trends) = ([1.0, 0.0], [0.0, 1.0]);
    let (mut normal, mut right, mut logs) = ([0.0; 3], [0.0; 2], [0.0; 2]);
    for some in values.chunks(TOGETHER) {
        for y in some {
            let growth = if TREND { phi * trend } else { 0.0 };
            let forecast = level + growth;
            let error = y - forecast;
            let (residual, weight) =
                if RELATIVE { (error / forecast, y / (forecast * forecast)) } else { (error, 1.0) };
            level = forecast + alpha * error;
            if TREND {
                trend = growth + beta * error;
            }
            let mut moved = [0.0; 2];
            for i in 0..=usize::from(TREND) {
                let growth = phi * trends[i];
                moved[i] = levels[i] + growth;
                levels[i] = (1.0 - alpha) * moved[i];
                trends[i] = growth - beta * moved[i];
                right[i] += weight * moved[i] * residual;
                if RELATIVE {
                    logs[i] += moved[i] / forecast;
                }
            }
            let square = weight * weight;
            normal[0] += square * moved[0] * moved[0];
            normal[1] += square * moved[0] * moved[1];
            normal[2] += square * moved[1] * moved[1];
        }
        let states = 1 + usize::from(TREND);
        let left = levels[..states].iter().chain(if TREND { &trends[..] } else { &[] });
        let left = left.fold(0.0_f64, |most, x| most.max(x.abs()));
        if left < FORGOTTEN {
            break;
        }
    }
    let [a, b] = [right[0] - variance * logs[0], right[1] - variance * logs[1]];
    let step = if TREND {
        let determinant = normal[0] * normal[2] - normal[1] * normal[1];
        [
            (a * normal[2] - b * normal[1]) / determinant,
            (b * normal[0] - a * normal[1]) / determinant,
        ]
    } else {
        [a / normal[0], 0.0]
    };
    if !step.iter().all(|step| step.is_finite()) {
        return false;
    }
    states.level += step[0];
    states.trend += step[1];
    true
}

/// Solves `normal x = right` by Cholesky's decomposition, in place; `normal` is symmetric, only its lower half is read. False
/// where it is singular.
fn solve(normal: &mut [f64], right: &mut [f64]) -> bool {
    let k = right.len();
    for i in 0..k {
        for j in 0..=i {
            let (done, own) = normal.split_at_mut(i * k);
            let other = if j < i { &done[j * k..][..j] } else { &[] };
            let sum: f64 = if j < i {
                own.iter().zip(other).map(|(a, b)| a * b).sum()
            } else {
                own[..i].iter().map(|a| a * a).sum()
            };
            if j < i {
                own[j] = (own[j] - sum) / done[j * k + j];
            } else {
                let pivot = own[i] - sum;
                // What is left of a diagonal that others explain is rounding.
                if pivot.is_nan() || pivot <= 1e-12 * own[i] {
                    return false;
                }
                own[i] = pivot.sqrt();
            }
        }
    }
    for i in 0..k {
        let sum: f64 = (0..i).map(|j| normal[i * k + j] * right[j]).sum();
        right[i] = (right[i] - sum) / normal[i * k + i];
    }
    for i in (0..k).rev() {
        let sum: f64 = (i + 1..k).map(|j| normal[j * k + i] * right[j]).sum();
        right[i] = (right[i] - sum) / normal[i * k + i];
    }
    right.iter().all(|x| x.is_finite())
}
