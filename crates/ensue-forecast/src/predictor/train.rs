//! Backtest, backtest the baselines, fit on everything: what [`PredictorSettings::train`] does.

use std::{fs, io, path::Path};

use ensue_core::{Budget, CheckpointPolicy, Panel, Progress, Run};

use ensue_nn::search::{choice_kept, forget_choice};

use super::{
    Backtest, Predictor, PredictorError, PredictorSettings, backtest::measure,
    supplementary::supplemented,
};
use crate::{
    AnyAlgorithm, FitError, TrainingData,
    algorithms::{naive::Naive, seasonal_naive::SeasonalNaive},
};

/// Folder of the last fit's checkpoint.
const FINAL: &str = "final";

pub(super) fn train(
    settings: &PredictorSettings,
    panel: &Panel,
    run: &mut Run,
) -> Result<Predictor, PredictorError> {
    let settings = &whose_search(settings);
    settings.check()?;
    settings.check_panel(panel)?;
    let panel = &supplemented(panel, &settings.supplementary_features, settings.horizon);
    // The search sees no step of any window.
    let windows = settings.backtest.number_of_backtest_windows;
    let (settings, tuning) = match &settings.hpo {
        None => (settings.clone(), None),
        Some(hpo) => {
            let hidden = windows * settings.offset();
            let data = TrainingData { panel: panel.cut(hidden), horizon: settings.horizon };
            let plan = serde_json::to_string(settings).expect("plain data");
            let key = format!("{} {} {plan}", panel.fingerprint(), run.seed.0);
            let search = || hpo.search(&settings.algorithm, &data, windows + 1, run);
            let (algorithm, tuning) = choice_kept(run, &key, search)?;
            (PredictorSettings { algorithm, ..settings.clone() }, Some(tuning))
        }
    };
    let settings = &settings;
    let algorithm = &settings.algorithm;
    let mut baselines = Vec::new();
    for baseline in baselines_beside(algorithm) {
        let fit = |data: &TrainingData, run: &mut Run| baseline.fit(data, run);
        let name = baseline.name();
        let measured = measure(name, &fit, settings, panel, &mut Fits::new(None, 1), run)?;
        baselines.push(measured.evaluation);
    }

    let checkpoint = run.checkpoint.clone();
    let mut fits = Fits::new(checkpoint.as_ref(), windows + 1);
    let fit = |data: &TrainingData, run: &mut Run| algorithm.fit(data, run);
    let own = measure(algorithm.name(), &fit, settings, panel, &mut fits, run)?;

    let what = format!("{}, all data", algorithm.name());
    run.emit(Progress::Started { what: what.clone(), total_steps: None });
    let data = TrainingData { panel: panel.clone(), horizon: settings.horizon };
    let model = fits.next(run, FINAL, |run| algorithm.fit(&data, run))?;
    if run.is_cancelled() {
        return Err(FitError::Cancelled.into());
    }
    let seconds = run.elapsed().as_secs_f64();
    run.emit(Progress::Finished { what, seconds });
    // A run that is out of time may be gone on with.
    if let Some(policy) = checkpoint.filter(|policy| !policy.keep && !run.out_of_time()) {
        let folders = (1..=windows).map(|window| format!("window-{window}"));
        remove_checkpoints(&policy.dir, folders.chain([FINAL.to_owned()]), run);
        forget_choice(&policy.dir);
    }
    Ok(Predictor {
        settings: settings.clone(),
        seed: run.seed,
        frequency: panel.frequency(),
        dimensions: panel.dimensions().to_vec(),
        backtest: Backtest {
            predictor_evaluation_results: [own.evaluation].into_iter().chain(baselines).collect(),
        },
        tuning,
        keys: panel.series().iter().map(|series| series.key().to_vec()).collect(),
        items: own.items,
        model,
    })
}

/// The same plan, a search for settings handed to the algorithm where it searches among those that compete in it.
fn whose_search(settings: &PredictorSettings) -> PredictorSettings {
    let mut settings = settings.clone();
    if let AnyAlgorithm::AutoPredictor(auto) = &mut settings.algorithm
        && let Some(hpo) = settings.hpo.take()
    {
        auto.hpo = Some(hpo);
    }
    settings
}

/// The baselines beside `algorithm`: every backtest has them.
fn baselines_beside(algorithm: &AnyAlgorithm) -> Vec<AnyAlgorithm> {
    let all: [AnyAlgorithm; 2] = [Naive::default().into(), SeasonalNaive::default().into()];
    all.into_iter().filter(|baseline| baseline.name() != algorithm.name()).collect()
}

/// The fits that share a run's time and checkpoint directory.
pub(super) struct Fits<'a> {
    checkpoint: Option<&'a CheckpointPolicy>,
    /// How many there still are, the next one among them.
    left: usize,
}

impl<'a> Fits<'a> {
    pub(super) fn new(checkpoint: Option<&'a CheckpointPolicy>, left: usize) -> Self {
        Self { checkpoint, left }
    }

    /// Does the next fit with an even share of the time that is left, and with a checkpoint directory of
    /// its own, since each is another training. The directory stays until all are done, so that a run
    /// killed in a later fit does not start over with the first.
    pub(super) fn next<T>(
        &mut self,
        run: &mut Run,
        folder: &str,
        fit: impl FnOnce(&mut Run) -> T,
    ) -> T {
        let (budget, checkpoint) = (run.budget, run.checkpoint.take());
        if let Some(wall) = budget.wall {
            let gone = run.elapsed();
            let share =
                wall.saturating_sub(gone) / u32::try_from(self.left.max(1)).unwrap_or(u32::MAX);
            run.budget = Budget { wall: Some((gone + share).min(wall)) };
        }
        self.left = self.left.saturating_sub(1);
        run.checkpoint = self
            .checkpoint
            .map(|policy| CheckpointPolicy { dir: policy.dir.join(folder), keep: true });
        let result = fit(run);
        (run.budget, run.checkpoint) = (budget, checkpoint);
        result
    }
}

/// Removes what the fits kept in `dir`, and `dir` itself where nothing else is in it.
pub(crate) fn remove_checkpoints(dir: &Path, folders: impl Iterator<Item = String>, run: &Run) {
    for folder in folders {
        if let Err(error) = remove_whole(dir, &folder) {
            let message = format!("cannot remove {}: {error}", dir.join(folder).display());
            run.emit(Progress::Warning { message });
        }
    }
    // It is not there, or holds files of somebody else: both are fine.
    let _ = fs::remove_dir(dir);
}

/// Removes a folder, so that it is either whole or gone even if the process ends midway.
fn remove_whole(dir: &Path, folder: &str) -> io::Result<()> {
    let aside = dir.join(format!(".{folder}.done-{}", std::process::id()));
    match fs::rename(dir.join(folder), &aside) {
        Ok(()) => fs::remove_dir_all(&aside),
        // An algorithm without a training loop saves nothing.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}
