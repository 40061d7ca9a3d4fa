//! The loop itself.

use std::ops::ControlFlow;
use std::time::Instant;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use ensue_core::{Decision, Progress, Report, Run};
use serde::{Deserialize, Serialize};

use super::average;
use super::checkpoint::{Checkpoint, Identity};
use super::losses::{Losses, Read};
use super::prefetch::{Batches, prefetched};
use super::{Kept, Learner, Loss, StepContext, TrainError, TrainSettings};
use crate::device::is_ndarray;
use crate::optim::{OptimizerError, OptimizerState, PlateauState};
use crate::weights;

/// A finished training.
#[derive(Debug, Clone)]
pub struct Trained<M> {
    /// The best weights by the validation metric, or the last ones where there is none; or the mean
    /// of several. Without autodiff.
    pub model: M,
    /// Epoch of these weights (of the best, where several are averaged), from 1; 0 when the budget ended before the first epoch did.
    pub epoch: usize,
    /// Validation metric after that epoch.
    pub metric: Option<f64>,
    /// One record per finished epoch, resumed ones included.
    pub history: Vec<EpochRecord>,
    /// Why training ended.
    pub stopped: Stopped,
    /// Seconds that this call took; a resumed run's earlier part is not in it.
    pub seconds: f64,
}

/// Why training ended, when it ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Stopped {
    /// Every epoch was done.
    Epochs,
    /// The validation metric had stopped improving.
    Patience,
    /// The run's time was used up.
    Budget,
    /// The run's report hook said so.
    Report,
}

/// One finished epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Its number, from 1.
    pub epoch: usize,
    /// Mean training loss over its events.
    pub train_loss: f64,
    /// The validation metric after it, higher is better.
    pub validation: Option<f64>,
    /// Learning rate of its last step.
    pub learning_rate: f64,
    /// How long it took, validation included, in seconds.
    pub seconds: f64,
    /// Events trained on.
    pub events: usize,
}

/// All that training knows between two epochs.
#[derive(Debug)]
pub(super) struct State<M> {
    pub(super) model: M,
    pub(super) optimizer: OptimizerState,
    /// Epochs done.
    pub(super) epoch: usize,
    /// Optimiser steps done.
    pub(super) steps: usize,
    /// The best epochs by `judged`, best first; as many as are averaged.
    pub(super) best: Vec<Best<M>>,
    /// Epochs since the best one.
    pub(super) waited: usize,
    pub(super) plateau: PlateauState,
    pub(super) history: Vec<EpochRecord>,
}

#[derive(Debug)]
pub(super) struct Best<M> {
    pub(super) epoch: usize,
    /// The validation metric, or the negative training loss.
    pub(super) judged: f64,
    pub(super) model: M,
}

/// What the steps of an epoch gave.
struct Steps<M> {
    model: M,
    /// `false` when the time was used up first.
    complete: bool,
    taken: usize,
    learning_rate: f64,
}

/// Trains a [`Learner`]'s model; see the [module](super) for what happens when.
#[derive(Debug, Clone, Default)]
pub struct Trainer {
    settings: TrainSettings,
}

impl Trainer {
    /// A trainer with these settings, checked by [`fit`](Self::fit).
    pub fn new(settings: TrainSettings) -> Self {
        Self { settings }
    }

