//! Functions with known minima, to try samplers on.
//!
//! The closed forms are those of Surjanovic and Bingham, "Virtual Library of Simulation Experiments: Test Functions and
//! Datasets" (<https://www.sfu.ca/~ssurjano/optimization.html>), which name the original papers. [`Function::Models`]
//! and [`Function::Optimizers`] are made up for this library: spaces with choices, whole numbers and conditions, as
//! hyperparameters have them.
//!
//! ```
//! use ensue_tune::functions::Function;
//!
//! let branin = Function::Branin;
//! let mut assignment = branin.space().from_unit(&[0.5, 0.5]);
//! assignment.set("x1", std::f64::consts::PI);
//! assignment.set("x2", 2.275);
//! assert!((branin.value(&assignment) - branin.minimum()).abs() < 1e-6);
//! ```

use std::f64::consts::{E, PI, TAU};

use crate::{Assignment, Scale, Space, SpaceBuilder};

/// A function of an assignment, with its space; lower is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Function {
    /// Two real numbers, three equal minima.
    Branin,
    /// Six real numbers, six minima, one of them deepest.
    Hartmann6,
    /// Ten real numbers, a narrow curved valley.
    Rosenbrock10,
    /// A choice of model, each with other hyperparameters; whole numbers and logarithmic scales.
    Models,
    /// Five real numbers, a narrow hole in a rippled plain.
    Ackley5,
    /// Eight real numbers, many minima.
    Levy8,
    /// Six real numbers, 64 minima.
    StyblinskiTang6,
    /// A choice of optimizer with conditional hyperparameters, flags among them.
    Optimizers,
}

impl Function {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Branin,
        Self::Hartmann6,
        Self::Rosenbrock10,
        Self::Models,
        Self::Ackley5,
        Self::Levy8,
        Self::StyblinskiTang6,
        Self::Optimizers,
    ];

    /// Its name, such as `hartmann6`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Branin => "branin",
            Self::Hartmann6 => "hartmann6",
            Self::Rosenbrock10 => "rosenbrock10",
            Self::Models => "models",
            Self::Ackley5 => "ackley5",
            Self::Levy8 => "levy8",
            Self::StyblinskiTang6 => "styblinski_tang6",
            Self::Optimizers => "optimizers",
        }
    }

    /// What it is a function of. Real numbers are called `x1`, `x2` and so on.
    pub fn space(self) -> Space {
        let builder = match self {
            Self::Branin => reals(&[(-5.0, 10.0), (0.0, 15.0)]),
            Self::Hartmann6 => reals(&[(0.0, 1.0); 6]),
            Self::Rosenbrock10 => reals(&[(-5.0, 10.0); 10]),
            Self::Ackley5 => reals(&[(-20.0, 30.0); 5]),
            Self::Levy8 => reals(&[(-10.0, 10.0); 8]),
            Self::StyblinskiTang6 => reals(&[(-5.0, 5.0); 6]),
            Self::Models => models_space(),
            Self::Optimizers => optimizers_space(),
        };
        builder.build().expect("the spaces here are sound, and a test builds all")
    }

    /// Its value at an assignment that passes the space's [`check`](Space::check); not a number at others.
    pub fn value(self, assignment: &Assignment) -> f64 {
        let x = || (1..).map_while(|i| assignment.number(&format!("x{i}"))).collect::<Vec<f64>>();
        match self {
            Self::Branin => branin(&x()),
            Self::Hartmann6 => hartmann(&x()),
            Self::Rosenbrock10 => rosenbrock(&x()),
            Self::Ackley5 => ackley(&x()),
            Self::Levy8 => levy(&x()),
            Self::StyblinskiTang6 => {
                x().iter().map(|x| x.powi(4) - 16.0 * x * x + 5.0 * x).sum::<f64>() / 2.0
            }
            Self::Models => models(assignment).unwrap_or(f64::NAN),
            Self::Optimizers => optimizers(assignment).unwrap_or(f64::NAN),
        }
    }

    /// Its lowest value.
    pub fn minimum(self) -> f64 {
        match self {
            Self::Branin => 0.397_887_357_7,
            Self::Hartmann6 => -3.322_368_011_4,
            Self::StyblinskiTang6 => 6.0 * -39.166_165_703_8,
            Self::Rosenbrock10 | Self::Models | Self::Ackley5 | Self::Levy8 => 0.0,
            Self::Optimizers => 1.518_910_395_7e-5,
        }
    }
}

fn reals(ranges: &[(f64, f64)]) -> SpaceBuilder {
    let add = |builder: SpaceBuilder, (i, &(low, high)): (usize, &(f64, f64))| {
        builder.float(&format!("x{}", i + 1), low..=high, Scale::Linear)
    };
    ranges.iter().enumerate().fold(Space::builder(), add)
}

