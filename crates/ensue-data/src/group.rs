//! Everything that recipes learn from, in dense numbers.

use std::collections::HashSet;

use ensue_core::{Event, Interactions, InteractionsBuilder};

use crate::error::{DataError, Rule};
use crate::import::ImportRules;
use crate::read::cells::{self, Cell};
use crate::schema::{CREATION_TIMESTAMP, ITEM_ID, TIMESTAMP, USER_ID};
use crate::table::{MISSING_TIMESTAMP, MetadataColumn, MetadataTable};
use crate::vocabulary::Vocabulary;

/// Interactions with the names behind their numbers, and what is known about users and items.
///
/// Numbers follow the first appearance in the interactions file; ids that only the Users or Items file
/// has come after them and have no events.
#[derive(Clone, Debug)]
pub struct DatasetGroup {
    /// Who did what when.
    pub interactions: Interactions,
    /// User ids.
    pub users: Vocabulary,
    /// Item ids.
    pub items: Vocabulary,
    /// What is known about users.
    pub user_table: Option<MetadataTable>,
    /// What is known about items.
    pub item_table: Option<MetadataTable>,
    /// What is known about the moments of events: a row for each different combination of values, which
    /// [`Event::context`] names.
    pub context_table: Option<MetadataTable>,
    /// What was accepted but deserves a look.
    pub warnings: Vec<String>,
    /// Events that repeated user, item, timestamp and event type of an earlier one.
    pub duplicates_dropped: usize,
}

impl DatasetGroup {
    /// A group of interactions alone, taken as they are.
    pub fn new(interactions: Interactions, users: Vocabulary, items: Vocabulary) -> Self {
        Self {
            interactions,
            users,
            items,
            user_table: None,
            item_table: None,
            context_table: None,
            warnings: Vec::new(),
            duplicates_dropped: 0,
        }
    }

    /// A group from events in memory: user id, item id, timestamp in seconds.
    ///
    /// The rules are those of an import, duplicates are dropped alike. Only the minimums of `rules` matter.
    ///
    /// ```
    /// use ensue_data::{DatasetGroup, ImportRules};
    ///
    /// let rules = ImportRules { min_interactions: 2, min_users_with_two: 1, ..ImportRules::default() };
    /// let events = [("ada", "tea", 20), ("ada", "jam", 10), ("ada", "tea", 20)];
    /// let group = DatasetGroup::from_events(events, &rules)?;
    /// assert_eq!(group.interactions.len(), 2);
    /// assert_eq!(group.duplicates_dropped, 1);
    /// # Ok::<(), ensue_data::DataError>(())
    /// ```
    ///
    /// # Errors
    /// As an import; the file is called `events` and its rows are counted from 1.
    pub fn from_events<'a>(
        events: impl IntoIterator<Item = (&'a str, &'a str, i64)>,
        rules: &ImportRules,
    ) -> Result<Self, DataError> {
        let file = std::path::Path::new("events");
        let (mut users, mut items) = (Vocabulary::new(), Vocabulary::new());
        let mut builder = InteractionsBuilder::new();
        for (row, (user, item, timestamp)) in (1..).zip(events) {
            let refused =
                |column, value: &str, rule| DataError::cell(file, row, column, value, rule);
            let id = |vocabulary: &mut Vocabulary, column, id: &'a str| {
                let cell = if id.is_empty() { Cell::Missing } else { Cell::Text(id) };
                let text = cell.text(cells::MAX_ID);
                text.and_then(|text| cells::encode(vocabulary, text))
                    .map_err(|rule| refused(column, id, rule))
            };
            let (user, item) = (id(&mut users, USER_ID, user)?, id(&mut items, ITEM_ID, item)?);
            let timestamp = Cell::Whole(timestamp)
                .timestamp()
                .map_err(|rule| refused(TIMESTAMP, &timestamp.to_string(), rule))?;
            builder.push(user, Event::new(item, timestamp));
        }
        let interactions = builder.build(users.len(), items.len());
        Self::new(interactions, users, items)
            .finished(&Minimum::of(rules))
            .map_err(|rule| DataError::too_small(file, rule))
    }

    /// When each item came to be; see [`creation_timestamps`].
    pub fn creation_timestamps(&self) -> Vec<i64> {
        creation_timestamps(&self.interactions, self.item_table.as_ref())
    }

    /// Drops duplicates and holds what is left against the minimums.
    pub(crate) fn finished(mut self, minimum: &Minimum<'_>) -> Result<Self, Rule> {
        let duplicates = duplicates(&self.interactions);
        if !duplicates.is_empty() {
            let mut position = 0;
            let mut next = duplicates.iter().copied().peekable();
            self.interactions = self.interactions.filter(|_, _| {
                position += 1;
                next.next_if_eq(&(position - 1)).is_none()
            });
            self.duplicates_dropped = duplicates.len();
        }
        minimum.check(&self.interactions)?;
        Ok(self)
    }
}

