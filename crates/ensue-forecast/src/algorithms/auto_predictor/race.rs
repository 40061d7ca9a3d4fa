//! The candidates compete.

use std::{collections::BTreeMap, time::Instant};

use ensue_core::{Panel, Progress, Run, Seed, Series};
use ensue_nn::search::{LeftOut, Tunable, Tuning};
use ensue_tune::Assignment;

use super::{
    AutoPredictor, Combination, FittedAutoPredictor,
    candidates::{candidates, is_global},
    clock::{Clock, part},
    ensemble::{self, Weights},
    fitted::Model,
    groups::Group,
    held_back::{HeldBack, Values, levels},
    report::{Contender, Selection},
};
use crate::{AnyAlgorithm, FitError, Forecaster, TrainingData, predictor::remove_checkpoints};

/// Share of the whole time that one local algorithm may take while networks are still to come.
const LOCAL: f64 = 0.15;

/// Share of the free time that the first trainings of the networks may take; the others get what is left.
const FIRST: f64 = 0.7;

/// Share of a network's time that goes to each of its two trainings.
const TRAINING: f64 = 0.42;

/// Epochs below which a network is not worth its time.
const FEWEST_EPOCHS: u64 = 5;

/// Share of its epochs below which a training on everything is worse than the one that was measured on a little less.
const REFIT: f64 = 0.35;

/// One that was measured.
struct Member {
    algorithm: AnyAlgorithm,
    training: usize,
    model: Box<dyn Forecaster>,
    values: Values,
    value: f64,
    /// Seconds of its training.
    fit: f64,
    /// Seconds of the forecasts of what was held back.
    measured: f64,
    /// Seconds that a forecast of the whole panel takes.
    ask: f64,
}

impl Member {
    /// Seconds that it takes once more at the end.
    fn again(&self) -> f64 {
        self.ask + if is_global(&self.algorithm) { 1.1 * self.fit } else { 0.0 }
    }
}

/// A competition.
pub(super) struct Race<'a> {
    settings: &'a AutoPredictor,
    data: &'a TrainingData,
    /// What is trained on.
    before: TrainingData,
    held: HeldBack,
    windows: usize,
    clock: Clock,
    seed: Seed,
    queue: Vec<AnyAlgorithm>,
    members: Vec<Member>,
    left_out: Vec<LeftOut>,
    tunings: Vec<Tuning>,
    /// Checkpoint folders.
    folders: Vec<String>,
}

impl<'a> Race<'a> {
    pub(super) fn new(settings: &'a AutoPredictor, data: &'a TrainingData, run: &Run) -> Self {
        let horizon = data.horizon;
        let metric = settings.optimization_metric;
        let windows = windows(settings, &data.panel, horizon);
        let before = data.panel.cut(windows * horizon);
        let (queue, left_out) = candidates(settings, data);
        Self {
            settings,
            data,
            held: HeldBack::new(&data.panel, horizon, windows, metric),
            before: TrainingData { panel: before, horizon },
            windows,
            clock: Clock::new(run),
            seed: run.seed,
            queue,
            members: Vec::new(),
            left_out,
            tunings: Vec::new(),
            folders: Vec::new(),
        }
    }

    /// Everybody once, then networks with other seeds as long as there is time.
    pub(super) fn run(&mut self, run: &mut Run) -> Result<(), FitError> {
        if self.held.len() == 0 {
            return self.first_that_fits(run);
        }
        let queue = std::mem::take(&mut self.queue);
        for (at, candidate) in queue.iter().enumerate() {
            let networks = queue[at..].iter().filter(|one| is_global(one)).count();
            let free = self.clock.free(run);
            if is_global(candidate) {
                let seconds = FIRST * free / networks as f64;
                let tuned = self.tuned(candidate, seconds, run)?;
                let seconds = FIRST * self.clock.free(run) / networks as f64;
                self.network(&tuned, seconds, run)?;
            } else {
                let whole = if networks > 0 { LOCAL * self.clock.whole() } else { f64::INFINITY };
                self.local(candidate, free.min(whole), run)?;
            }
        }
        for training in 2..=self.settings.trainings.get() {
            let mut networks: Vec<usize> = (0..self.members.len())
                .filter(|&at| {
                    self.members[at].training == 1 && is_global(&self.members[at].algorithm)
                })
                .collect();
            networks.sort_by(|&a, &b| self.members[a].value.total_cmp(&self.members[b].value));
            for at in networks {
                let member = &self.members[at];
                let needed = 1.1 * member.fit + member.measured + member.again();
                if needed <= self.clock.free(run) {
                    let algorithm = member.algorithm.clone();
                    self.train(&algorithm, training, 1.5 * member.fit, run)?;
                }
            }
        }
        if self.members.is_empty() { self.first_that_fits(run) } else { Ok(()) }
    }