fn branin(x: &[f64]) -> f64 {
    let &[x, y] = x else { return f64::NAN };
    let bowl = y - 5.1 / (4.0 * PI * PI) * x * x + 5.0 / PI * x - 6.0;
    bowl * bowl + 10.0 * (1.0 - 1.0 / (8.0 * PI)) * x.cos() + 10.0
}

fn hartmann(x: &[f64]) -> f64 {
    const ALPHA: [f64; 4] = [1.0, 1.2, 3.0, 3.2];
    const A: [[f64; 6]; 4] = [
        [10.0, 3.0, 17.0, 3.5, 1.7, 8.0],
        [0.05, 10.0, 17.0, 0.1, 8.0, 14.0],
        [3.0, 3.5, 1.7, 10.0, 17.0, 8.0],
        [17.0, 8.0, 0.05, 10.0, 0.1, 14.0],
    ];
    const P: [[f64; 6]; 4] = [
        [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
        [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
        [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650],
        [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
    ];
    let hill = |i: usize| {
        let distance = |j: usize| A[i][j] * (x[j] - P[i][j]).powi(2);
        ALPHA[i] * (-(0..6).map(distance).sum::<f64>()).exp()
    };
    if x.len() == 6 { -(0..4).map(hill).sum::<f64>() } else { f64::NAN }
}

fn rosenbrock(x: &[f64]) -> f64 {
    x.windows(2).map(|x| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2)).sum()
}

fn ackley(x: &[f64]) -> f64 {
    let n = x.len() as f64;
    let radius = (x.iter().map(|x| x * x).sum::<f64>() / n).sqrt();
    let ripple = x.iter().map(|x| (TAU * x).cos()).sum::<f64>() / n;
    -20.0 * (-0.2 * radius).exp() - ripple.exp() + 20.0 + E
}

fn levy(x: &[f64]) -> f64 {
    let w: Vec<f64> = x.iter().map(|x| 1.0 + (x - 1.0) / 4.0).collect();
    let [first, .., last] = w[..] else { return f64::NAN };
    let inner = |w: &f64| (w - 1.0).powi(2) * (1.0 + 10.0 * (PI * w + 1.0).sin().powi(2));
    (PI * first).sin().powi(2)
        + w[..w.len() - 1].iter().map(inner).sum::<f64>()
        + (last - 1.0).powi(2) * (1.0 + (TAU * last).sin().powi(2))
}

fn models_space() -> SpaceBuilder {
    Space::builder()
        .categorical("model", ["linear", "tree", "network"])
        .float("rate", 1e-5..=1.0, Scale::Logarithmic)
        .float("penalty", 1e-6..=100.0, Scale::Logarithmic)
        .only_if("model", ["linear"])
        .integer("depth", 1..=16, Scale::Linear)
        .only_if("model", ["tree"])
        .integer("leaf", 1..=512, Scale::Logarithmic)
        .only_if("model", ["tree"])
        .integer("layers", 1..=8, Scale::Linear)
        .only_if("model", ["network"])
        .float("dropout", 0.0..=0.9, Scale::Linear)
        .only_if("model", ["network"])
}

fn models(a: &Assignment) -> Option<f64> {
    let rest = match a.text("model")? {
        "linear" => 0.8 + 0.2 * (a.number("penalty")?.log10() + 1.0).powi(2),
        "tree" => {
            let depth = ((a.number("depth")? - 7.0) / 4.0).powi(2);
            0.4 + depth + ((a.number("leaf")? / 20.0).ln() / 2.0).powi(2)
        }
        _ => {
            let layers = (a.number("layers")? - 3.0).powi(2) / 4.0;
            layers + 4.0 * (a.number("dropout")? - 0.25).powi(2)
        }
    };
    Some(0.5 * (a.number("rate")?.log10() + 2.5).powi(2) + rest)
}

fn optimizers_space() -> SpaceBuilder {
    Space::builder()
        .categorical("optimizer", ["sgd", "adam", "lbfgs", "none"])
        .integer("width", 4..=1024, Scale::Logarithmic)
        .integer("depth", 1..=10, Scale::Linear)
        .integer("history", 1..=50, Scale::Linear)
        .only_if("optimizer", ["lbfgs"])
        .float("rate", 1e-6..=1.0, Scale::Logarithmic)
        .only_if("optimizer", ["sgd", "adam"])
        .float("momentum", 0.0..=1.0, Scale::Linear)
        .only_if("optimizer", ["sgd"])
        .flag("nesterov")
        .only_if("optimizer", ["sgd"])
}

fn optimizers(a: &Assignment) -> Option<f64> {
    let width = ((a.number("width")?.log2() - 6.5) / 2.0).powi(2);
    let depth = ((a.number("depth")? - 4.0) / 3.0).powi(2);
    let rate = |best: f64| Some(a.number("rate")?.log10() - best);
    let rest = match a.text("optimizer")? {
        "none" => 3.0,
        "lbfgs" => 0.5 + ((a.number("history")? - 20.0) / 15.0).powi(2),
        "sgd" => {
            let momentum = 4.0 * (a.number("momentum")? - 0.8).powi(2);
            let nesterov = if a.flag("nesterov")? { 0.0 } else { 0.1 };
            0.2 + 0.6 * rate(-1.5)?.powi(2) + momentum + nesterov
        }
        _ => rate(-3.2)?.powi(2) + 0.3 * (1.0 - (3.0 * rate(-3.2)?).cos()),
    };
    Some(width + depth + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(function: Function, x: &[f64]) -> f64 {
        let mut assignment = Assignment::default();
        for (i, &x) in x.iter().enumerate() {
            assignment.set(&format!("x{}", i + 1), x);
        }
        function.space().check(&assignment).unwrap();
        function.value(&assignment)
    }

    fn read(function: Function, json: &str) -> f64 {
        let assignment = serde_json::from_str(json).unwrap();
        function.space().check(&assignment).unwrap();
        function.value(&assignment)
    }

    #[test]
    fn minima_lie_where_the_literature_has_them() {
        // Oracle: Surjanovic and Bingham's pages for the places and the values.
        for place in [[-PI, 12.275], [PI, 2.275], [9.424_78, 2.475]] {
            assert!((at(Function::Branin, &place) - 0.397_887).abs() < 1e-6);
        }
        let place = [0.201_69, 0.150_011, 0.476_874, 0.275_332, 0.311_652, 0.6573];
        assert!((at(Function::Hartmann6, &place) + 3.322_37).abs() < 1e-5);
        assert_eq!(at(Function::Rosenbrock10, &[1.0; 10]), 0.0);
        assert!(at(Function::Ackley5, &[0.0; 5]).abs() < 1e-12);
        assert!(at(Function::Levy8, &[1.0; 8]).abs() < 1e-12);
        assert!((at(Function::StyblinskiTang6, &[-2.903_534; 6]) + 6.0 * 39.166_165).abs() < 1e-4);
    }

    #[test]
    fn values_elsewhere() {
        // Oracle: by hand. Rosenbrock at 0: 9 terms of 1; at 2: 9 (100 * 4 + 1). Styblinski-Tang at 1: half of
        // 6 (1 - 16 + 5).
        assert_eq!(at(Function::Rosenbrock10, &[0.0; 10]), 9.0);
        assert_eq!(at(Function::Rosenbrock10, &[2.0; 10]), 3609.0);
        assert_eq!(at(Function::StyblinskiTang6, &[1.0; 6]), -30.0);
        // Branin at (0, 0): 36 + 10 (1 - 1 / (8 pi)) + 10.
        assert!((at(Function::Branin, &[0.0, 0.0]) - (56.0 - 10.0 / (8.0 * PI))).abs() < 1e-12);
        assert!(Function::Branin.value(&Assignment::default()).is_nan());
    }

    #[test]
    fn conditional_functions() {
        // Oracle: by hand from the formulas; the lowest values are at the squares' zeros.
        let rate = 10f64.powf(-2.5);
        let best =
            format!(r#"{{"model": "network", "rate": {rate}, "layers": 3, "dropout": 0.25}}"#);
        assert!(read(Function::Models, &best).abs() < 1e-12);
        let tree = r#"{"model": "tree", "rate": 0.1, "depth": 11, "leaf": 20}"#;
        assert!((read(Function::Models, tree) - (0.5 * 2.25 + 0.4 + 1.0)).abs() < 1e-12);
        let linear = r#"{"model": "linear", "rate": 0.1, "penalty": 10.0}"#;
        assert!((read(Function::Models, linear) - (0.5 * 2.25 + 0.8 + 0.8)).abs() < 1e-12);
        let none = r#"{"optimizer": "none", "width": 128, "depth": 4}"#;
        assert!((read(Function::Optimizers, none) - 3.0625).abs() < 1e-12);
        let sgd = r#"{"optimizer": "sgd", "width": 128, "depth": 4, "rate": 0.1, "momentum": 0.3, "nesterov": false}"#;
        assert!(
            (read(Function::Optimizers, sgd) - (0.0625 + 0.2 + 0.15 + 1.0 + 0.1)).abs() < 1e-12
        );
        // 91 is the whole number nearest to 2^6.5.
        let adam =
            r#"{"optimizer": "adam", "width": 91, "depth": 4, "rate": 0.000630957344480193}"#;
        assert!((read(Function::Optimizers, adam) - Function::Optimizers.minimum()).abs() < 1e-12);
    }
}
