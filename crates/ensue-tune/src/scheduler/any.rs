//! Any scheduler by its name.

use serde::{Deserialize, Serialize};

use super::{Asha, Hyperband, Median, Scheduler, Verdict};
use crate::{History, Trial};

/// Any of the schedulers here, as a configuration names it. Default: [`AnyScheduler::None`].
///
/// ```
/// use ensue_tune::scheduler::{AnyScheduler, Asha};
///
/// let named: AnyScheduler = serde_json::from_str(r#"{"scheduler": "asha", "max_steps": 27}"#)?;
/// assert_eq!(named, AnyScheduler::Asha(Asha { max_steps: Some(27), ..Asha::default() }));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "scheduler", rename_all = "kebab-case")]
pub enum AnyScheduler {
    /// Every trial runs to its end.
    #[default]
    None,
    /// Successive halving.
    Asha(Asha),
    /// Several ladders of successive halving.
    Hyperband(Hyperband),
    /// The median rule.
    Median(Median),
}

impl Scheduler for AnyScheduler {
    fn verdict(&self, history: &History<'_>, trial: &Trial) -> Verdict {
        match self {
            Self::None => Verdict::Continue,
            Self::Asha(scheduler) => scheduler.verdict(history, trial),
            Self::Hyperband(scheduler) => scheduler.verdict(history, trial),
            Self::Median(scheduler) => scheduler.verdict(history, trial),
        }
    }
}

impl From<Asha> for AnyScheduler {
    fn from(scheduler: Asha) -> Self {
        Self::Asha(scheduler)
    }
}

impl From<Hyperband> for AnyScheduler {
    fn from(scheduler: Hyperband) -> Self {
        Self::Hyperband(scheduler)
    }
}

impl From<Median> for AnyScheduler {
    fn from(scheduler: Median) -> Self {
        Self::Median(scheduler)
    }
}
