//! Changes to a campaign: held against the rules, logged, made. One at a time; readers never wait for them.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    sync::{Arc, MutexGuard, PoisonError, atomic::Ordering},
};

use ensue_core::Event;
use ensue_data::{FieldValues, MetadataTable};

use super::{
    Campaign, CampaignError, EventCounts, EventOutcome, PutEvent, PutEvents, PutItem, PutUser,
    catalogue::Catalogue,
    events::Incoming,
    fields,
    live::LiveUser,
    log::{EventLog, LoggedItem, Operation},
    requests::check_user_id,
};

/// The field that says when an item came to be.
const CREATION_TIMESTAMP: &str = "CREATION_TIMESTAMP";

/// Event type codes a history can hold.
const MAX_EVENT_TYPES: usize = ensue_core::interactions::NO_EVENT_TYPE as usize;

/// What only changes look at.
#[derive(Debug, Default)]
pub(super) struct Writer {
    pub(super) log: Option<EventLog>,
    pub(super) counts: EventCounts,
    /// Users by the sessions that were joined to them.
    pub(super) joined: HashMap<Box<str>, Box<str>>,
    /// Rows of the version's contexts by their values; made when the first event with properties comes.
    contexts: Option<HashMap<String, u32>>,
}

impl Campaign {
    pub(super) fn writer(&self) -> MutexGuard<'_, Writer> {
        // Users and catalogue are replaced as wholes: after a panic of another thread they are as good as before it.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in an event; the user's next answer knows it. Users may be new. An event on an item that the model does not
    /// know, or that the solution's event type or threshold leaves out, is counted and changes no answer but that of filters.
    ///
    /// # Errors
    /// [`CampaignError`] when an id is empty or too long, the timestamp is negative, or the log cannot be written.
    pub fn put_event(&self, put: &PutEvent) -> Result<EventOutcome, CampaignError> {
        let incoming = Incoming::one(put);
        incoming.check()?;
        let writer = &mut *self.writer();
        log(writer, || Operation::Event(put.clone()))?;
        Ok(self.take_in(writer, &incoming))
    }

    /// Takes in up to ten events of a session, all or none, and says what became of each; see [`PutEvents`].
    ///
    /// # Errors
    /// As [`Campaign::put_event`]; also when there is no event or more than ten, or a property is not a field of the
    /// interactions or of another type.
    pub fn put_events(&self, put: &PutEvents) -> Result<Vec<EventOutcome>, CampaignError> {
        let events = self.checked(put)?;
        let writer = &mut *self.writer();
        log(writer, || Operation::Events(put.clone()))?;
        Ok(events.iter().map(|event| self.take_in(writer, event)).collect())
    }