    /// Without anything to decide on, the first in the queue that can be fitted, or the last season.
    fn first_that_fits(&mut self, run: &mut Run) -> Result<(), FitError> {
        let mut queue = std::mem::take(&mut self.queue);
        queue.push(AnyAlgorithm::by_name("SeasonalNaive").expect("it is in the registry"));
        for candidate in queue {
            match candidate.fit(self.data, run) {
                Ok(model) => {
                    let values = self.held.blank();
                    self.members.push(Member {
                        algorithm: candidate,
                        training: 1,
                        model,
                        values,
                        value: f64::NAN,
                        fit: 0.0,
                        measured: 0.0,
                        ask: 0.0,
                    });
                    return Ok(());
                }
                Err(error) => self.leave_out(&candidate, error)?,
            }
        }
        Ok(())
    }

    fn leave_out(&mut self, candidate: &AnyAlgorithm, error: FitError) -> Result<(), FitError> {
        if error.is_cancelled() {
            return Err(error);
        }
        self.leave_out_for(candidate, error.to_string());
        Ok(())
    }

    fn leave_out_for(&mut self, candidate: &AnyAlgorithm, reason: String) {
        self.left_out.push(LeftOut { name: candidate.name().to_owned(), reason });
    }

    /// A local algorithm, which may take so many seconds now and at the end together.
    fn local(
        &mut self,
        candidate: &AnyAlgorithm,
        seconds: f64,
        run: &mut Run,
    ) -> Result<(), FitError> {
        let start = Instant::now();
        let model = match candidate.fit(&self.before, run) {
            Ok(model) => model,
            Err(error) => return self.leave_out(candidate, error),
        };
        let mut values = self.held.blank();
        let mut done = 0;
        for (past, rows) in self.held.pasts.iter().zip(&self.held.rows) {
            // Every chunk is a sample of all series, so that the first tells how long the others will take.
            let chunks = past.len().div_ceil(8).clamp(1, 32);
            for chunk in 0..chunks {
                let own: Vec<usize> = (chunk..past.len()).step_by(chunks).collect();
                let at = std::cell::Cell::new(0usize);
                let some = past.filtered(|_| at.replace(at.get() + 1) % chunks == chunk);
                let forecasts = match model.forecast(&some, &levels(), self.seed) {
                    Ok(forecasts) => forecasts,
                    Err(error) => {
                        self.leave_out_for(candidate, error.to_string());
                        return Ok(());
                    }
                };
                for (&series, forecast) in own.iter().zip(&forecasts) {
                    self.held.write(&mut values, rows[series], forecast);
                }
                if run.is_cancelled() {
                    return Err(FitError::Cancelled);
                }
                done += own.len();
                let each = start.elapsed().as_secs_f64() / done.max(1) as f64;
                let needed = each * (self.held.len() - done + self.data.panel.len()) as f64;
                if needed > seconds.min(self.clock.free(run)) {
                    let left = seconds.min(self.clock.free(run));
                    let reason = format!("would take {needed:.0} s, {left:.0} s are left for it");
                    self.leave_out_for(candidate, reason);
                    return Ok(());
                }
            }
        }
        let measured = start.elapsed().as_secs_f64();
        let ask = measured * self.data.panel.len() as f64 / self.held.len() as f64;
        self.measured(candidate, 1, model, values, [0.0, measured, ask], run);
        Ok(())
    }

    /// The candidate with settings from a search, where one was asked for and there are some to tune.
    fn tuned(
        &mut self,
        candidate: &AnyAlgorithm,
        seconds: f64,
        run: &mut Run,
    ) -> Result<AnyAlgorithm, FitError> {
        let Some(hpo) = &self.settings.hpo else { return Ok(candidate.clone()) };
        if candidate.space(hpo.ranges, self.data.horizon).parameters().is_empty() {
            return Ok(candidate.clone());
        }
        let name = format!("search-{}", candidate.name());
        let found = part(run, &name, seconds, |run| hpo.search(candidate, &self.before, 2, run));
        match found {
            Ok((tuned, tuning)) => {
                self.tunings.push(tuning);
                Ok(tuned)
            }
            Err(_) if run.is_cancelled() => Err(FitError::Cancelled),
            Err(error) => {
                let message = format!("no search for settings of {}: {error}", candidate.name());
                run.emit(Progress::Warning { message });
                Ok(candidate.clone())
            }
        }
    }

