//! What a search chose, kept for a run that is killed in a training after it.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use ensue_core::{Progress, Run};
use serde::{Deserialize, Serialize};

use super::{Tunable, Tuning};

/// What the file holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept<T> {
    /// Tells this search from others.
    key: String,
    settings: T,
    tuning: Tuning,
}

/// The choice that an earlier run of the same search left beside its checkpoint directory, or what `search` chooses, which is
/// then left there: the trainings that follow a search go on from their checkpoints only with the same settings. Without a
/// checkpoint directory nothing is kept.
///
/// `key` tells the search from others, such as data, plan and seed.
///
/// # Errors
/// Those of `search`. That the choice cannot be kept is a warning.
pub fn choice_kept<T: Tunable, E>(
    run: &Run,
    key: &str,
    search: impl FnOnce() -> Result<(T, Tuning), E>,
) -> Result<(T, Tuning), E> {
    let Some(path) = run.checkpoint.as_ref().map(|policy| place(&policy.dir)) else {
        return search();
    };
    let known =
        fs::read(&path).ok().and_then(|bytes| serde_json::from_slice::<Kept<T>>(&bytes).ok());
    if let Some(known) = known.filter(|known| known.key == key) {
        return Ok((known.settings, known.tuning));
    }
    let (settings, tuning) = search()?;
    let kept = Kept { key: key.to_owned(), settings: settings.clone(), tuning: tuning.clone() };
    if let Err(error) = write(&path, &serde_json::to_vec(&kept).expect("plain data")) {
        let message = format!("the search is not kept: {}: {error}", path.display());
        run.emit(Progress::Warning { message });
    }
    Ok((settings, tuning))
}

/// Forgets a choice: all that followed is done.
pub fn forget_choice(dir: &Path) {
    // There may be none.
    let _ = fs::remove_file(place(dir));
}

/// Beside the directory: the directory itself is replaced as a whole by each checkpoint.
fn place(dir: &Path) -> PathBuf {
    let mut name = dir.file_name().map_or_else(|| OsString::from("checkpoint"), OsString::from);
    name.push(".search.json");
    dir.with_file_name(name)
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let aside = path.with_extension(format!("new-{}", std::process::id()));
    let mut file = File::create(&aside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&aside, path)
}