    fn checked<'p>(&self, put: &'p PutEvents) -> Result<Vec<Incoming<'p>>, CampaignError> {
        let events = Incoming::all(put)?;
        for event in &events {
            event.check()?;
            if let Some(properties) = event.properties {
                fields::normalised(self.version.context_table(), properties)
                    .map_err(fields::of("an event on item", event.item_id))?;
            }
        }
        Ok(events)
    }

    /// Adds items, or replaces what is known of them. Models that can score an item from its fields recommend new ones at
    /// once; others leave them out of answers, though filters and events know them. The age of a new item
    /// counts from its `CREATION_TIMESTAMP` where that is given, else from the newest event (Amazon's rule); a field that is not
    /// given stays missing. Each call works through the whole catalogue: put many items at once.
    ///
    /// # Errors
    /// [`CampaignError`] when an id is empty, a field is not in the schema of the items or of another type, or the log
    /// cannot be written.
    pub fn put_items(&self, put: &[PutItem]) -> Result<(), CampaignError> {
        let writer = &mut *self.writer();
        let newest = self.newest.load(Ordering::Relaxed);
        let logged = put.iter().map(|item| LoggedItem {
            item_id: item.item_id.clone(),
            properties: item.properties.clone(),
            created_at: newest,
        });
        let logged: Vec<LoggedItem> = logged.collect();
        let next = self.with_items(&logged)?;
        log(writer, || Operation::Items(logged))?;
        self.catalogue.store(Arc::new(next));
        Ok(())
    }

    fn with_items(&self, put: &[LoggedItem]) -> Result<Catalogue, CampaignError> {
        let catalogue = self.catalogue.load();
        let mut items = (*catalogue.items).clone();
        let mut table = catalogue.table.as_deref().cloned().unwrap_or_default();
        if table.len() < items.len() {
            // Without a schema there are no fields, but models count rows.
            table
                .set_row(items.len() as u32 - 1, &FieldValues::new())
                .map_err(fields::of("items", ""))?;
        }
        let mut created_at = BTreeMap::new();
        for item in put {
            if item.item_id.is_empty() {
                return Err(CampaignError::EmptyItemId);
            }
            let whose = |source| fields::of("item", &item.item_id)(source);
            let properties = fields::normalised(Some(&table), &item.properties).map_err(whose)?;
            let known = items.len();
            let id = items.insert(&item.item_id);
            table.set_row(id, &properties).map_err(whose)?;
            let given = properties.get(CREATION_TIMESTAMP);
            let given = given.and_then(ensue_data::FieldValue::number).map(|time| time as i64);
            if let Some(time) = given.or((id as usize >= known).then_some(item.created_at)) {
                created_at.insert(id, time);
            }
        }
        Ok(catalogue.with_items(&self.version, items, table, &created_at)?)
    }

    /// Adds users, or replaces what is known of them, for models and filters that look at fields of users.
    ///
    /// # Errors
    /// [`CampaignError`] when an id is empty or too long, a field is not in the schema of the users or of another type, or
    /// the log cannot be written.
    pub fn put_users(&self, put: &[PutUser]) -> Result<(), CampaignError> {
        let fields = self.checked_users(put)?;
        let writer = &mut *self.writer();
        log(writer, || Operation::Users(put.to_vec()))?;
        self.set_fields(put, fields);
        Ok(())
    }

    fn checked_users(&self, put: &[PutUser]) -> Result<Vec<FieldValues>, CampaignError> {
        let fields = put.iter().map(|user| {
            check_user_id(&user.user_id)?;
            fields::normalised(self.version.user_table(), &user.properties)
                .map_err(fields::of("user", &user.user_id))
        });
        fields.collect()
    }

    fn set_fields(&self, put: &[PutUser], fields: Vec<FieldValues>) {
        for (user, fields) in put.iter().zip(fields) {
            let mut live = self.live_user(&user.user_id);
            live.anonymous = false;
            live.fields = Some(Arc::new(fields));
            // What a model keeps of a history may have read the fields as well.
            live.drop_memory();
            self.set(&user.user_id, live);
        }
    }

    /// Carries out a line of the log again.
    pub(super) fn redo(&self, operation: Operation) -> Result<(), CampaignError> {
        let writer = &mut *self.writer();
        match operation {
            Operation::Event(put) => {
                let event = Incoming::one(&put);
                event.check()?;
                self.take_in(writer, &event);
            }
            Operation::Events(put) => {
                for event in self.checked(&put)? {
                    self.take_in(writer, &event);
                }
            }
            Operation::Items(items) => self.catalogue.store(Arc::new(self.with_items(&items)?)),
            Operation::Users(put) => {
                let fields = self.checked_users(&put)?;
                self.set_fields(&put, fields);
            }
            Operation::Filter { name, expression } => {
                let next = self.with_filter(&name, &expression)?;
                self.catalogue.store(Arc::new(next));
            }
            Operation::DeleteFilter { name } => {
                let next = self.without_filter(&name)?;
                self.catalogue.store(Arc::new(next));
            }
            Operation::Delete { user } => self.forget_again(writer, &user),
        }
        Ok(())
    }

    /// The user as they are now, to be changed and [`Campaign::set`].
    pub(super) fn live_user(&self, user_id: &str) -> LiveUser {
        if let Some(live) = self.users.pin().get(user_id) {
            return LiveUser::clone(live);
        }
        let known = self.version.users().encode(user_id);
        let history = known.map(|user| self.version.histories().user(user).to_owned());
        let memory = known.and_then(|user| self.remembered.pin().get(&user).cloned());
        LiveUser::new(known, history.unwrap_or_default()).remembering(memory)
    }

    pub(super) fn set(&self, user_id: &str, live: LiveUser) {
        if let Some(user) = live.known {
            self.remembered.pin().remove(&user);
        }
        self.users.pin().insert(user_id.into(), Arc::new(live));
    }

    fn take_in(&self, writer: &mut Writer, event: &Incoming<'_>) -> EventOutcome {
        let outcome = self.learn(writer, event);
        writer.counts.add(outcome);
        outcome
    }

    fn learn(&self, writer: &mut Writer, event: &Incoming<'_>) -> EventOutcome {
        let user_id: Cow<'_, str> = match (event.user_id, event.session_id) {
            (Some(user_id), session_id) => {
                if let Some(session_id) = session_id {
                    self.join(writer, session_id, user_id);
                }
                user_id.into()
            }
            (None, Some(session_id)) => match writer.joined.get(session_id) {
                Some(user_id) => user_id.to_string().into(),
                None => session_id.into(),
            },
            (None, None) => return EventOutcome::UnknownItem,
        };
        let selected = self.selects(event);
        let item = self.catalogue.load().items.encode(event.item_id);
        let Some(item) = item else {
            return if selected { EventOutcome::UnknownItem } else { EventOutcome::NotSelected };
        };
        let fresh = self.users.pin().get(&*user_id).is_none();
        let mut live = self.live_user(&user_id);
        live.anonymous |= fresh && event.user_id.is_none() && live.known.is_none();

        let histories = self.version.histories();
        let code = event.event_type.and_then(|event_type| self.type_code(event_type));
        let context = self.context(writer, &mut live, event.properties);
        let value = event.event_value.filter(|value| !value.is_nan());
        let timestamp = event.timestamp;
        let full = Event { event_type: code, value, context, ..Event::new(item, timestamp) };
        if live.seen_by_filters().contains(&full) {
            return EventOutcome::Duplicate;
        }
        let modelled = self.catalogue.load().modelled(item);
        let session = (histories.has_sessions() && selected && modelled)
            .then(|| live.session(event.session_id, timestamp));
        let full = Event { session, ..full };
        // Columns the model was not trained with are left out, so that a history looks as in training.
        let types = histories.event_type_names().len();
        let version_rows = self.version.context_table().map_or(0, MetadataTable::len);
        let for_model = Event {
            event_type: code
                .filter(|&code| histories.has_event_types() && usize::from(code) < types),
            value: value.filter(|_| histories.has_values()),
            context: context
                .filter(|&row| histories.has_contexts() && (row as usize) < version_rows),
            ..full
        };
        live.push((selected && modelled).then_some(for_model), full);
        self.set(&user_id, live);
        self.newest.fetch_max(timestamp, Ordering::Relaxed);
        if let Some(ages) = &self.catalogue.load().ages {
            ages.count(item);
        }
        match (selected, modelled) {
            (false, _) => EventOutcome::NotSelected,
            (true, false) => EventOutcome::UnknownItem,
            (true, true) => EventOutcome::Learned,
        }
    }

    /// Moves what happened in a session before its user was known into that user's history, once.
    fn join(&self, writer: &mut Writer, session_id: &str, user_id: &str) {
        let before = writer.joined.insert(session_id.into(), user_id.into());
        if before.is_some() || session_id == user_id {
            return;
        }
        let users = self.users.pin();
        let Some(session) = users.get(session_id).filter(|live| live.anonymous) else { return };
        let mut live = self.live_user(user_id);
        let rows = self.version.context_table().map_or(0, MetadataTable::len);
        // Numbers of sessions and of contexts are the user's own.
        let number = session.events.last().and_then(|event| {
            event.session.map(|_| live.session(Some(session_id), event.timestamp))
        });
        let mut own = |event: Event| {
            let context = event.context.map(|row| {
                let context =
                    (row as usize).checked_sub(rows).and_then(|at| session.contexts.get(at));
                context.map_or(row, |context| live.own_context(rows, context))
            });
            Event { session: event.session.and(number), context, ..event }
        };
        let events: Vec<Event> = session.events.history().events().map(&mut own).collect();
        let all: Option<Vec<Event>> =
            session.all.as_ref().map(|all| all.history().events().map(&mut own).collect());
        live.push_all(&events, all.as_deref());
        self.set(user_id, live);
        users.remove(session_id);
    }

    /// Code of an event type; a new one gets the next, as long as there are any.
    fn type_code(&self, event_type: &str) -> Option<u8> {
        let catalogue = self.catalogue.load();
        let names = &catalogue.event_types;
        if let Some(code) = names.iter().position(|name| name == event_type) {
            return Some(code as u8);
        }
        if names.len() >= MAX_EVENT_TYPES {
            return None;
        }
        let mut next = Catalogue::clone(&catalogue);
        Arc::make_mut(&mut next.event_types).push(event_type.to_owned());
        // A filter that fits some event types fits more of them.
        next.compile_all(&self.version).ok()?;
        self.catalogue.store(Arc::new(next));
        Some(names.len() as u8)
    }

    /// Row of an event's context: one of the version, or one of the user's own.
    fn context(
        &self,
        writer: &mut Writer,
        live: &mut LiveUser,
        properties: Option<&FieldValues>,
    ) -> Option<u32> {
        let properties = properties.filter(|properties| !properties.is_empty())?;
        let table = self.version.context_table()?;
        let context = fields::normalised(Some(table), properties).ok()?;
        let known = writer.contexts.get_or_insert_with(|| {
            let rows = 0..table.len() as u32;
            rows.rev().map(|row| (key(&table.row(row)), row)).collect()
        });
        let row = known.get(&key(&context)).copied();
        Some(row.unwrap_or_else(|| live.own_context(table.len(), &context)))
    }

    /// Whether the solution would have trained on such an event.
    fn selects(&self, put: &Incoming<'_>) -> bool {
        let solution = self.version.solution();
        let typed = match (solution.event_type.as_deref(), put.event_type) {
            (Some(wanted), given) => Some(wanted) == given,
            // A type that training never saw, or that the import left out, must not pass for another.
            (None, Some(given)) => {
                let known = self.version.histories().event_type_names();
                known.is_empty() || known.iter().any(|name| name == given)
            }
            (None, None) => true,
        };
        let valued = solution
            .event_value_threshold
            .is_none_or(|threshold| put.event_value.is_some_and(|value| value >= threshold));
        typed && valued
    }
}

/// What tells a context from others.
fn key(context: &FieldValues) -> String {
    serde_json::to_string(context).unwrap_or_default()
}

/// Writes a change to the log, where there is one.
pub(super) fn log(
    writer: &mut Writer,
    operation: impl FnOnce() -> Operation,
) -> Result<(), CampaignError> {
    if let Some(log) = &mut writer.log {
        log.append(&operation())?;
    }
    Ok(())
}
