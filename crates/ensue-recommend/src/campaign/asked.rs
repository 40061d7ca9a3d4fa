//! Whom an answer is for, what is known of them, and the questions to the model that follow.

use std::{collections::BTreeMap, sync::Arc};

use ensue_core::{Bitmap, Event, History, OwnedHistory};
use ensue_data::{FieldValues, MetadataTable};

use super::{Campaign, CampaignError, catalogue::Catalogue, fields, live::LiveUser};
use crate::{
    Context, Memory, Query, Recommend, Subject, evaluation::seen_items, filter::FilterUser,
};

pub(super) const NO_EVENTS: History<'static> = History {
    items: &[],
    timestamps: &[],
    event_types: None,
    values: None,
    sessions: None,
    contexts: None,
};

/// One user as a reader found them.
#[derive(Debug, Clone, Default)]
pub(super) struct Person {
    /// Dense id in the version.
    pub(super) user: Option<u32>,
    pub(super) live: Option<Arc<LiveUser>>,
}

impl Campaign {
    /// Looks a user up. What is found is to be used with a catalogue loaded afterwards: catalogues only grow, so that it
    /// has all items of the events found.
    pub(super) fn person(&self, user_id: Option<&str>) -> Person {
        let Some(user_id) = user_id else { return Person::default() };
        if let Some(live) = self.users.pin().get(user_id) {
            return Person { user: live.known, live: Some(Arc::clone(live)) };
        }
        Person { user: self.version.users().encode(user_id), live: None }
    }

    /// The events of a person that the model sees.
    pub(super) fn history<'a>(&'a self, person: &'a Person) -> History<'a> {
        match (&person.live, person.user) {
            (Some(live), _) => live.events.history(),
            (None, Some(user)) => self.version.histories().user(user),
            (None, None) => NO_EVENTS,
        }
    }

    /// What the version, or who came since, says of a person.
    fn fields(&self, person: &Person) -> Option<FieldValues> {
        let live = person.live.as_ref().and_then(|live| live.fields.as_deref().cloned());
        live.or_else(|| Some(self.version.user_table()?.row(person.user?)))
    }

    /// The items that a filter allows to a person; all where `None`.
    pub(super) fn allowed(
        &self,
        catalogue: &Catalogue,
        filter: &str,
        values: &BTreeMap<String, String>,
        person: &Person,
    ) -> Result<Option<Bitmap>, CampaignError> {
        let Some(named) = catalogue.filters.get(filter) else {
            return Err(unknown_filter(catalogue, filter));
        };
        let compiled = &named.compiled;
        let fields = if compiled.uses_fields() { self.fields(person) } else { None };
        let (mut history, mut contexts) = (NO_EVENTS, self.version.context_table());
        let own;
        if compiled.uses_history() {
            history = person
                .live
                .as_ref()
                .map_or_else(|| self.history(person), |live| live.seen_by_filters().history());
            if let Some(live) = person.live.as_ref().filter(|live| !live.contexts.is_empty()) {
                own = OwnContexts::of(history, contexts, &live.contexts);
                contexts = Some(&own.table);
                history = History { contexts: Some(&own.rows), ..history };
            }
        }
        let user = FilterUser { fields: fields.as_ref(), history, contexts };
        Ok(compiled.allowed(&user, values, &|id| catalogue.items.encode(id))?)
    }
}

pub(super) fn unknown_filter(catalogue: &Catalogue, name: &str) -> CampaignError {
    let known = catalogue.filters.keys().cloned().collect::<Vec<_>>().join(", ");
    CampaignError::UnknownFilter {
        name: name.to_owned(),
        known: if known.is_empty() { "none".to_owned() } else { known },
    }
}

/// The contexts of one user's events as a table of its own, with those that the version does not have.
struct OwnContexts {
    table: MetadataTable,
    rows: Vec<u32>,
}