    /// A network, with as many epochs as its time allows.
    fn network(
        &mut self,
        candidate: &AnyAlgorithm,
        seconds: f64,
        run: &mut Run,
    ) -> Result<(), FitError> {
        let mut candidate = candidate.clone();
        if self.clock.is_limited() {
            let start = Instant::now();
            let one = with_epochs(&candidate, 1);
            let checkpoint = run.checkpoint.take();
            let pilot = part(run, "pilot", seconds, |run| one.fit(&self.before, run).map(drop));
            run.checkpoint = checkpoint;
            if let Err(error) = pilot {
                return self.leave_out(&candidate, error);
            }
            let epoch = start.elapsed().as_secs_f64();
            let epochs = (TRAINING * (seconds - epoch) / epoch) as u64;
            let all = candidate.epochs().unwrap_or(1);
            if epochs < FEWEST_EPOCHS.min(all) {
                let reason = format!(
                    "an epoch takes {epoch:.1} s, and {seconds:.0} s are left for it: fewer than \
                     {FEWEST_EPOCHS} epochs, twice"
                );
                self.leave_out_for(&candidate, reason);
                return Ok(());
            }
            candidate = with_epochs(&candidate, epochs.min(all));
        }
        self.train(&candidate, 1, TRAINING * seconds, run)
    }

    /// Trains a network on what comes before the held-back steps, and forecasts these.
    fn train(
        &mut self,
        candidate: &AnyAlgorithm,
        training: usize,
        seconds: f64,
        run: &mut Run,
    ) -> Result<(), FitError> {
        let start = Instant::now();
        let name = folder("measured", candidate, training);
        self.folders.push(name.clone());
        let model = match part(run, &name, seconds, |run| candidate.fit(&self.before, run)) {
            Ok(model) => model,
            Err(error) => return self.leave_out(candidate, error),
        };
        if run.is_cancelled() {
            return Err(FitError::Cancelled);
        }
        let fit = start.elapsed().as_secs_f64();
        let mut values = self.held.blank();
        for (past, rows) in self.held.pasts.iter().zip(&self.held.rows) {
            let forecasts = match model.forecast(past, &levels(), self.seed.child(&name)) {
                Ok(forecasts) => forecasts,
                Err(error) => {
                    self.leave_out_for(candidate, error.to_string());
                    return Ok(());
                }
            };
            for (&row, forecast) in rows.iter().zip(&forecasts) {
                self.held.write(&mut values, row, forecast);
            }
        }
        let measured = start.elapsed().as_secs_f64() - fit;
        let ask = measured * self.data.panel.len() as f64 / self.held.len() as f64;
        self.measured(candidate, training, model, values, [fit, measured, ask], run);
        Ok(())
    }

    fn measured(
        &mut self,
        candidate: &AnyAlgorithm,
        training: usize,
        model: Box<dyn Forecaster>,
        values: Values,
        [fit, measured, ask]: [f64; 3],
        run: &Run,
    ) {
        let value = ensemble::loss_of(&self.held, &values);
        if !value.is_finite() {
            self.leave_out_for(candidate, "its forecasts have no finite metric".to_owned());
            return;
        }
        let metric = self.settings.optimization_metric.name().to_owned();
        let what = format!("{}, held-back steps", candidate.name());
        run.emit(Progress::Evaluated { what, metrics: BTreeMap::from([(metric, value)]) });
        let algorithm = candidate.clone();
        let member = Member { algorithm, training, model, values, value, fit, measured, ask };
        self.clock.promise(member.again());
        self.members.push(member);
    }

    /// Chooses, trains what was chosen on everything, and tells.
    pub(super) fn finish(mut self, run: &mut Run) -> Result<FittedAutoPredictor, FitError> {
        self.members.sort_by(|a, b| a.value.total_cmp(&b.value));
        let values: Vec<&[f32]> = self.members.iter().map(|member| &member.values[..]).collect();
        let weights = match self.settings.combination {
            _ if values.len() == 1 => [const {}; 4].map(|()| vec![1.0]),
            Combination::Best => ensemble::best(&self.held, &values),
            Combination::Ensemble => {
                let seed = self.seed.child("ensemble");
                ensemble::selected(&self.held, &values, self.settings.by_group, seed)
            }
        };
        let value = ensemble::value(&self.held, &values, &weights);
        let refitted = self.refit(&weights, run)?;
        let selection = self.selection(&weights, value, &refitted);
        let mut members = Vec::new();
        let mut models = Vec::new();
        for (at, member) in self.members.into_iter().enumerate() {
            let own = Group::ALL.map(|group| weights[group.index()][at]);
            if own.iter().any(|weight| *weight > 0.0) {
                members.push((member.algorithm, own));
                models.push(member.model);
            }
        }
        if let Some(policy) = run.checkpoint.as_ref().filter(|policy| !policy.keep) {
            remove_checkpoints(&policy.dir, self.folders.into_iter(), run);
        }
        let model = Model {
            frequency: self.data.panel.frequency(),
            horizon: self.data.horizon,
            keep_sign: self.settings.keep_sign,
            members,
            selection,
        };
        Ok(FittedAutoPredictor::new(model, models))
    }

