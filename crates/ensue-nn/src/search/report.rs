//! What was tried and what came of it.

use std::fmt;

use ensue_tune::{Direction, Space, Trial, TrialState, charts, study::pareto_front};
use serde::{Deserialize, Serialize};

/// What a search tried and chose (Amazon's `tunedHPOParams` and `autoMLResult`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tuning {
    /// What was optimised.
    pub metric_name: String,
    /// Whether higher or lower is better.
    pub direction: Direction,
    /// On what trials were measured.
    pub measured_on: String,
    /// What was varied.
    pub space: Space,
    /// All trials.
    pub trials: Vec<Trial>,
    /// The chosen trial; none when no trial ran to its end in time, and the settings as given were taken.
    pub chosen: Option<u64>,
    /// Each recipe or algorithm that competed, best first.
    pub candidates: Vec<Candidate>,
    /// Those that the data did not permit.
    pub left_out: Vec<LeftOut>,
    /// Share of each setting in how much the trials differ, largest first; empty with too few trials.
    pub importance: Vec<(String, f64)>,
    /// Time of all trials together, seconds.
    pub seconds: f64,
}

/// How a recipe or algorithm did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// Its name.
    pub name: String,
    /// Its best value among trials that ran to their end.
    pub value: Option<f64>,
    /// Its trials.
    pub trials: usize,
    /// Those that ran to their end.
    pub complete: usize,
    /// Epochs of all of them.
    pub steps: u64,
    /// Time of all of them together, seconds.
    pub seconds: f64,
}

/// A recipe or algorithm that did not compete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
}

impl Tuning {
    /// The chosen trial.
    pub fn best(&self) -> Option<&Trial> {
        let chosen = self.chosen?;
        self.trials.iter().find(|trial| trial.number == chosen)
    }

    /// Complete trials that no other betters in value and in time, quickest first: what more training time buys.
    pub fn pareto_front(&self) -> Vec<&Trial> {
        let timed = self.timed();
        let front = pareto_front(&timed, &[self.direction, Direction::Minimize]);
        let of = |number| self.trials.iter().find(|trial| trial.number == number);
        let mut front: Vec<&Trial> = front.iter().filter_map(|trial| of(trial.number)).collect();
        front.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
        front
    }

    /// The trials with their time as a second value.
    fn timed(&self) -> Vec<Trial> {
        let timed = self.trials.iter().map(|trial| {
            let mut timed = trial.clone();
            if !timed.values.is_empty() {
                timed.values.push(trial.seconds);
            }
            timed
        });
        timed.collect()
    }

    /// Charts as SVG, by name of the file: optimisation history, learning curves, parallel coordinates, importance, value
    /// against time.
    pub fn charts(&self) -> Vec<(&'static str, String)> {
        let Self { metric_name: title, direction, trials, space, importance, .. } = self;
        let direction = *direction;
        vec![
            ("history.svg", charts::history(title, trials, direction)),
            ("curves.svg", charts::learning_curves(title, trials, direction)),
            ("parallel.svg", charts::parallel_coordinates(title, space, trials, direction)),
            ("importance.svg", charts::importance(title, importance)),
            (
                "pareto.svg",
                charts::pareto(
                    title,
                    &self.timed(),
                    [direction, Direction::Minimize],
                    [title, "seconds"],
                ),
            ),
        ]
    }
}

impl fmt::Display for Tuning {
    /// For people: who competed, what was chosen and why.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |state| self.trials.iter().filter(|trial| trial.state == state).count();
        writeln!(
            f,
            "search by {} on {}: {} trials ({} complete, {} stopped early, {} failed), {:.0} s together",
            self.metric_name,
            self.measured_on,
            self.trials.len(),
            of(TrialState::Complete),
            of(TrialState::Stopped),
            of(TrialState::Failed),
            self.seconds,
        )?;
        for one in &self.candidates {
            let value = one.value.map_or_else(|| "-".to_owned(), |value| format!("{value:.4}"));
            let (name, trials, steps) = (&one.name, one.trials, one.steps);
            writeln!(f, "  {name:24} {value:>8}  {trials} trials, {steps} epochs")?;
        }
        for LeftOut { name, reason } in &self.left_out {
            writeln!(f, "  {name:24} {:>8}  {reason}", "left out")?;
        }
        match self.best() {
            Some(best) => {
                let settings = best.assignment.0.iter();
                let settings = settings.map(|(name, value)| format!("{name} {value}"));
                let settings = settings.collect::<Vec<_>>().join(", ");
                writeln!(f, "  chosen, for the best value: trial {}, {settings}", best.number)?;
            }
            None => {
                writeln!(f, "  chosen: the settings as given, no trial ran to its end in time")?;
            }
        }
        write!(f, "  the chosen settings were trained again on the whole training part")
    }
}