impl OwnContexts {
    fn of(history: History<'_>, table: Option<&MetadataTable>, own: &[FieldValues]) -> Self {
        let version_rows = table.map_or(0, MetadataTable::len);
        let mut numbers: BTreeMap<u32, u32> = BTreeMap::new();
        let mut chosen = Vec::new();
        let rows: Vec<u32> = history
            .events()
            .map(|event| {
                event.context.map_or(ensue_core::interactions::NO_CONTEXT, |row| {
                    *numbers.entry(row).or_insert_with(|| {
                        chosen.push(row);
                        chosen.len() as u32 - 1
                    })
                })
            })
            .collect();
        let mut small = table.map(|table| table.select(&chosen)).unwrap_or_default();
        for (number, &row) in (0..).zip(&chosen) {
            if let Some(context) =
                (row as usize).checked_sub(version_rows).and_then(|at| own.get(at))
            {
                // They were held against the table when they came.
                let _ = small.set_row(number, context);
            }
        }
        Self { table: small, rows }
    }
}

/// One answer to be made: what the questions to the model borrow from.
#[derive(Debug)]
pub(super) struct Question<'a> {
    campaign: &'a Campaign,
    person: &'a Person,
    /// One event on the item asked about.
    item: Option<OwnedHistory>,
    context: Option<FieldValues>,
    /// Items left out, ascending.
    pub(super) exclude: Vec<u32>,
    /// Items that may be in the answer.
    pub(super) allowed: Option<Bitmap>,
    /// Whether the recipe's model answers; the popular items else.
    pub(super) own: bool,
}

impl<'a> Question<'a> {
    /// A question about a person.
    pub(super) fn about_user(
        campaign: &'a Campaign,
        catalogue: &Catalogue,
        person: &'a Person,
        context: &FieldValues,
    ) -> Result<Self, CampaignError> {
        let context = if context.is_empty() {
            None
        } else {
            let known = fields::known(campaign.version.context_table(), context);
            Some(known.map_err(fields::of("context", ""))?)
        };
        let by_fields = || catalogue.model.uses_user_fields() && campaign.fields(person).is_some();
        let own = !campaign.history(person).is_empty() || by_fields();
        Ok(Self { campaign, person, item: None, context, exclude: Vec::new(), allowed: None, own })
    }

    /// The same about an item, or about that of the person's last event.
    pub(super) fn about_item(mut self, catalogue: &Catalogue, item_id: Option<&str>) -> Self {
        let last = self.campaign.history(self.person).items.last().copied();
        let item = item_id.map_or(last, |item_id| catalogue.items.encode(item_id));
        let known = item.filter(|&item| catalogue.modelled(item));
        self.own = known.is_some();
        self.exclude = item.into_iter().collect();
        let event = known.map(|item| Event::new(item, 0));
        self.item = item_id.map(|_| event.into_iter().collect());
        self
    }

    /// The same without items that the person has had.
    pub(super) fn excluding_seen(mut self) -> Self {
        self.exclude.extend(seen_items(self.campaign.history(self.person)));
        self.exclude.sort_unstable();
        self.exclude.dedup();
        self
    }

    /// Number of the person's events.
    pub(super) fn events(&self) -> usize {
        self.campaign.history(self.person).len()
    }

    /// The model that answers it.
    pub(super) fn model<'c>(&self, catalogue: &'c Catalogue) -> &'c dyn Recommend {
        if self.own { &*catalogue.model } else { &*catalogue.popular }
    }

    /// The question to the model, with the memory there is.
    pub(super) fn query(&self) -> Query<'_> {
        let query = Query::from_history(NO_EVENTS).excluding(&self.exclude);
        let query = Query { allowed: self.allowed.as_ref(), ..query };
        if !self.own {
            return query;
        }
        let context = self.context.as_ref().map(Context::Given);
        if let Some(item) = &self.item {
            return Query { history: item.as_history(), context, ..query };
        }
        let live = self.person.live.as_deref();
        Query {
            user: self.person.user,
            history: self.campaign.history(self.person),
            user_fields: live.and_then(|live| live.fields.as_deref()),
            context,
            memory: live.and_then(LiveUser::ready_memory),
            ..query
        }
    }

    /// What the model keeps of the person's history; made if there is none yet.
    pub(super) fn remembered(&self, catalogue: &Catalogue) -> Option<Memory> {
        if !self.own || self.item.is_some() || catalogue.model.subject() == Subject::Item {
            return None;
        }
        let query = Query { memory: None, ..self.query() };
        match (&self.person.live, self.person.user) {
            (Some(live), _) => live.memory(&*catalogue.model, query).cloned(),
            (None, Some(user)) => self.campaign.remembered(&*catalogue.model, user, &query),
            (None, None) => None,
        }
    }
}
