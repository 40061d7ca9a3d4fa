//! A version's directory.
//!
//! | file | what |
//! |---|---|
//! | `manifest.json` | format number, kind, version of ensue, sizes and checksums |
//! | `solution.json` | the plan, the seed, the fingerprint of the data |
//! | `metrics.json` | the evaluation |
//! | `tuning.json` | what a search tried, where there was one |
//! | `users.vocabulary`, `items.vocabulary` | ids |
//! | `histories.interactions` | every user's events |
//! | `users.metadata`, `items.metadata`, `contexts.metadata` | what is known about them, where there is something |
//! | `popular.u32` | counts behind the popular items |
//! | the recipe's own | weights or counts |

use std::{io, path::Path, sync::Arc};

use ensue_core::{
    Interactions, Seed,
    artifact::{ArtifactError, ArtifactReader, ArtifactWriter},
    interactions::NO_CONTEXT,
};
use ensue_data::{MetadataTable, Vocabulary};
use serde::{Deserialize, Serialize};

use super::{
    Solution, SolutionError, SolutionVersion,
    version::{Parts, Tables},
};
use crate::{Recommend, recipes::popularity_count::FittedPopularityCount};

const KIND: &str = "solution-version";
const SOLUTION: &str = "solution.json";
const METRICS: &str = "metrics.json";
const TUNING: &str = "tuning.json";
const USERS: &str = "users.vocabulary";
const ITEMS: &str = "items.vocabulary";
const HISTORIES: &str = "histories.interactions";
const POPULAR: &str = "popular.u32";
const USER_TABLE: &str = "users.metadata";
const ITEM_TABLE: &str = "items.metadata";
const CONTEXT_TABLE: &str = "contexts.metadata";

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
    if let Some(tuning) = &parts.tuning {
        out.write_json(TUNING, tuning)?;
    }
    stream(out, USERS, |mut file| parts.users.write_to(&mut file))?;
    stream(out, ITEMS, |mut file| parts.items.write_to(&mut file))?;
    stream(out, HISTORIES, |mut file| parts.histories.write_to(&mut file))?;
    let tables = [
        (USER_TABLE, &parts.tables.users),
        (ITEM_TABLE, &parts.tables.items),
        (CONTEXT_TABLE, &parts.tables.contexts),
    ];
    for (name, table) in tables {
        if let Some(table) = table {
            stream(out, name, |mut file| table.write_to(&mut file))?;
        }
    }
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
    let tables = Tables {
        users: table(&reader, USER_TABLE, Some((USERS, users.len())))?,
        items: table(&reader, ITEM_TABLE, Some((ITEMS, items.len())))?,
        contexts: table(&reader, CONTEXT_TABLE, None)?,
    };
    let rows = tables.contexts.as_ref().map_or(0, |contexts| contexts.len());
    let named = histories.all_events().contexts.unwrap_or(&[]).iter();
    if let Some(&row) = named.filter(|&&row| row != NO_CONTEXT).find(|&&row| row as usize >= rows) {
        let reason = format!("an event names row {row}, {CONTEXT_TABLE} has {rows}");
        return Err(reader.invalid(HISTORIES, &reason).into());
    }
    let evaluation = reader.read_json(METRICS)?;
    let tuning = reader.contains(TUNING).then(|| reader.read_json(TUNING)).transpose()?;
    Ok(SolutionVersion::from_parts(Parts {
        solution,
        seed,
        data_fingerprint,
        evaluation,
        tuning,
        users,
        items: Arc::new(items),
        histories,
        popular,
        model: Arc::from(model),
        tables,
    }))
}

/// Metadata, where the version has them, held against the vocabulary they are for. A version of before they were kept has
/// none of these files.
fn table(
    reader: &ArtifactReader,
    name: &str,
    ids: Option<(&str, usize)>,
) -> Result<Option<Arc<MetadataTable>>, ArtifactError> {
    if !reader.contains(name) {
        return Ok(None);
    }
    let table = MetadataTable::read_from(&reader.read(name)?);
    let table = table.map_err(|error| reader.invalid(name, error))?;
    if let Some((vocabulary, expected)) = ids
        && table.len() != expected
    {
        let reason = format!("it is for {} ids, {vocabulary} has {expected}", table.len());
        return Err(reader.invalid(name, &reason));
    }
    Ok(Some(Arc::new(table)))
}