/// When each item came to be, seconds since 1970: its `CREATION_TIMESTAMP` where the metadata of the items have one, else
/// its oldest interaction, else the newest interaction of all (Amazon's rule), else 0.
pub fn creation_timestamps(
    interactions: &Interactions,
    item_table: Option<&MetadataTable>,
) -> Vec<i64> {
    let mut oldest = vec![MISSING_TIMESTAMP; interactions.n_items()];
    let mut newest = 0;
    let events = interactions.all_events();
    for (&item, &timestamp) in events.items.iter().zip(events.timestamps) {
        let known = &mut oldest[item as usize];
        if *known == MISSING_TIMESTAMP || timestamp < *known {
            *known = timestamp;
        }
        newest = newest.max(timestamp);
    }
    let given = match item_table.and_then(|table| table.column(CREATION_TIMESTAMP)) {
        Some(MetadataColumn::Timestamp(given)) => given.as_slice(),
        _ => &[],
    };
    for (item, time) in oldest.iter_mut().enumerate() {
        let given = given.get(item).copied().filter(|&given| given != MISSING_TIMESTAMP);
        let first = Some(*time).filter(|&first| first != MISSING_TIMESTAMP);
        *time = given.or(first).unwrap_or(newest);
    }
    oldest
}

/// Positions, ascending over all users' events, of those that repeat an earlier one in user, item,
/// timestamp and event type.
fn duplicates(interactions: &Interactions) -> Vec<usize> {
    /// Up to here, looking at each earlier event of the same time is faster than a set.
    const FEW: usize = 16;
    let mut found = Vec::new();
    let mut start = 0;
    let mut seen = HashSet::new();
    for (_, history) in interactions.users() {
        let key = |at: usize| (history.items[at], history.event_types.map(|codes| codes[at]));
        let mut at = 0;
        for together in history.timestamps.chunk_by(|a, b| a == b) {
            let run = at..at + together.len();
            if together.len() <= FEW {
                let repeats = |&at: &usize| (run.start..at).any(|before| key(before) == key(at));
                found.extend(run.clone().filter(repeats).map(|at| start + at));
            } else {
                seen.clear();
                found.extend(run.clone().filter(|&at| !seen.insert(key(at))).map(|at| start + at));
            }
            at = run.end;
        }
        start += history.len();
    }
    found
}

/// The least that a dataset group needs.
#[derive(Debug)]
pub(crate) struct Minimum<'a> {
    interactions: usize,
    users_with_two: usize,
    event_type: Option<&'a str>,
}

impl<'a> Minimum<'a> {
    pub(crate) fn of(rules: &'a ImportRules) -> Self {
        Self {
            interactions: rules.min_interactions,
            users_with_two: rules.min_users_with_two,
            event_type: rules.event_type.as_deref(),
        }
    }

    fn check(&self, interactions: &Interactions) -> Result<(), Rule> {
        let found = interactions.len();
        if found < self.interactions {
            let event_type = self.event_type.map(str::to_owned);
            return Err(Rule::TooFewInteractions { found, minimum: self.interactions, event_type });
        }
        let found = interactions.users().filter(|(_, history)| history.len() >= 2).count();
        if found < self.users_with_two {
            return Err(Rule::TooFewUsers { found, minimum: self.users_with_two });
        }
        Ok(())
    }
}
