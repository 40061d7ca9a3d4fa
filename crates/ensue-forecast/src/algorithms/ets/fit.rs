//! Estimation of one model by its likelihood, and the choice among models by `AICc`.

use super::{
    ahead::Horizons,
    model::{Model, Season, Smoothing, States, Trend},
    recursion::pass,
    start,
    states::Room,
};
use crate::numeric::nelder_mead::{NelderMead, Stop};

/// The longest season that is modelled, as in R: longer ones have too many states.
const LONGEST: usize = 24;

/// Bounds of alpha, of beta as a share of alpha, of gamma as a share of what alpha leaves, and of phi: R's "usual" ones. The
/// first three are searched for as log odds: a trend often follows so slowly that a few thousandths matter.
const BOUNDS: [(f64, f64); 4] = [(-ODDS, ODDS), (-ODDS, ODDS), (-ODDS, ODDS), (0.8, 0.98)];

/// Log odds of 0.9999.
const ODDS: f64 = 9.210_240_366_975_85;

/// Where the search for alpha begins: at the best of these log odds; and where the others begin.
const BETA: f64 = -3.0;
const GAMMA: f64 = -3.0;
const PHI: f64 = 0.95;
const ALPHAS: [f64; 4] = [-3.0, -1.0, 0.5, 3.0];

/// A difference of the deviance that decides nothing.
const CLOSE: f64 = 1e-3;

/// An error that is only rounding, of values of size 1.
const EXACT: f64 = 1e-9;

/// Rounds of smoothing parameters and states in turns, and steps of the states in one of them, at most.
const ROUNDS: usize = 8;
const STEPS: usize = 4;

/// An estimated model.
#[derive(Debug, Clone)]
pub(super) struct Fit {
    pub(super) model: Model,
    pub(super) by: Smoothing,
    /// States after the last value.
    pub(super) end: States,
    /// Phase of the season that comes after the last value.
    pub(super) phase: usize,
    /// Variance of the errors, which are relative where the model has such.
    pub(super) variance: f64,
    pub(super) aicc: f64,
    /// Mean absolute error over whole horizons, where there are any.
    pub(super) ahead: Option<f64>,
}

/// The model of the lowest `AICc` (Hyndman et al. 2008, section 7.2) of values of size 1 with a season of `m` steps, among those
/// that also forecast a whole `horizon` about as well as the others; none where there are too few values for any.
///
/// `relative`: whether models with relative errors and with seasons that multiply are considered; they are only where all
/// values are positive.
pub(super) fn best(values: &[f64], m: usize, relative: bool, horizon: usize) -> Option<Fit> {
    let n = values.len();
    let positive = values.iter().all(|&y| y > 0.0);
    let seasonal = (2..=LONGEST).contains(&m) && n > m;
    let mut search = Search::default();
    let figures = [Season::Additive, Season::Multiplicative].map(|season| {
        let multiplies = season == Season::Multiplicative;
        let wanted = seasonal && (!multiplies || positive && relative);
        if wanted { start::figure(values, m, multiplies) } else { Vec::new() }
    });
    let horizons = Horizons::new(n, if seasonal { m } else { 1 }, horizon);
    let mut fits = Vec::new();
    for model in Model::candidates(seasonal, positive && relative) {
        let figure = match model.season {
            Season::None => &[][..],
            Season::Additive => &figures[0],
            Season::Multiplicative => &figures[1],
        };
        if n > model.parameters(figure.len()) + 1 {
            let fit = search.fit(model, values, figure, horizons);
            if fit.aicc < f64::INFINITY {
                fits.push(fit);
            }
        }
    }
    let least = fits.iter().filter_map(|fit| fit.ahead).fold(f64::INFINITY, f64::min);
    if least.is_finite() {
        let most = horizons.margin(n) * least + EXACT;
        fits.retain(|fit| fit.ahead.is_some_and(|ahead| ahead <= most));
    }
    // The first of equals, which is the simplest.
    fits.into_iter().min_by(|a, b| a.aicc.total_cmp(&b.aicc))
}

/// Room of the search, and what is best so far.
#[derive(Debug, Default)]
struct Search {
    simplex: NelderMead,
    likelihood: Likelihood,
}

