//! What a scheduler would have done.

use super::{Scheduler, Verdict};
use crate::{Assignment, Direction, History, Measurement, Space, Trial, TrialState};

/// What came of a replay.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Replay {
    /// The best last value among the trials that ran to their end; none when none did.
    pub best: Option<f64>,
    /// Steps spent by all trials together.
    pub steps: u64,
    /// Trials that ran to their end.
    pub complete: u64,
    /// Trials that were ended early.
    pub stopped: u64,
}

/// Plays recorded learning curves to a scheduler, without training anything.
///
/// `curves[i]` holds the values of trial `i` after its step 1, 2 and so on, of which higher is better. Trials start
/// in the order of `order` (positions beyond the curves are left out) and are numbered by it. `workers` of them (0
/// counts as 1) run at once and in lockstep: each does one step in turn, and takes the next trial when its own has
/// ended. A trial ends with its curve or when the scheduler says so; the last step of a curve is not asked about,
/// as there is nothing left to save.
///
/// ```
/// use ensue_tune::scheduler::{AnyScheduler, replay};
///
/// let curves = [vec![0.5, 0.6], vec![0.4, 0.8]];
/// let full = replay(&AnyScheduler::None, &curves, &[1, 0], 2);
/// assert_eq!((full.best, full.steps, full.complete), (Some(0.8), 4, 2));
/// ```
pub fn replay(
    scheduler: &dyn Scheduler,
    curves: &[Vec<f64>],
    order: &[usize],
    workers: usize,
) -> Replay {
    let space = Space::default();
    let directions = [Direction::Maximize];
    let mut trials: Vec<Trial> = Vec::new();
    let mut waiting =
        order.iter().filter_map(|index| curves.get(*index)).filter(|curve| !curve.is_empty());
    let mut running: Vec<Option<(usize, &Vec<f64>)>> = vec![None; workers.max(1)];
    let mut replayed = Replay { best: None, steps: 0, complete: 0, stopped: 0 };
    loop {
        let mut busy = false;
        for slot in &mut running {
            if slot.is_none() {
                let Some(curve) = waiting.next() else { continue };
                *slot = Some((trials.len(), curve));
                trials.push(started(trials.len() as u64));
            }
            let Some((index, curve)) = *slot else { continue };
            busy = true;
            let done = trials[index].measurements.len();
            let value = curve[done];
            trials[index].measurements.push(Measurement { step: done as u64 + 1, value });
            replayed.steps += 1;
            let state = if done + 1 == curve.len() {
                TrialState::Complete
            } else {
                let history = History { space: &space, directions: &directions, trials: &trials };
                match scheduler.verdict(&history, &trials[index]) {
                    Verdict::Continue => continue,
                    Verdict::Stop => TrialState::Stopped,
                }
            };
            trials[index].state = state;
            trials[index].values = vec![value];
            *slot = None;
            if state == TrialState::Stopped {
                replayed.stopped += 1;
            } else {
                replayed.complete += 1;
                if !value.is_nan() && replayed.best.is_none_or(|best| value > best) {
                    replayed.best = Some(value);
                }
            }
        }
        if !busy {
            return replayed;
        }
    }
}

fn started(number: u64) -> Trial {
    Trial {
        number,
        assignment: Assignment::default(),
        state: TrialState::Running,
        measurements: Vec::new(),
        values: Vec::new(),
        seconds: 0.0,
    }
}
