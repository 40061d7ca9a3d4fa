//! MovieLens-100K: interactions without a rating filter, and what is known of films and people.

use ensue::{
    core::{Event, Interactions, InteractionsBuilder},
    data::{FieldKind, FieldValue, FieldValues, MetadataTable},
};

use super::{path, read_rows};
use crate::report::Failure;

pub(crate) const USERS: u32 = 943;
pub(crate) const ITEMS: u32 = 1682;

/// 100,000 events of 943 users on 1,682 items; dense ids are the published ids less one, so that ascending dense ids are
/// ascending item ids.
pub(crate) fn load() -> Result<Interactions, Failure> {
    let mut events = InteractionsBuilder::new();
    read_rows("movielens-100k/u.data.gz", false, |cells| {
        let &[user, item, _rating, time] = cells else { return None };
        let (user, item): (u32, u32) = (user.parse().ok()?, item.parse().ok()?);
        events.push(user.checked_sub(1)?, Event::new(item.checked_sub(1)?, time.parse().ok()?));
        Some(())
    })?;
    let interactions = events.build(USERS as usize, ITEMS as usize);
    if interactions.len() == 100_000 {
        Ok(interactions)
    } else {
        Err(Failure::NotMeasured(format!("MovieLens has {} events", interactions.len())))
    }
}

/// GENRE (several) and YEAR of release of each film; the year is missing where the title has none.
pub(crate) fn films() -> Result<MetadataTable, Failure> {
    let genres = lines("u.genre")?;
    let genres: Vec<&str> = genres.iter().filter_map(|line| line.split('|').next()).collect();
    let mut table = MetadataTable::with_fields([
        ("GENRE", FieldKind::Categorical),
        ("YEAR", FieldKind::Number),
    ]);
    each_row("u.item", ITEMS, |id, cells| {
        let flags = cells.get(5..24)?;
        let named: Vec<&str> = flags
            .iter()
            .zip(&genres)
            .filter(|(flag, _)| **flag == "1")
            .map(|(_, genre)| *genre)
            .collect();
        let mut fields = FieldValues::new();
        fields.insert("GENRE".to_owned(), named.join("|").as_str().into());
        let year = cells[2].rsplit('-').next().and_then(|year| year.parse::<f64>().ok());
        fields.extend(year.map(|year| ("YEAR".to_owned(), FieldValue::Number(year))));
        table.set_row(id, &fields).ok()
    })?;
    Ok(table)
}

/// AGE, GENDER and OCCUPATION of each user.
pub(crate) fn people() -> Result<MetadataTable, Failure> {
    let mut table = MetadataTable::with_fields([
        ("AGE", FieldKind::Number),
        ("GENDER", FieldKind::Categorical),
        ("OCCUPATION", FieldKind::Categorical),
    ]);
    each_row("u.user", USERS, |id, cells| {
        let &[_, age, gender, occupation, _zip] = cells else { return None };
        let fields = [("AGE", age), ("GENDER", gender), ("OCCUPATION", occupation)];
        let fields = fields.map(|(name, value)| (name.to_owned(), FieldValue::from(value)));
        table.set_row(id, &fields.into()).ok()
    })?;
    Ok(table)
}

/// Lines of a Latin-1 file that are not empty.
fn lines(file: &str) -> Result<Vec<String>, Failure> {
    let bytes = std::fs::read(path(&format!("movielens-100k/{file}"))?)?;
    let text: String = bytes.into_iter().map(char::from).collect();
    Ok(text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

/// Calls `row` with the dense id and the cells of each of `n` lines, whose ids count from 1.
fn each_row(
    file: &str,
    n: u32,
    mut row: impl FnMut(u32, &[&str]) -> Option<()>,
) -> Result<(), Failure> {
    let lines = lines(file)?;
    for (number, line) in lines.iter().enumerate() {
        let cells: Vec<&str> = line.split('|').collect();
        let id = cells[0].parse::<u32>().ok().and_then(|id| id.checked_sub(1));
        if id.filter(|&id| id < n).and_then(|id| row(id, &cells)).is_none() {
            let reason = format!("{file}: line {} is not as expected", number + 1);
            return Err(Failure::NotMeasured(reason));
        }
    }
    super::counted(file, lines.len(), n as usize)
}
