//! Taking users out of data.

use std::collections::{BTreeSet, HashSet};

use ensue_core::{Interactions, InteractionsBuilder};

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
    /// The contexts of their events.
    pub context_table: Option<MetadataTable>,
}

/// Data without the users whose ids are in `gone`: no id, event or row of theirs is left, no category that only they had,
/// and no context that only their events had. The others, and the contexts, are numbered anew in the order they had.
pub fn without_users(
    interactions: &Interactions,
    users: &Vocabulary,
    user_table: Option<&MetadataTable>,
    context_table: Option<&MetadataTable>,
    gone: &HashSet<&str>,
) -> Remaining {
    let stays = |user: &u32| users.decode(*user).is_some_and(|id| !gone.contains(id));
    let users_before: Vec<u32> = (0..users.len() as u32).filter(stays).collect();
    let histories = || users_before.iter().map(|&user| interactions.user(user));
    let used: BTreeSet<u32> = histories()
        .flat_map(|history| history.events())
        .filter_map(|event| event.context)
        .collect();
    let contexts: Vec<u32> = used.into_iter().collect();
    let mut builder = InteractionsBuilder::new();
    for (user, history) in (0..).zip(histories()) {
        for mut event in history.events() {
            event.context = event
                .context
                .and_then(|row| contexts.binary_search(&row).ok().map(|row| row as u32));
            builder.push(user, event);
        }
    }
    let names = interactions.event_type_names().to_vec();
    let n_items = interactions.n_items();
    Remaining {
        interactions: builder.event_type_names(names).build(users_before.len(), n_items),
        users: users_before.iter().filter_map(|&user| users.decode(user)).collect(),
        user_table: user_table.map(|table| table.select(&users_before)),
        context_table: context_table.map(|table| table.select(&contexts)),
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
        let gone = user_ids.iter().copied().collect();
        let kept = without_users(
            &self.interactions,
            &self.users,
            self.user_table.as_ref(),
            self.context_table.as_ref(),
            &gone,
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
