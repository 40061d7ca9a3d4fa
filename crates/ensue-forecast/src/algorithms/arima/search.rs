//! Which order fits best: the stepwise search of Hyndman and Khandakar.

use super::{
    differences::{is_constant, seasonal, stepwise},
    fit::{Fit, exact, plain, quick},
    order::Order,
    problem::{Problem, differenced},
};
use crate::numeric::least_squares::least_squares;

/// Orders that are tried at most.
const MOST_MODELS: usize = 94;
/// Most terms of each kind.
const MOST_TERMS: usize = 5;
const MOST_SEASONAL_TERMS: usize = 2;
/// From how many steps, or from how long a season, orders are compared by their conditional sums of squares.
const LONG: usize = 150;
const LONG_SEASON: usize = 12;
/// Below this many steps the search begins with the smallest orders.
const SHORT: usize = 10;

/// A neighbour of an order: what is added to `p`, `q`, `P`, `Q`.
type Step = [isize; 4];

/// The neighbours of an order, in the order in which they are tried (auto.arima of R's `forecast`).
const STEPS: [Step; 16] = [
    [0, 0, -1, 0],
    [0, 0, 0, -1],
    [0, 0, 1, 0],
    [0, 0, 0, 1],
    [0, 0, -1, -1],
    [0, 0, -1, 1],
    [0, 0, 1, -1],
    [0, 0, 1, 1],
    [-1, 0, 0, 0],
    [0, -1, 0, 0],
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [-1, -1, 0, 0],
    [-1, 1, 0, 0],
    [1, -1, 0, 0],
    [1, 1, 0, 0],
];

/// The best model for `y`, which is finite, has at least one value and a size of about 1, with `regressors` as long as `y`.
///
/// Source: Hyndman & Khandakar 2008, "Automatic time series forecasting: the forecast package for R", Journal of Statistical
/// Software 27(3), section 3, with the later defaults of that package: the season is differenced by its strength, drifts are
/// allowed, `AICc` decides. Where nothing can be fitted, the model without any term.
pub(crate) fn best(y: &[f64], regressors: &[Vec<f64>], season: usize) -> Fit {
    let left = unexplained(y, regressors);
    let season = season.max(1);
    let seasonal_d = seasonal(&left, season);
    let seasonless = differenced(&left, season, seasonal_d);
    let d = stepwise(&seasonless);
    let may = d + seasonal_d < 2;
    let order =
        |constant| Order { p: 0, d, q: 0, seasonal_p: 0, seasonal_d, seasonal_q: 0, constant };
    let with = Problem::new(y, regressors, &order(may), season);
    let simple = plain(&with, order(may));
    if is_constant(&differenced(&seasonless, 1, d)) || simple.variance <= 0.0 {
        return simple;
    }
    let mut without = with.clone();
    if may {
        without = Problem::new(y, regressors, &order(false), season);
    }
    let third = y.len() / 3;
    let terms = if season > 1 { third.min((season - 1).max(1)) } else { third };
    let terms = MOST_TERMS.min(terms);
    let seasonal_terms = if season > 1 { MOST_SEASONAL_TERMS.min(third / season) } else { 0 };
    let mut search = Search {
        problems: [without, with],
        quick: y.len() > LONG || season > LONG_SEASON,
        most: [terms, terms, seasonal_terms, seasonal_terms],
        tried: Vec::with_capacity(MOST_MODELS),
        best: None,
    };
    search.run(order(may), may, y.len() < SHORT);
    search.finish().unwrap_or(simple)
}

/// What a mean and the regressors do not explain.
fn unexplained(y: &[f64], regressors: &[Vec<f64>]) -> Vec<f64> {
    let mut left = y.to_vec();
    if regressors.is_empty() {
        return left;
    }
    let columns: Vec<Vec<f64>> =
        [vec![1.0; y.len()]].into_iter().chain(regressors.iter().cloned()).collect();
    for (column, share) in columns.iter().zip(least_squares(&columns, y)) {
        left.iter_mut().zip(column).for_each(|(y, x)| *y -= share * x);
    }
    left
}

