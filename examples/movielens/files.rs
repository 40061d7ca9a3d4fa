//! From the published files of MovieLens-100K to tables with schemas.

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use ensue::prelude::*;
use flate2::read::GzDecoder;

const INTERACTIONS: &str = r#"{"type": "record", "name": "Interactions", "version": "1.0", "fields": [
    {"name": "USER_ID", "type": "string"},
    {"name": "ITEM_ID", "type": "string"},
    {"name": "EVENT_VALUE", "type": "float"},
    {"name": "TIMESTAMP", "type": "long"}]}"#;
const ITEMS: &str = r#"{"type": "record", "name": "Items", "version": "1.0", "fields": [
    {"name": "ITEM_ID", "type": "string"},
    {"name": "GENRE", "type": "string", "categorical": true},
    {"name": "YEAR", "type": ["null", "int"]}]}"#;
const USERS: &str = r#"{"type": "record", "name": "Users", "version": "1.0", "fields": [
    {"name": "USER_ID", "type": "string"},
    {"name": "AGE", "type": "int"},
    {"name": "GENDER", "type": "string", "categorical": true},
    {"name": "OCCUPATION", "type": "string", "categorical": true}]}"#;

/// The folder with the published files.
pub(crate) fn published() -> Result<PathBuf, String> {
    let folder =
        std::env::var_os("ENSUE_DATASETS").map(|root| Path::new(&root).join("movielens-100k"));
    folder.filter(|folder| folder.join("u.item").is_file()).ok_or_else(|| {
        "this example needs MovieLens-100K (GroupLens: for research, not to be passed on). Get \
         https://files.grouplens.org/datasets/movielens/ml-100k.zip, put u.data, u.item, u.user and u.genre into \
         FOLDER/movielens-100k, and set ENSUE_DATASETS=FOLDER; see datasets/manifest.toml"
            .to_owned()
    })
}

/// The tables, in a folder that goes with them.
#[derive(Debug)]
pub(crate) struct Tables {
    folder: tempfile::TempDir,
    /// Title of each film by its id.
    pub(crate) titles: HashMap<String, String>,
}

impl Tables {
    /// Writes the published files as `interactions.csv`, `items.csv` and `users.csv`.
    pub(crate) fn write(published: &Path) -> Result<Self, Box<dyn Error>> {
        let genres = read(&published.join("u.genre"))?;
        let genres: Vec<&str> = genres.lines().filter_map(|line| line.split('|').next()).collect();
        let mut tables = Self { folder: tempfile::tempdir()?, titles: HashMap::new() };

        let mut items = "ITEM_ID,GENRE,YEAR\n".to_owned();
        for (id, cells) in rows(&read(&published.join("u.item"))?, '|', 24)? {
            // A flag for each genre, and the year at the end of the release date: 01-Jan-1995.
            let flags = cells[5..].iter().zip(&genres);
            let genre: Vec<&str> =
                flags.filter(|(flag, _)| **flag == "1").map(|(_, name)| *name).collect();
            let year = cells[2].rsplit('-').next().unwrap_or_default();
            writeln!(items, "{id},{},{year}", genre.join("|"))?;
            tables.titles.insert(id.to_owned(), cells[1].to_owned());
        }
        let mut users = "USER_ID,AGE,GENDER,OCCUPATION\n".to_owned();
        for (id, cells) in rows(&read(&published.join("u.user"))?, '|', 5)? {
            writeln!(users, "{id},{},{},{}", cells[1], cells[2], cells[3])?;
        }
        let mut interactions = "USER_ID,ITEM_ID,EVENT_VALUE,TIMESTAMP\n".to_owned();
        let ratings = ["u.data", "u.data.gz"].map(|name| published.join(name));
        let ratings = if ratings[0].is_file() { read(&ratings[0])? } else { read(&ratings[1])? };
        for (id, cells) in rows(&ratings, '\t', 4)? {
            writeln!(interactions, "{id},{},{},{}", cells[1], cells[2], cells[3])?;
        }
        for (name, table) in [("items", items), ("users", users), ("interactions", interactions)] {
            fs::write(tables.folder.path().join(name).with_extension("csv"), table)?;
        }
        Ok(tables)
    }

    /// What to import.
    pub(crate) fn request(&self) -> Result<ImportRequest, Box<dyn Error>> {
        let table = |name: &str, schema: &str| -> Result<Source, Box<dyn Error>> {
            Ok(Source::new(self.folder.path().join(name)).with_schema(Schema::parse(schema)?))
        };
        Ok(ImportRequest::new(table("interactions.csv", INTERACTIONS)?)
            .with_items(table("items.csv", ITEMS)?)
            .with_users(table("users.csv", USERS)?))
    }
}

/// First cell and all cells of each row.
fn rows(text: &str, separator: char, width: usize) -> Result<Vec<(&str, Vec<&str>)>, String> {
    let row = |line| {
        let cells: Vec<&str> = str::split(line, separator).collect();
        if cells.len() == width {
            Ok((cells[0], cells))
        } else {
            Err(format!("{width} cells are expected in {line:?}"))
        }
    };
    text.lines().filter(|line| !line.is_empty()).map(row).collect()
}

/// A Latin-1 file, gzipped or not.
fn read(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    let mut file = File::open(path)?;
    if path.extension().is_some_and(|extension| extension == "gz") {
        GzDecoder::new(file).read_to_end(&mut bytes)?;
    } else {
        file.read_to_end(&mut bytes)?;
    }
    Ok(bytes.into_iter().map(char::from).collect())
}
