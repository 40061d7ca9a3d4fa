//! The state of a training after an epoch, as one directory that is replaced in a single rename.
//!
//! | file | what |
//! |---|---|
//! | `weights.safetensors` | the weights |
//! | `best-N.safetensors` | the best weights so far that are of an earlier epoch `N` |
//! | `optimizer.safetensors` | the optimiser's moments |
//! | `progress.json` | epoch, history, best metric, and what this is a training of |

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fs, io};

use burn::module::Module;
use burn::tensor::Device;
use ensue_core::artifact::{ArtifactError, ArtifactReader, ArtifactWriter};
use serde::{Deserialize, Serialize};

use super::trainer::{Best, EpochRecord, State};
use super::{TrainError, exact};
use crate::optim::{Optimizer, OptimizerState, PlateauState};
use crate::weights;

const KIND: &str = "training-checkpoint";
const WEIGHTS: &str = "weights.safetensors";
const OPTIMIZER: &str = "optimizer.safetensors";
const PROGRESS: &str = "progress.json";

/// What a checkpoint must be of to be resumed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Identity {
    pub(super) settings: String,
    pub(super) data: String,
    pub(super) seed: u64,
    /// Names, types and shapes of the model's tensors.
    pub(super) model: String,
}

impl Identity {
    fn difference(&self, other: &Self) -> Option<&'static str> {
        if self.data != other.data {
            Some("data")
        } else if self.model != other.model {
            Some("weights")
        } else if self.settings != other.settings {
            Some("settings")
        } else if self.seed != other.seed {
            Some("seeds")
        } else {
            None
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Progress {
    identity: Identity,
    epoch: usize,
    steps: usize,
    best: Vec<BestRow>,
    waited: usize,
    #[serde(with = "exact::float")]
    plateau_scale: f64,
    #[serde(with = "exact::option")]
    plateau_best: Option<f64>,
    plateau_waited: usize,
    history: Vec<Row>,
}

/// A [`Best`] without its weights.
#[derive(Serialize, Deserialize)]
struct BestRow {
    epoch: usize,
    #[serde(with = "exact::float")]
    judged: f64,
}

/// The file of the weights after an epoch before the last one.
fn best_file(epoch: usize) -> String {
    format!("best-{epoch}.safetensors")
}

/// An [`EpochRecord`] whose floats read back bit for bit.
#[derive(Serialize, Deserialize)]
struct Row {
    epoch: usize,
    #[serde(with = "exact::float")]
    train_loss: f64,
    #[serde(with = "exact::option")]
    validation: Option<f64>,
    #[serde(with = "exact::float")]
    learning_rate: f64,
    #[serde(with = "exact::float")]
    seconds: f64,
    events: usize,
}

impl From<&EpochRecord> for Row {
    fn from(record: &EpochRecord) -> Self {
        let EpochRecord { epoch, train_loss, validation, learning_rate, seconds, events } = *record;
        Self { epoch, train_loss, validation, learning_rate, seconds, events }
    }
}

impl From<Row> for EpochRecord {
    fn from(row: Row) -> Self {
        let Row { epoch, train_loss, validation, learning_rate, seconds, events } = row;
        Self { epoch, train_loss, validation, learning_rate, seconds, events }
    }
}

/// The checkpoint directory of one training.
#[derive(Debug)]
pub(super) struct Checkpoint {
    pub(super) dir: PathBuf,
    identity: Identity,
}

impl Checkpoint {
    pub(super) fn new(dir: &Path, identity: Identity) -> Self {
        Self { dir: dir.to_owned(), identity }
    }

    /// Writes the state, replacing the last one; on failure the last one stays.
    pub(super) fn save<M: Module>(&self, state: &State<M>) -> Result<(), TrainError> {
        let progress = Progress {
            identity: self.identity.clone(),
            epoch: state.epoch,
            steps: state.steps,
            best: state
                .best
                .iter()
                .map(|&Best { epoch, judged, .. }| BestRow { epoch, judged })
                .collect(),
            waited: state.waited,
            plateau_scale: state.plateau.scale,
            plateau_best: state.plateau.best,
            plateau_waited: state.plateau.waited,
            history: state.history.iter().map(Row::from).collect(),
        };
        let progress = serde_json::to_vec_pretty(&progress)
            .expect("numbers, strings and structs of them always have a JSON form");
        let mut files = vec![
            (WEIGHTS.to_owned(), weights::to_bytes(&state.model)?),
            (OPTIMIZER.to_owned(), state.optimizer.to_bytes()?),
            (PROGRESS.to_owned(), progress),
        ];
        for best in state.best.iter().filter(|best| best.epoch != state.epoch) {
            files.push((best_file(best.epoch), weights::to_bytes(&best.model)?));
        }
        self.write(&files).map_err(|source| self.failed(source))
    }

    fn write(&self, files: &[(String, Vec<u8>)]) -> Result<(), ArtifactError> {
        let mut writer = ArtifactWriter::create(&self.dir)?.with_kind(KIND);
        for (name, bytes) in files {
            writer.write(name, bytes)?;
        }
        writer.commit()
    }

    /// The state found in the directory; `None` when there is nothing there yet.
    ///
    /// `model` is on autodiff and gives the structure; its weights are replaced.
    pub(super) fn load<M: Module>(
        &self,
        model: &M,
        optimizer: &Optimizer,
        device: &Device,
        epochs: usize,
    ) -> Result<Option<State<M>>, TrainError> {
        let Some(reader) = self.open()? else { return Ok(None) };
        let read = |name: &str| reader.read(name).map_err(|source| self.failed(source));
        let progress: Progress = serde_json::from_slice(&read(PROGRESS)?)
            .map_err(|error| self.damaged(format!("{PROGRESS}: {error}")))?;
        if let Some(what) = progress.identity.difference(&self.identity) {
            return Err(TrainError::ForeignCheckpoint { dir: self.dir.clone(), what });
        }
        if progress.epoch > epochs {
            return Err(TrainError::CheckpointAhead {
                dir: self.dir.clone(),
                found: progress.epoch,
                epochs,
            });
        }
        let plain = device.clone().without_autodiff();
        let resumed = weights::from_bytes(model.valid(), &read(WEIGHTS)?, &plain)?;
        let best = |row: &BestRow| {
            let &BestRow { epoch, judged } = row;
            let model = if epoch == progress.epoch {
                resumed.clone()
            } else {
                weights::from_bytes(model.valid(), &read(&best_file(epoch))?, &plain)?
            };
            Ok(Best { epoch, judged, model })
        };
        let best = progress.best.iter().map(best).collect::<Result<Vec<_>, TrainError>>()?;
        let model = resumed.train();
        let optimizer = OptimizerState::from_bytes(optimizer.clone(), &model, &read(OPTIMIZER)?)?;
        Ok(Some(State {
            model,
            optimizer,
            epoch: progress.epoch,
            steps: progress.steps,
            best,
            waited: progress.waited,
            plateau: PlateauState {
                scale: progress.plateau_scale,
                best: progress.plateau_best,
                waited: progress.plateau_waited,
            },
            history: progress.history.into_iter().map(EpochRecord::from).collect(),
        }))
    }

    /// The checkpoint in the directory. `None` where there is nothing yet; then the directory has
    /// been found to be writable, so that no epoch is spent on what cannot be saved.
    fn open(&self) -> Result<Option<ArtifactReader>, TrainError> {
        let foreign = |source| TrainError::NotACheckpoint { dir: self.dir.clone(), source };
        match ArtifactReader::open(&self.dir).and_then(|reader| reader.expect_kind(KIND)) {
            Ok(reader) => Ok(Some(reader)),
            Err(ArtifactError::Missing { .. }) => self.probe(),
            Err(ArtifactError::NoManifest { .. }) if self.is_empty() => self.probe(),
            Err(source) => Err(foreign(source)),
        }
    }

    fn probe(&self) -> Result<Option<ArtifactReader>, TrainError> {
        ArtifactWriter::create(&self.dir).map_err(|source| self.failed(source))?;
        Ok(None)
    }

    fn is_empty(&self) -> bool {
        fs::read_dir(&self.dir).is_ok_and(|mut entries| entries.next().is_none())
    }

    /// Removes the directory, so that it is either whole or gone even if the process ends midway.
    pub(super) fn remove(&self) -> io::Result<()> {
        let Some(name) = self.dir.file_name() else { return Ok(()) };
        let mut aside = OsString::from(".");
        aside.push(name);
        aside.push(format!(".done-{}", std::process::id()));
        let aside = self.dir.with_file_name(aside);
        match fs::rename(&self.dir, &aside) {
            Ok(()) => fs::remove_dir_all(&aside),
            // No epoch was finished, so nothing was saved.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn failed(&self, source: ArtifactError) -> TrainError {
        TrainError::Checkpoint { dir: self.dir.clone(), source }
    }

    fn damaged(&self, message: String) -> TrainError {
        TrainError::DamagedCheckpoint { dir: self.dir.clone(), message }
    }
}