impl Search {
    /// Estimates one model.
    ///
    /// Smoothing parameters are searched for, states follow by least squares: without a season at every look at the
    /// likelihood, with one in turns with the search.
    fn fit(&mut self, model: Model, values: &[f64], figure: &[f64], horizons: Horizons) -> Fit {
        let n = values.len();
        let Self { simplex, likelihood } = self;
        (likelihood.lowest, likelihood.variance) = (f64::INFINITY, 0.0);
        likelihood.states = start::states(model, values, figure);
        let mut point = [ALPHAS[0], BETA, GAMMA, PHI];
        for alpha in ALPHAS {
            let there = [alpha, BETA, GAMMA, PHI];
            let before = likelihood.lowest;
            if likelihood.look(model, values, &smoothing(model, &there)) < before {
                point = there;
            }
        }
        if !figure.is_empty() {
            likelihood.better_states(model, values, &smoothing(model, &point));
        }
        let used = variables(model);
        let dimensions = used.len();
        let pick = |all: [f64; 4]| -> [f64; 4] {
            std::array::from_fn(|at| used.get(at).map_or(0.0, |&which| all[which]))
        };
        let steps = pick([1.0, 1.0, 1.0, -0.05]);
        let (low, high) = (pick(BOUNDS.map(|bound| bound.0)), pick(BOUNDS.map(|bound| bound.1)));
        let bounds: [(f64, f64); 4] = std::array::from_fn(|at| (low[at], high[at]));
        let mut free = pick(point);
        let spread = |free: &[f64]| {
            let mut point = point;
            for (&which, &x) in used.iter().zip(free) {
                point[which] = x;
            }
            smoothing(model, &point)
        };
        let stop = Stop { evaluations: 60 * dimensions, spread: CLOSE };
        for _ in 0..ROUNDS {
            let before = likelihood.lowest;
            simplex.minimise(
                &mut free[..dimensions],
                &steps[..dimensions],
                &bounds[..dimensions],
                stop,
                |free| likelihood.look(model, values, &spread(free)),
            );
            likelihood.better_states(model, values, &spread(&free[..dimensions]));
            if before - likelihood.lowest < 100.0 * CLOSE {
                break;
            }
        }
        let by = spread(&free[..dimensions]);
        let mut end = likelihood.states.clone();
        let ahead = horizons.error(model, values, &by, &mut end);
        end.copy(&likelihood.states);
        let sums = pass(model, values, &by, &mut end);
        let k = model.parameters(figure.len()) as f64;
        let left = n as f64 - k - 1.0;
        Fit {
            model,
            by,
            phase: if figure.is_empty() { 0 } else { n % figure.len() },
            end,
            variance: sums.squares / left,
            aicc: sums.deviance(n) + 2.0 * k + 2.0 * k * (k + 1.0) / left,
            ahead,
        }
    }
}

/// The likelihood of one model, with the states before the first value that go with its best.
#[derive(Debug, Default)]
struct Likelihood {
    room: Room,
    /// The lowest deviance so far, and its states.
    lowest: f64,
    states: States,
    /// Mean square of its errors.
    variance: f64,
    moved: States,
    running: States,
}

impl Likelihood {
    /// The deviance with these smoothing parameters; without a season, with the states that suit them best.
    fn look(&mut self, model: Model, values: &[f64], by: &Smoothing) -> f64 {
        self.moved.copy(&self.states);
        if model.season == Season::None
            && self.room.improve(
                model,
                values,
                by,
                &mut self.moved,
                &mut self.running,
                self.variance,
            )
        {
            let found = self.at_moved(model, values, by);
            if found.is_finite() {
                return found;
            }
            self.moved.copy(&self.states);
        }
        self.at_moved(model, values, by)
    }

    /// The deviance with the states `moved`.
    fn at_moved(&mut self, model: Model, values: &[f64], by: &Smoothing) -> f64 {
        if self.moved.season.iter().any(|&phase| phase <= 0.0)
            && model.season == Season::Multiplicative
        {
            return f64::INFINITY;
        }
        self.running.copy(&self.moved);
        let sums = pass(model, values, by, &mut self.running);
        let found = sums.deviance(values.len());
        if found < self.lowest {
            self.lowest = found;
            self.variance = sums.squares / values.len() as f64;
            self.states.copy(&self.moved);
        }
        found
    }

    /// Moves the states to where the deviance is lowest with these smoothing parameters.
    fn better_states(&mut self, model: Model, values: &[f64], by: &Smoothing) {
        for _ in 0..STEPS {
            let before = self.lowest;
            let from = self.states.clone();
            self.moved.copy(&from);
            if !self.room.improve(
                model,
                values,
                by,
                &mut self.moved,
                &mut self.running,
                self.variance,
            ) {
                return;
            }
            let mut halvings = 0;
            while self.at_moved(model, values, by) >= before && halvings < 4 {
                halvings += 1;
                halve(&mut self.moved, &from);
            }
            if before - self.lowest < CLOSE {
                return;
            }
        }
    }
}

/// Moves `states` half the way back.
fn halve(states: &mut States, back: &States) {
    let middle = |x: &mut f64, y: f64| *x = 0.5 * (*x + y);
    middle(&mut states.level, back.level);
    middle(&mut states.trend, back.trend);
    states.season.iter_mut().zip(&back.season).for_each(|(x, &y)| middle(x, y));
}

/// Which of alpha, beta, gamma and phi a model has.
fn variables(model: Model) -> &'static [usize] {
    match (model.trend, model.season) {
        (Trend::None, Season::None) => &[0],
        (Trend::Additive, Season::None) => &[0, 1],
        (Trend::Damped, Season::None) => &[0, 1, 3],
        (Trend::None, _) => &[0, 2],
        (Trend::Additive, _) => &[0, 1, 2],
        (Trend::Damped, _) => &[0, 1, 2, 3],
    }
}

/// Parameters from the log odds of alpha, of beta's and of gamma's share, and phi.
fn smoothing(model: Model, point: &[f64; 4]) -> Smoothing {
    let [alpha, beta, gamma] = [0, 1, 2].map(|at| 1.0 / (1.0 + (-point[at]).exp()));
    let phi = point[3];
    Smoothing {
        alpha,
        beta: if model.trending() { alpha * beta } else { 0.0 },
        gamma: if model.season == Season::None { 0.0 } else { (1.0 - alpha) * gamma },
        phi: if model.trend == Trend::Damped { phi } else { 1.0 },
    }
}
