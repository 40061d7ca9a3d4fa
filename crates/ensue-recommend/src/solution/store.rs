//! A version's directory.
//!
//! | file | what |
//! |---|---|
//! | `manifest.json` | format number, kind, version of ensue, sizes and checksums |
//! | `solution.json` | the plan, the seed, the fingerprint of the data |
//! | `metrics.json` | the evaluation |
//! | `users.vocabulary`, `items.vocabulary` | ids |
//! | `histories.interactions` | every user's events |
//! | `popular.u32` | counts behind the popular items |
//! | the recipe's own | weights or counts |

use std::{io, path::Path};

use ensue_core::{
    Interactions, Seed,
    artifact::{ArtifactError, ArtifactReader, ArtifactWriter},
};
use ensue_data::Vocabulary;
use serde::{Deserialize, Serialize};

use super::{Solution, SolutionError, SolutionVersion, version::Parts};
use crate::{Recommend, recipes::popularity_count::FittedPopularityCount};

const KIND: &str = "solution-version";
const SOLUTION: &str = "solution.json";
const METRICS: &str = "metrics.json";
const USERS: &str = "users.vocabulary";
const ITEMS: &str = "items.vocabulary";
const HISTORIES: &str = "histories.interactions";
const POPULAR: &str = "popular.u32";

/// What `solution.json` holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    solution: Solution,
    seed: Seed,
    data_fingerprint: String,
}

pub(super) fn save(version: &SolutionVersion, dir: &Path) -> Result<(), SolutionError> {
    let mut out = ArtifactWriter::create(dir)?.with_kind(KIND);
    write(version, &mut out)?;
    Ok(out.commit()?)
}

/// Everything but the commit.
pub(super) fn write(
    version: &SolutionVersion,
    out: &mut ArtifactWriter,
) -> Result<(), ArtifactError> {
    let parts = version.parts();
    let header = Header {
        solution: parts.solution.clone(),
        seed: parts.seed,
        data_fingerprint: parts.data_fingerprint.clone(),
    };
    out.write_json(SOLUTION, &header)?;
    out.write_json(METRICS, &parts.evaluation)?;
    stream(out, USERS, |mut file| parts.users.write_to(&mut file))?;
    stream(out, ITEMS, |mut file| parts.items.write_to(&mut file))?;
    stream(out, HISTORIES, |mut file| parts.histories.write_to(&mut file))?;
    parts.popular.save_as(POPULAR, out)?;
    parts.model.save(out)
}

/// Writes a file piece by piece.
fn stream(
    out: &mut ArtifactWriter,
    name: &'static str,
    content: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> Result<(), ArtifactError> {
    let path = out.target().join(name);
    let mut file = out.writer(name)?;
    content(&mut file).map_err(ArtifactError::io("write", &path))?;
    file.finish()
}

pub(super) fn load(dir: &Path, device: &str) -> Result<SolutionVersion, SolutionError> {
    let reader = ArtifactReader::open(dir)?.expect_kind(KIND)?;
    let Header { solution, seed, data_fingerprint } = reader.read_json(SOLUTION)?;
    solution.recipe.check()?;
    let vocabulary = |name: &str| -> Result<Vocabulary, ArtifactError> {
        Vocabulary::read_from(&reader.read(name)?).map_err(|error| reader.invalid(name, &error))
    };
    let (users, items) = (vocabulary(USERS)?, vocabulary(ITEMS)?);
    let histories = Interactions::read_from(&reader.read(HISTORIES)?)
        .map_err(|error| reader.invalid(HISTORIES, error))?;
    let popular = FittedPopularityCount::load_as(POPULAR, &reader)?;
    let model = solution.recipe.load(&reader, device)?;

    // The files are whole, but may come from different versions.
    for (name, found) in [
        (HISTORIES, histories.n_items()),
        (POPULAR, popular.n_items()),
        (SOLUTION, model.n_items()),
    ] {
        if found != items.len() {
            let reason = format!("it is for {found} items, {ITEMS} has {}", items.len());
            return Err(reader.invalid(name, &reason).into());
        }
    }
    if histories.n_users() != users.len() {
        let reason =
            format!("it is for {} users, {USERS} has {}", histories.n_users(), users.len());
        return Err(reader.invalid(HISTORIES, &reason).into());
    }
    let evaluation = reader.read_json(METRICS)?;
    Ok(SolutionVersion::from_parts(Parts {
        solution,
        seed,
        data_fingerprint,
        evaluation,
        users,
        items,
        histories,
        popular,
        model,
    }))
}