    /// Trains `model` on its device and gives the best weights.
    ///
    /// With a checkpoint directory in `run`, training goes on from the checkpoint found there, or
    /// starts afresh when there is none. The directory is removed at the end unless its policy says
    /// keep; it also stays when the time was used up, so that another run can go on from it. When
    /// the time is used up within an epoch, the result is the best of the finished epochs, or,
    /// without a validation metric, the weights of that moment; before the first step that is an
    /// error. A run without a report hook that has no validation metric reports the negative training
    /// loss.
    ///
    /// # Errors
    ///
    /// [`TrainError`]. The last checkpoint stays whatever happens.
    pub fn fit<L: Learner>(
        &self,
        learner: &L,
        model: L::Model,
        run: &mut Run,
    ) -> Result<Trained<L::Model>, TrainError> {
        let run = &*run;
        let clock = Instant::now();
        self.settings.check()?;
        let model = model.train();
        let device = model.devices().into_iter().next().ok_or(TrainError::NoParameters)?.autodiff();
        if model.num_params() == 0 {
            return Err(TrainError::NoParameters);
        }
        let epochs = self.settings.epochs.get();
        let checkpoint = run.checkpoint.as_ref().map(|policy| {
            let identity = Identity {
                settings: self.settings.fingerprint() + &learner.settings(),
                data: learner.fingerprint(),
                seed: run.seed.0,
                model: format!("{:?}", weights::layout(&model)),
            };
            Checkpoint::new(&policy.dir, identity)
        });
        let total = epochs * learner.steps_per_epoch();
        run.emit(Progress::Started { what: "training".to_owned(), total_steps: Some(total) });
        let found = match &checkpoint {
            Some(checkpoint) => {
                checkpoint.load(&model, &self.settings.optimizer, &device, epochs)?
            }
            None => None,
        };
        let mut state = match found {
            Some(state) => {
                run.emit(Progress::Resumed { epoch: state.epoch });
                state
            }
            None => State {
                optimizer: OptimizerState::new(self.settings.optimizer.clone(), &model),
                model,
                epoch: 0,
                steps: 0,
                best: Vec::new(),
                waited: 0,
                plateau: PlateauState::default(),
                history: Vec::new(),
            },
        };
        let stopped = loop {
            if let Some(stopped) = self.finished(&state) {
                break stopped;
            }
            let (next, flow) = self.epoch(learner, &device, state, checkpoint.as_ref(), run)?;
            state = next;
            if let ControlFlow::Break(stopped) = flow {
                break stopped;
            }
        };
        if stopped == Stopped::Budget && state.steps == 0 {
            return Err(TrainError::OutOfTime);
        }
        let keep = run.checkpoint.as_ref().is_some_and(|policy| policy.keep);
        if let Some(checkpoint) = &checkpoint
            && !keep
            && stopped != Stopped::Budget
            && let Err(error) = checkpoint.remove()
        {
            let message = format!("cannot remove {}: {error}", checkpoint.dir.display());
            run.emit(Progress::Warning { message });
        }
        let seconds = clock.elapsed().as_secs_f64();
        run.emit(Progress::Finished { what: "training".to_owned(), seconds });
        let epoch = state.best.first().map_or(state.epoch, |best| best.epoch);
        let of_epoch = |record: &&EpochRecord| record.epoch == epoch;
        let metric = state.history.iter().find(of_epoch).and_then(|record| record.validation);
        let best = state.best.into_iter().map(|best| best.model).collect();
        let model = average::mean(best)?.unwrap_or_else(|| state.model.valid());
        Ok(Trained { model, epoch, metric, history: state.history, stopped, seconds })
    }

    fn finished<M>(&self, state: &State<M>) -> Option<Stopped> {
        if state.epoch >= self.settings.epochs.get() {
            return Some(Stopped::Epochs);
        }
        let patience = self.settings.patience.map_or(usize::MAX, std::num::NonZeroUsize::get);
        (state.waited >= patience).then_some(Stopped::Patience)
    }

    /// One epoch, its validation and its checkpoint.
    fn epoch<L: Learner>(
        &self,
        learner: &L,
        device: &Device,
        state: State<L::Model>,
        checkpoint: Option<&Checkpoint>,
        run: &Run,
    ) -> Result<(State<L::Model>, ControlFlow<Stopped>), TrainError> {
        let clock = Instant::now();
        let epoch = state.epoch + 1;
        let State { model, mut optimizer, steps, mut plateau, .. } = state;
        let mut losses = Losses::new(epoch, is_ndarray(device));
        let seed = run.seed.child("train").child(&format!("epoch-{epoch}"));
        let steps_taken = prefetched(
            || learner.batches(epoch, seed.child("batches")),
            self.settings.prefetch,
            |batches| {
                let place = Place { epoch, steps, seed, device, checkpoint, plateau: &plateau };
                self.steps(learner, model, &mut optimizer, &mut losses, batches, &place, run)
            },
        );
        let steps_taken = steps_taken
            .map_err(|error| TrainError::Prefetch { epoch, message: error.to_string() })??;
        let Steps { model, complete, taken, learning_rate } = steps_taken;
        tell(run, epoch, learner.steps_per_epoch(), &losses.finish()?);
        if let Some(tensor) = non_finite(&model)? {
            return Err(TrainError::NonFiniteWeights { tensor, epoch, learning_rate });
        }
        let mut next = State {
            model,
            optimizer,
            epoch: state.epoch,
            steps: steps + taken,
            best: state.best,
            waited: state.waited,
            plateau: PlateauState::default(),
            history: state.history,
        };
        if !complete {
            next.plateau = plateau;
            return Ok((next, ControlFlow::Break(Stopped::Budget)));
        }
        if taken == 0 {
            return Err(TrainError::NoBatches { epoch });
        }
        next.epoch = epoch;
        let valid = next.model.valid();
        let metric = learner.validate(&valid, run);
        if let Some(metric) = metric.filter(|metric| !metric.is_finite()) {
            return Err(TrainError::NonFiniteMetric { metric, epoch });
        }
        let train_loss = losses.mean();
        let judged = metric.unwrap_or(-train_loss);
        plateau.observe(&self.settings.schedule, judged);
        next.plateau = plateau;
        let first = next.best.first().map(|best| best.judged + self.settings.min_improvement);
        let better = first.is_none_or(|limit| judged > limit);
        if metric.is_some() {
            next.waited = if better { 0 } else { next.waited + 1 };
        }
        let averaged = self.settings.averaged.get();
        if averaged > 1 {
            // Of equals the later one is trained further.
            let place = next.best.iter().take_while(|best| best.judged > judged).count();
            next.best.insert(place, Best { epoch, judged, model: valid });
            next.best.truncate(averaged);
        } else if metric.is_some() && better {
            next.best = vec![Best { epoch, judged, model: valid }];
        }
        let record = EpochRecord {
            epoch,
            train_loss,
            validation: metric,
            learning_rate,
            seconds: clock.elapsed().as_secs_f64(),
            events: losses.events(),
        };
        run.emit(Progress::Epoch {
            epoch,
            epochs: self.settings.epochs.get(),
            train_loss,
            validation: metric,
            learning_rate,
            seconds: record.seconds,
            events: record.events,
        });
        next.history.push(record);
        if let Some(checkpoint) = checkpoint {
            checkpoint.save(&next)?;
            run.emit(Progress::Checkpoint { epoch });
        }
        let flow = match run.report(Report {
            step: epoch,
            steps: self.settings.epochs.get(),
            metric: judged,
        }) {
            Decision::Continue => ControlFlow::Continue(()),
            Decision::Stop => ControlFlow::Break(Stopped::Report),
        };
        Ok((next, flow))
    }

