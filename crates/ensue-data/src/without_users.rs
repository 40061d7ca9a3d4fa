//! Taking users out of data.

use std::collections::HashSet;

use ensue_core::{Bitmap, History, Interactions, InteractionsBuilder};

use crate::{DatasetGroup, MetadataTable, Vocabulary};

/// What is left without some users; see [`without_users`].
#[derive(Debug, Clone)]
pub struct Remaining {
    /// Events of the other users.
    pub interactions: Interactions,
    /// Their ids.
    pub users: Vocabulary,
    /// The dense id that each of them had before.
    pub users_before: Vec<u32>,
    /// What is known of them.
    pub user_table: Option<MetadataTable>,
    /// The contexts of their events; rows that only others' events had are blank.
    pub context_table: Option<MetadataTable>,
    /// Which contexts are left.
    pub contexts: Bitmap,
}

/// Data without the users of these ids: no id, event or row of theirs is left, no category that only they had,
/// and nothing in a context that only their events had. The others are numbered anew in the order they had; contexts keep
/// their numbers.
pub fn without_users(
    interactions: &Interactions,
    users: &Vocabulary,
    user_table: Option<&MetadataTable>,
    context_table: Option<&MetadataTable>,
    user_ids: &[&str],
) -> Remaining {
    let gone: HashSet<&str> = user_ids.iter().copied().collect();
    let stays = |user: &u32| users.decode(*user).is_some_and(|id| !gone.contains(id));
    let users_before: Vec<u32> = (0..users.len() as u32).filter(stays).collect();
    let histories = || users_before.iter().map(|&user| interactions.user(user));
    let rows = context_table.map_or(0, MetadataTable::len);
    let mut contexts = Bitmap::zeros(rows);
    for context in histories().flat_map(History::events).filter_map(|e| e.context) {
        if (context as usize) < rows {
            contexts.insert(context);
        }
    }
    let kept = |row: u32| if contexts.contains(row) { row } else { u32::MAX };
    let kept: Vec<u32> = (0..rows as u32).map(kept).collect();
    let mut builder = InteractionsBuilder::new();
    for (user, history) in (0..).zip(histories()) {
        history.events().for_each(|event| builder.push(user, event));
    }
    let names = interactions.event_type_names().to_vec();
    let n_items = interactions.n_items();
    Remaining {
        interactions: builder.event_type_names(names).build(users_before.len(), n_items),
        users: users_before.iter().filter_map(|&user| users.decode(user)).collect(),
        user_table: user_table.map(|table| table.select(&users_before)),
        context_table: context_table.map(|table| table.select(&kept)),
        contexts,
        users_before,
    }
}

impl DatasetGroup {
    /// A copy in which nothing of these users is left: neither ids, events, metadata, nor contexts that only their events
    /// had. Ids that the group does not have are passed over. Items stay, as do warnings of the import.
    ///
    /// ```
    /// use ensue_data::{DatasetGroup, ImportRules};
    ///
    /// let rules = ImportRules { min_interactions: 1, min_users_with_two: 0, ..ImportRules::default() };
    /// let events = [("ada", "tea", 20), ("bob", "jam", 10), ("bob", "tea", 30)];
    /// let group = DatasetGroup::from_events(events, &rules)?.without_users(&["ada"]);
    /// assert_eq!(group.users.iter().collect::<Vec<_>>(), ["bob"]);
    /// assert_eq!(group.interactions.user(0).timestamps, [10, 30]);
    /// # Ok::<(), ensue_data::DataError>(())
    /// ```
    pub fn without_users(&self, user_ids: &[&str]) -> Self {
        let kept = without_users(
            &self.interactions,
            &self.users,
            self.user_table.as_ref(),
            self.context_table.as_ref(),
            user_ids,
        );
        Self {
            interactions: kept.interactions,
            users: kept.users,
            items: self.items.clone(),
            user_table: kept.user_table,
            item_table: self.item_table.clone(),
            context_table: kept.context_table,
            warnings: self.warnings.clone(),
            duplicates_dropped: self.duplicates_dropped,
        }
    }
}
