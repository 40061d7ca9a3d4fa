//! A study: opening it, and looking at it.

use std::path::Path;
use std::time::Duration;

use super::StudyError;
use super::fit::{WarmStart, sorted_out};
use super::pareto::{best, pareto_front};
use super::settings::{StudySettings, difference};
use crate::Trial;
use crate::journal::{Header, Journal, Ledger};

/// A search: what was tried, and what to try next. Threads may share it.
///
/// See the [crate's overview](crate) for a runnable example.
#[derive(Debug)]
pub struct Study {
    pub(super) journal: Journal,
    pub(super) settings: StudySettings,
    /// What the sampler learns from beside the study's own trials, numbered from 0.
    pub(super) earlier: Vec<Trial>,
    warm_start: WarmStart,
}

impl Study {
    /// Begins a study in a new journal file.
    ///
    /// # Errors
    ///
    /// [`StudyError::Settings`] when the settings make no study, and as
    /// [`Journal::create`](crate::Journal::create).
    pub fn create(path: &Path, settings: StudySettings) -> Result<Self, StudyError> {
        Ok(Self::with(Journal::create(path, settings.header()?)?, settings))
    }

    /// Goes on with a study.
    ///
    /// # Errors
    ///
    /// [`StudyError::Differs`] when the journal is of another study, and as
    /// [`Journal::open`](crate::Journal::open).
    pub fn open(path: &Path, settings: StudySettings) -> Result<Self, StudyError> {
        let header = settings.header()?;
        let study = Self::with(Journal::open(path)?, settings);
        study.must_match(path, &header)?;
        Ok(study)
    }

    /// Goes on with a study, or begins it where there is none. Several processes may do so at once.
    ///
    /// # Errors
    ///
    /// As [`Study::open`] and [`Study::create`].
    pub fn open_or_create(path: &Path, settings: StudySettings) -> Result<Self, StudyError> {
        let header = settings.header()?;
        let (journal, _) = Journal::open_or_create(path, header.clone())?;
        let study = Self::with(journal, settings);
        study.must_match(path, &header)?;
        Ok(study)
    }

    /// A study that ends with the process.
    ///
    /// # Errors
    ///
    /// [`StudyError::Settings`] when the settings make no study.
    pub fn in_memory(settings: StudySettings) -> Result<Self, StudyError> {
        Ok(Self::with(Journal::in_memory(settings.header()?), settings))
    }

    fn with(journal: Journal, settings: StudySettings) -> Self {
        let (earlier, warm_start) =
            sorted_out(&settings.space, &settings.directions, &settings.warm_start);
        Self { journal, settings, earlier, warm_start }
    }

    fn must_match(&self, path: &Path, header: &Header) -> Result<(), StudyError> {
        match self.journal.read(|ledger| difference(ledger.header(), header))? {
            None => Ok(()),
            Some((field, journal, settings)) => {
                Err(StudyError::Differs { path: path.to_owned(), field, journal, settings })
            }
        }
    }

    /// The complete trial with the best first objective, so far. See [`best`](super::best).
    ///
    /// # Errors
    ///
    /// As [`Journal::read`](crate::Journal::read).
    pub fn best(&self) -> Result<Option<Trial>, StudyError> {
        Ok(self.journal.read(|ledger| self.best_of(ledger))?)
    }

    pub(super) fn best_of(&self, ledger: &Ledger) -> Option<Trial> {
        let direction = self.settings.directions.first().copied().unwrap_or_default();
        best(ledger.trials(), direction).cloned()
    }

    /// The trials that no other betters in every objective, so far. See [`pareto_front`](super::pareto_front).
    ///
    /// # Errors
    ///
    /// As [`Journal::read`](crate::Journal::read).
    pub fn pareto_front(&self) -> Result<Vec<Trial>, StudyError> {
        let front = |ledger: &Ledger| {
            pareto_front(ledger.trials(), &self.settings.directions).into_iter().cloned().collect()
        };
        Ok(self.journal.read(front)?)
    }

    /// All trials by number, running ones included.
    ///
    /// # Errors
    ///
    /// As [`Journal::read`](crate::Journal::read).
    pub fn trials(&self) -> Result<Vec<Trial>, StudyError> {
        Ok(self.journal.read(|ledger| ledger.trials().to_vec())?)
    }

    /// The journal, for everything else that it says.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// What the study is made of.
    pub fn settings(&self) -> &StudySettings {
        &self.settings
    }

    /// What became of the trials of earlier studies.
    pub fn warm_start(&self) -> &WarmStart {
        &self.warm_start
    }

    pub(super) fn now(&self) -> Duration {
        self.settings.clock.now()
    }
}