    /// The steps of one epoch, until its batches or the time are used up.
    #[expect(
        clippy::too_many_arguments,
        reason = "one private call site; a struct would rename them"
    )]
    fn steps<L: Learner>(
        &self,
        learner: &L,
        mut model: L::Model,
        optimizer: &mut OptimizerState,
        losses: &mut Losses,
        mut batches: Batches<L::Batch>,
        place: &Place<'_>,
        run: &Run,
    ) -> Result<Steps<L::Model>, TrainError> {
        let Place { epoch, steps, seed, device, checkpoint, plateau } = *place;
        let steps_per_epoch = learner.steps_per_epoch();
        let total = self.settings.epochs.get() * steps_per_epoch;
        let mut carry = L::Carry::default();
        let (mut taken, mut learning_rate) = (0, self.settings.learning_rate);
        loop {
            if run.is_cancelled() {
                let kept = checkpoint.filter(|_| epoch > 1).map(|c| (c.dir.clone(), epoch - 1));
                let kept = Kept { checkpoint: kept };
                return Err(TrainError::Cancelled { epoch, steps: taken, kept });
            }
            let Some(batch) = batches.next() else {
                return Ok(Steps { model, complete: true, taken, learning_rate });
            };
            let batch = batch.map_err(|message| TrainError::Prefetch { epoch, message })?;
            if run.out_of_time() {
                return Ok(Steps { model, complete: false, taken, learning_rate });
            }
            let step = taken + 1;
            learning_rate = self.settings.schedule.rate(
                self.settings.learning_rate,
                steps + step,
                total,
                plateau,
            );
            let seed = seed.child(&format!("step-{step}"));
            let context = StepContext { epoch, step, seed, device };
            let Loss { value, events, rows } = learner.loss(&model, &batch, &mut carry, context);
            let read = losses.push(step, learning_rate, events, value.clone().inner())?;
            tell(run, epoch, steps_per_epoch, &read);
            let gradients = value.backward();
            drop(value);
            model = optimizer
                .step_with_rows(model, gradients, rows, learning_rate, self.settings.clip_norm)
                .map_err(|error| match error {
                    OptimizerError::NonFinite { .. } => {
                        TrainError::NonFiniteGradient { epoch, step, learning_rate }
                    }
                    source => TrainError::Step { epoch, step, source },
                })?;
            taken = step;
        }
    }
}

/// Where an epoch stands when its steps begin.
struct Place<'a> {
    epoch: usize,
    /// Optimiser steps of earlier epochs.
    steps: usize,
    seed: ensue_core::Seed,
    device: &'a Device,
    checkpoint: Option<&'a Checkpoint>,
    plateau: &'a PlateauState,
}

fn tell(run: &Run, epoch: usize, steps: usize, read: &[Read]) {
    for &Read { step, loss } in read {
        run.emit(Progress::Step { epoch, step, steps, loss });
    }
}

/// The first parameter with a NaN or an infinity in it. One number per parameter is read.
fn non_finite<M: Module>(model: &M) -> Result<Option<String>, TrainError> {
    #[derive(Default)]
    struct Checker {
        path: Vec<String>,
        names: Vec<String>,
        sums: Vec<Tensor<1>>,
    }
    impl ModuleVisitor for Checker {
        fn enter_module(&mut self, name: &str, _container: &str) {
            self.path.push(name.to_owned());
        }
        fn exit_module(&mut self, _name: &str, _container: &str) {
            self.path.pop();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.names.push(self.path.join("."));
            self.sums.push(param.val().inner().abs().sum());
        }
    }
    let mut visitor = Checker::default();
    model.visit(&mut visitor);
    let sums = Tensor::cat(visitor.sums, 0)
        .try_into_vec_as::<f64>()
        .map_err(|error| TrainError::Device { message: error.to_string() })?;
    let bad = visitor.names.into_iter().zip(sums).find(|(_, sum)| !sum.is_finite());
    Ok(bad.map(|(name, _)| name))
}
