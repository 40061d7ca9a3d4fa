//! The candidates compete.

use std::{collections::BTreeMap, time::Instant};

use ensue_core::{Panel, Progress, Run, Seed, Series};
use ensue_nn::search::{LeftOut, Tunable, Tuning, choice_kept};
use ensue_tune::Assignment;

use super::{
    AutoPredictor,
    candidates::{candidates, epochs as epochs_on, is_global},
    clock::{Clock, part},
    ensemble,
    held_back::{HeldBack, Values, levels},
};
use crate::{AnyAlgorithm, FitError, Forecaster, TrainingData};

/// Share of the whole time that one local algorithm may take while networks are still to come.
const LOCAL: f64 = 0.15;

/// Share of the free time that the first trainings of the networks may take; the others get what is left.
const FIRST: f64 = 0.7;

/// Share of a network's time that goes to each of its two trainings.
const TRAINING: f64 = 0.42;

/// Series that are asked about at a time, up to the 32nd part of all: a local algorithm may take seconds for each.
const LOCAL_PART: usize = 8;
const GLOBAL_PART: usize = 256;

/// Epochs below which a network is not worth its time.
const FEWEST_EPOCHS: u64 = 5;

/// What the folders of these trainings are called.
const MEASURED: &str = "measured";

/// One that was measured.
pub(super) struct Member {
    pub(super) algorithm: AnyAlgorithm,
    pub(super) training: usize,
    pub(super) model: Box<dyn Forecaster>,
    pub(super) values: Values,
    pub(super) value: f64,
    /// Seconds of its training.
    pub(super) fit: f64,
    /// Seconds of the forecasts of what was held back.
    pub(super) measured: f64,
    /// Seconds that a forecast of the whole panel takes.
    pub(super) ask: f64,
}

impl Member {
    /// Seconds that it takes once more at the end.
    pub(super) fn again(&self) -> f64 {
        self.ask + if is_global(&self.algorithm) { 1.1 * self.fit } else { 0.0 }
    }
}