/// An order that was tried.
struct Tried {
    order: Order,
    aicc: f64,
    /// The fit, unless it was a quick one.
    fit: Option<Fit>,
}

struct Search {
    /// Without the constant, and with it.
    problems: [Problem; 2],
    /// Whether orders are compared by their conditional sums of squares.
    quick: bool,
    /// Most terms of each kind.
    most: [usize; 4],
    tried: Vec<Tried>,
    /// Place of the best so far.
    best: Option<usize>,
}

impl Search {
    fn problem(&self, order: &Order) -> &Problem {
        &self.problems[usize::from(order.constant)]
    }

    /// Fits an order that was not tried yet; whether it is the best.
    fn attempt(&mut self, order: Order) -> bool {
        if self.tried.len() >= MOST_MODELS || self.tried.iter().any(|tried| tried.order == order) {
            return false;
        }
        let problem = self.problem(&order);
        let tried = if self.quick {
            Tried { order, aicc: quick(problem, order), fit: None }
        } else {
            let fit = exact(problem, order);
            let aicc = fit.as_ref().map_or(f64::INFINITY, |fit| fit.aicc);
            Tried { order, aicc, fit }
        };
        let bar = self.best.map_or(f64::INFINITY, |at| self.tried[at].aicc);
        let better = tried.aicc < bar;
        self.tried.push(tried);
        if better {
            self.best = Some(self.tried.len() - 1);
        }
        better
    }

    fn run(&mut self, order: Order, may: bool, short: bool) {
        let [p, q, seasonal_p, seasonal_q] = self.most;
        let at = |p, q, seasonal_p, seasonal_q, constant| Order {
            p,
            q,
            seasonal_p,
            seasonal_q,
            constant,
            ..order
        };
        let (first, seasonal) = if short { (1, 0) } else { (2, 1) };
        let begin =
            at(first.min(p), first.min(q), seasonal.min(seasonal_p), seasonal.min(seasonal_q), may);
        self.attempt(begin);
        self.attempt(at(0, 0, 0, 0, may));
        if p > 0 || seasonal_p > 0 {
            self.attempt(at(p.min(1), 0, seasonal_p.min(1), 0, may));
        }
        if q > 0 || seasonal_q > 0 {
            self.attempt(at(0, q.min(1), 0, seasonal_q.min(1), may));
        }
        if may {
            self.attempt(at(0, 0, 0, 0, false));
        }
        let mut here = self.best.map_or(begin, |at| self.tried[at].order);
        while let Some(next) = self.improve(here, may) {
            here = next;
        }
    }

    /// The first neighbour that is better.
    fn improve(&mut self, here: Order, may: bool) -> Option<Order> {
        for step in STEPS {
            if let Some(order) = self.neighbour(here, step)
                && self.attempt(order)
            {
                return Some(order);
            }
        }
        let other = Order { constant: !here.constant, ..here };
        (may && self.attempt(other)).then_some(other)
    }

    fn neighbour(&self, here: Order, step: Step) -> Option<Order> {
        let moved = |terms: usize, kind: usize| {
            let terms = terms.checked_add_signed(step[kind])?;
            (step[kind] <= 0 || terms <= self.most[kind]).then_some(terms)
        };
        Some(Order {
            p: moved(here.p, 0)?,
            q: moved(here.q, 1)?,
            seasonal_p: moved(here.seasonal_p, 2)?,
            seasonal_q: moved(here.seasonal_q, 3)?,
            ..here
        })
    }

    /// The best fit; after a quick search the best order that can be fitted exactly.
    fn finish(mut self) -> Option<Fit> {
        if !self.quick {
            let at = self.best?;
            return self.tried.swap_remove(at).fit;
        }
        self.tried.retain(|tried| tried.aicc.is_finite());
        self.tried.sort_by(|a, b| a.aicc.total_cmp(&b.aicc));
        self.tried.iter().find_map(|tried| exact(self.problem(&tried.order), tried.order))
    }
}