    /// Trains the members that have a weight on everything, as far as time allows; says which of them were.
    fn refit(&mut self, weights: &Weights, run: &mut Run) -> Result<Vec<bool>, FitError> {
        let used = |at: usize| weights.iter().any(|weights| weights[at] > 0.0);
        for member in &self.members {
            self.clock.take_back(member.again());
        }
        let members = || self.members.iter().enumerate().filter(|(at, _)| used(*at));
        self.clock.promise(members().map(|(_, member)| member.ask).sum());
        let mut needed: f64 = members()
            .filter(|(_, member)| is_global(&member.algorithm))
            .map(|(_, member)| member.fit)
            .sum();
        let mut refitted = vec![false; self.members.len()];
        for at in (0..self.members.len()).filter(|&at| used(at)) {
            let member = &self.members[at];
            let mut algorithm = member.algorithm.clone();
            let (mut seconds, mut name) = (f64::INFINITY, String::new());
            if is_global(&algorithm) {
                let share = (0.95 * self.clock.free(run) / needed).min(1.0);
                needed -= member.fit;
                if share < REFIT {
                    continue;
                }
                if share < 1.0 {
                    let epochs = algorithm.epochs().unwrap_or(1) as f64 * share;
                    algorithm = with_epochs(&algorithm, (epochs as u64).max(1));
                }
                seconds = self.clock.free(run).min(1.3 * member.fit);
                name = folder("final", &algorithm, member.training);
                self.folders.push(name.clone());
            }
            let fitted = if name.is_empty() {
                algorithm.fit(self.data, run)
            } else {
                part(run, &name, seconds, |run| algorithm.fit(self.data, run))
            };
            match fitted {
                Ok(model) => {
                    self.members[at].model = model;
                    refitted[at] = true;
                }
                Err(error) if error.is_cancelled() => return Err(error),
                // What was measured forecasts as well.
                Err(error) => {
                    let name = self.members[at].algorithm.name();
                    let message = format!("{name} was not trained on everything: {error}");
                    run.emit(Progress::Warning { message });
                }
            }
            if run.is_cancelled() {
                return Err(FitError::Cancelled);
            }
        }
        Ok(refitted)
    }

    fn selection(&self, weights: &Weights, value: f64, refitted: &[bool]) -> Selection {
        let of = |group: Group| {
            let own = |series: &&Series| Group::of(series.target()) == group;
            (group, self.data.panel.series().iter().filter(own).count())
        };
        let groups: Vec<_> = Group::ALL.map(of).into_iter().filter(|(_, n)| *n > 0).collect();
        let contender = |(at, member): (usize, &Member)| Contender {
            algorithm: member.algorithm.clone(),
            training: member.training,
            value: member.value,
            weights: groups.iter().map(|(group, _)| weights[group.index()][at]).collect(),
            refitted: refitted[at],
            seconds: Some((member.fit, member.measured)),
        };
        let measured_on = if self.held.len() == 0 {
            "nothing: the series are too short to hold a horizon back".to_owned()
        } else {
            let (windows, horizon) = (self.windows, self.data.horizon);
            let series = self.held.pasts[0].len();
            format!("the last {windows} times {horizon} steps of {series} series")
        };
        Selection {
            metric_name: self.settings.optimization_metric.name().to_owned(),
            measured_on,
            value: value.is_finite().then_some(value),
            contenders: self.members.iter().enumerate().map(contender).collect(),
            groups: groups.clone(),
            left_out: self.left_out.clone(),
            tunings: self.tunings.clone(),
        }
    }
}

/// Horizons to hold back: as set, or up to three where that is a small part of the usual series; one less where nothing would
/// be left.
fn windows(settings: &AutoPredictor, panel: &Panel, horizon: usize) -> usize {
    let mut lengths: Vec<usize> = panel.series().iter().map(Series::len).collect();
    lengths.sort_unstable();
    let usual = lengths.get(lengths.len() / 2).copied().unwrap_or(0);
    let wanted =
        settings.windows.map_or((usual / (6 * horizon)).clamp(1, 3), std::num::NonZeroUsize::get);
    let left =
        |windows: &usize| panel.cut(windows * horizon).series().iter().any(|s| s.observed() > 0);
    (1..=wanted).rev().find(left).unwrap_or(1)
}

fn with_epochs(algorithm: &AnyAlgorithm, epochs: u64) -> AnyAlgorithm {
    let mut changed = Assignment::default();
    changed.set("epochs", epochs as i64);
    algorithm.with(&changed).expect("a number of epochs above 0")
}

/// A folder for the checkpoints of a training; another number of epochs is another training.
fn folder(what: &str, algorithm: &AnyAlgorithm, training: usize) -> String {
    let epochs = algorithm.epochs().unwrap_or(0);
    format!("{what}-{}-{training}-{epochs}", algorithm.name())
}