/// A competition.
pub(super) struct Race<'a> {
    pub(super) settings: &'a AutoPredictor,
    pub(super) data: &'a TrainingData,
    /// What is trained on.
    pub(super) before: TrainingData,
    pub(super) held: HeldBack,
    pub(super) windows: usize,
    pub(super) clock: Clock,
    pub(super) seed: Seed,
    pub(super) queue: Vec<AnyAlgorithm>,
    pub(super) members: Vec<Member>,
    pub(super) left_out: Vec<LeftOut>,
    pub(super) tunings: Vec<Tuning>,
    /// Checkpoint folders.
    pub(super) folders: Vec<String>,
    /// Folders beside which searches keep what they chose.
    pub(super) searches: Vec<String>,
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
            held: HeldBack::new(&data.panel, horizon, windows, metric, settings.keep_sign),
            before: TrainingData { panel: before, horizon },
            windows,
            clock: Clock::new(run),
            seed: run.seed,
            queue,
            members: Vec::new(),
            left_out,
            tunings: Vec::new(),
            folders: Vec::new(),
            searches: Vec::new(),
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
                    let (algorithm, fit) = (member.algorithm.clone(), member.fit);
                    let seconds = self.clock.at_most(1.5 * fit, run);
                    // A training that an earlier run ended takes no time now, but at the end.
                    self.train(&algorithm, training, [seconds, 0.8 * fit], run)?;
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
        let model = match candidate.fit(&self.before, run) {
            Ok(model) => model,
            Err(error) => return self.leave_out(candidate, error),
        };
        let Some((values, measured)) =
            self.held_back(candidate, &*model, self.seed, LOCAL_PART, seconds, run)?
        else {
            return Ok(());
        };
        self.measured(candidate, 1, model, values, [0.0, measured], run);
        Ok(())
    }

    /// What a model forecasts of the held-back steps, and the seconds that took; none, with the reason written down, where it
    /// cannot, or where this and a forecast of all series would take longer than `seconds`. Series are asked about some `size` at
    /// a time, so that the first of them tell how long the others will take.
    fn held_back(
        &mut self,
        candidate: &AnyAlgorithm,
        model: &dyn Forecaster,
        seed: Seed,
        size: usize,
        seconds: f64,
        run: &Run,
    ) -> Result<Option<(Values, f64)>, FitError> {
        let start = Instant::now();
        let mut values = self.held.blank();
        let mut done = 0;
        for (past, rows) in self.held.pasts.iter().zip(&self.held.rows) {
            let chunks = past.len().div_ceil(size).min(32);
            for chunk in 0..chunks {
                if run.is_cancelled() {
                    return Err(FitError::Cancelled);
                }
                let each = start.elapsed().as_secs_f64() / done.max(1) as f64;
                let needed = each * (self.held.len() - done + self.data.panel.len()) as f64;
                let left = seconds.min(self.clock.free(run));
                if left <= 0.0 || done > 0 && needed > left {
                    let reason = format!("would take {needed:.0} s, {left:.0} s are left for it");
                    self.leave_out_for(candidate, reason);
                    return Ok(None);
                }
                // Every chunk is a sample of all series.
                let own: Vec<usize> = (chunk..past.len()).step_by(chunks).collect();
                let at = std::cell::Cell::new(0usize);
                let some = past.filtered(|_| at.replace(at.get() + 1) % chunks == chunk);
                let forecasts = match model.forecast(&some, &levels(), seed) {
                    Ok(forecasts) => forecasts,
                    Err(error) => {
                        self.leave_out_for(candidate, error.to_string());
                        return Ok(None);
                    }
                };
                for (&series, forecast) in own.iter().zip(&forecasts) {
                    self.held.write(&mut values, rows[series], forecast);
                }
                done += own.len();
            }
        }
        Ok(Some((values, start.elapsed().as_secs_f64())))
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
        let folder = format!("{name}-{}", short_hash(candidate));
        let key = format!("{} {}", self.before.panel.fingerprint(), self.seed.0);
        let key =
            format!("{key} {}", serde_json::to_string(&(candidate, hpo)).expect("plain data"));
        self.searches.push(folder.clone());
        let found = part(run, &name, &folder, seconds, |run| {
            choice_kept(run, &key, || hpo.search(candidate, &self.before, 2, run))
        });
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
    pub(super) fn network(
        &mut self,
        candidate: &AnyAlgorithm,
        seconds: f64,
        run: &mut Run,
    ) -> Result<(), FitError> {
        if !self.clock.is_limited() {
            return self.train(candidate, 1, [f64::INFINITY, 0.0], run);
        }
        let start = Instant::now();
        let one = with_epochs(candidate, 1);
        let checkpoint = run.checkpoint.take();
        let pilot = part(run, "pilot", "", seconds, |run| one.fit(&self.before, run).map(drop));
        run.checkpoint = checkpoint;
        if let Err(error) = pilot {
            return self.leave_out(candidate, error);
        }
        let epoch = start.elapsed().as_secs_f64();
        if let Some(epochs) = begun(candidate, run) {
            let least = epochs as f64 * epoch;
            let begun = with_epochs(candidate, epochs);
            return self.train(&begun, 1, [TRAINING * seconds, least], run);
        }
        let epochs = (TRAINING * (seconds - epoch) / epoch) as u64;
        let all = epochs_on(candidate, &self.before);
        if epochs < FEWEST_EPOCHS.min(all) {
            let reason = format!(
                "an epoch takes {epoch:.1} s, and {seconds:.0} s are left for it: fewer than \
                 {FEWEST_EPOCHS} epochs, twice"
            );
            self.leave_out_for(candidate, reason);
            return Ok(());
        }
        self.train(&with_epochs(candidate, epochs.min(all)), 1, [TRAINING * seconds, 0.0], run)
    }

    /// Trains a network on what comes before the held-back steps, for so many seconds at most, and forecasts these. Where the
    /// training was there already, it counts as one that took `least` seconds.
    pub(super) fn train(
        &mut self,
        candidate: &AnyAlgorithm,
        training: usize,
        [most, least]: [f64; 2],
        run: &mut Run,
    ) -> Result<(), FitError> {
        let start = Instant::now();
        let folder = folder(MEASURED, candidate, training);
        let name = name(MEASURED, candidate, training);
        self.folders.push(folder.clone());
        let trained = part(run, &name, &folder, most, |run| candidate.fit(&self.before, run));
        let model = match trained {
            Ok(model) => model,
            Err(error) => return self.leave_out(candidate, error),
        };
        if run.is_cancelled() {
            return Err(FitError::Cancelled);
        }
        let fit = start.elapsed().as_secs_f64().max(least);
        let seed = self.seed.child(&name);
        let asked = self.held_back(candidate, &*model, seed, GLOBAL_PART, f64::INFINITY, run)?;
        if let Some((values, measured)) = asked {
            self.measured(candidate, training, model, values, [fit, measured], run);
        }
        Ok(())
    }

    fn measured(
        &mut self,
        candidate: &AnyAlgorithm,
        training: usize,
        model: Box<dyn Forecaster>,
        values: Values,
        [fit, measured]: [f64; 2],
        run: &Run,
    ) {
        let ask = measured * self.data.panel.len() as f64 / self.held.len() as f64;
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

pub(super) fn with_epochs(algorithm: &AnyAlgorithm, epochs: u64) -> AnyAlgorithm {
    let mut changed = Assignment::default();
    changed.set("epochs", epochs as i64);
    algorithm.with(&changed).expect("a number of epochs above 0")
}

/// The epochs of a training that an earlier run began and left a checkpoint of; the time that is left now may allow another
/// number, which would be another training.
fn begun(candidate: &AnyAlgorithm, run: &Run) -> Option<u64> {
    let dir = &run.checkpoint.as_ref()?.dir;
    let all = candidate.epochs()?;
    let mut found: Vec<u64> = (std::fs::read_dir(dir).ok()?)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| {
            let epochs = name.rsplit('-').nth(1)?.parse().ok()?;
            let ours = || folder(MEASURED, &with_epochs(candidate, epochs), 1);
            ((1..=all).contains(&epochs) && name == ours()).then_some(epochs)
        })
        .collect();
    found.sort_unstable();
    found.pop()
}

/// What a training is called; another number of epochs is another training.
pub(super) fn name(what: &str, algorithm: &AnyAlgorithm, training: usize) -> String {
    let epochs = algorithm.epochs().unwrap_or(0);
    format!("{what}-{}-{training}-{epochs}", algorithm.name())
}

/// A folder for its checkpoints: the name, and which settings.
pub(super) fn folder(what: &str, algorithm: &AnyAlgorithm, training: usize) -> String {
    format!("{}-{}", name(what, algorithm, training), short_hash(algorithm))
}

/// Tells settings from others.
fn short_hash(algorithm: &AnyAlgorithm) -> String {
    let json = serde_json::to_string(algorithm).expect("plain data");
    format!("{:08x}", Seed(0).child(&json).0 as u32)
}
