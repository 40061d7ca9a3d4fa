//! The Interactions file to encoded rows.

use std::collections::HashMap;

use ensue_core::interactions::NO_EVENT_TYPE;
use ensue_core::{Event, InteractionsBuilder, Run};

use super::{ImportRules, Source, Table};
use crate::error::{DataError, Rule};
use crate::read::Block;
use crate::read::cells::{self, Cell, Fault, Faults};
use crate::schema::{DatasetType, EVENT_TYPE, EVENT_VALUE, ITEM_ID, Schema, TIMESTAMP, USER_ID};
use crate::table::{self, ColumnBuilder, MetadataTable};
use crate::vocabulary::Vocabulary;

/// Timestamps above this are later than the year 5138, or milliseconds.
const LIKELY_MILLISECONDS: i64 = 100_000_000_000;

/// Encoded rows before they are ordered: other files may still add ids.
pub(super) struct Draft {
    pub(super) users: Vocabulary,
    pub(super) items: Vocabulary,
    pub(super) builder: InteractionsBuilder,
    pub(super) contexts: Option<MetadataTable>,
    pub(super) warnings: Vec<String>,
}

pub(super) fn import(source: &Source, rules: &ImportRules, run: &Run) -> Result<Draft, DataError> {
    let mut table = Table::open(source, DatasetType::Interactions, rules)?;
    let mut warnings = std::mem::take(&mut table.warnings);
    let columns = Columns::of(&table.schema, rules);
    let contexts = Contexts::new(&table.schema, &columns.rest);
    warnings.extend(contexts.unused(&table.schema));
    let mut encoder = Encoder::new(rules, columns, contexts);
    table.each_block(run, |schema, block, faults| encoder.take(schema, block, faults))?;
    warnings.extend(encoder.milliseconds.map(|row| {
        format!(
            "row {row}: {TIMESTAMP} counts seconds, but a value above {LIKELY_MILLISECONDS} looks like \
             milliseconds"
        )
    }));
    let Encoder { users, items, event_types, builder, contexts, .. } = encoder;
    let names = event_types.iter().map(str::to_owned).collect();
    let contexts = contexts.finish(&table.schema);
    Ok(Draft { users, items, builder: builder.event_type_names(names), contexts, warnings })
}

/// Where the columns stand in the schema.
struct Columns {
    user: usize,
    item: usize,
    timestamp: usize,
    event_type: Option<usize>,
    value: Option<usize>,
    session: Option<usize>,
    /// Columns that describe the moment, or are only checked.
    rest: Vec<usize>,
}

impl Columns {
    fn of(schema: &Schema, rules: &ImportRules) -> Self {
        let find = |name: &str| schema.fields.iter().position(|field| field.name == name);
        let required = |name| find(name).expect("the schema was checked");
        let (user, item, timestamp) = (required(USER_ID), required(ITEM_ID), required(TIMESTAMP));
        let (event_type, value) = (find(EVENT_TYPE), find(EVENT_VALUE));
        let session = rules.session_column.as_deref().and_then(find);
        let used = [Some(user), Some(item), Some(timestamp), event_type, value, session];
        let rest = (0..schema.fields.len()).filter(|at| !used.contains(&Some(*at))).collect();
        Self { user, item, timestamp, event_type, value, session, rest }
    }
}

/// What describes the moments of events; equal rows are one context.
struct Contexts {
    /// Place in the schema, and values of all rows.
    columns: Vec<(usize, ColumnBuilder)>,
    /// Number of each row's context.
    ids: Vec<u32>,
    numbers: HashMap<Vec<u8>, u32>,
}

impl Contexts {
    fn new(schema: &Schema, columns: &[usize]) -> Self {
        let builder = |&at: &usize| (at, ColumnBuilder::new(&schema.fields[at]));
        let columns = columns.iter().map(builder).collect();
        Self { columns, ids: Vec::new(), numbers: HashMap::new() }
    }

    fn unused(&self, schema: &Schema) -> Option<String> {
        let unused = self.columns.iter().filter(|(_, builder)| !builder.is_used());
        let names: Vec<_> = unused.map(|&(at, _)| schema.fields[at].name.as_str()).collect();
        (!names.is_empty())
            .then(|| format!("columns of Interactions checked but not kept: {}", names.join(", ")))
    }

    /// Whether any column is kept.
    fn any(&self) -> bool {
        self.columns.iter().any(|(_, builder)| builder.is_used())
    }

    fn take(&mut self, schema: &Schema, block: &Block, faults: &mut Faults) {
        for (at, builder) in &mut self.columns {
            builder.append(&schema.fields[*at], *at, block.column(*at), faults);
        }
        if !self.any() || !faults.is_empty() {
            return;
        }
        let mut key = Vec::new();
        for row in self.ids.len()..self.ids.len() + block.len() {
            key.clear();
            self.columns.iter().for_each(|(_, builder)| builder.key(row, &mut key));
            let next = self.numbers.len() as u32;
            let number = match self.numbers.get(&key) {
                Some(&number) => number,
                None => *self.numbers.entry(key.clone()).or_insert(next),
            };
            self.ids.push(number);
        }
    }

    /// Contexts of the last `rows` rows; empty without any.
    fn last(&self, rows: usize) -> &[u32] {
        if self.any() { &self.ids[self.ids.len() - rows..] } else { &[] }
    }

    fn finish(self, schema: &Schema) -> Option<MetadataTable> {
        self.any().then(|| {
            let name = |at: usize| schema.fields[at].name.clone();
            let columns = self.columns.into_iter().map(|(at, builder)| (name(at), builder));
            table::table(columns.collect(), &self.ids, self.numbers.len()).0
        })
    }
}

struct Encoder<'a> {
    rules: &'a ImportRules,
    columns: Columns,
    contexts: Contexts,
    users: Vocabulary,
    items: Vocabulary,
    sessions: Vocabulary,
    event_types: Vocabulary,
    builder: InteractionsBuilder,
    /// The first row whose timestamp looks like milliseconds.
    milliseconds: Option<u64>,
    block: Encoded,
}

/// The columns of one block as numbers; kept for their memory.
#[derive(Default)]
struct Encoded {
    timestamps: Vec<i64>,
    event_types: Vec<u8>,
    values: Vec<f32>,
    keep: Vec<bool>,
    // The following have entries for rows that are kept only.
    users: Vec<u32>,
    items: Vec<u32>,
    sessions: Vec<u32>,
}

impl<'a> Encoder<'a> {
    fn new(rules: &'a ImportRules, columns: Columns, contexts: Contexts) -> Self {
        Self {
            rules,
            columns,
            contexts,
            users: Vocabulary::new(),
            items: Vocabulary::new(),
            sessions: Vocabulary::new(),
            event_types: Vocabulary::new(),
            builder: InteractionsBuilder::new(),
            milliseconds: None,
            block: Encoded::default(),
        }
    }

    /// Checks and encodes a block column by column, then adds its rows.
    fn take(&mut self, schema: &Schema, block: &Block, faults: &mut Faults) {
        self.block.clear(block.len());
        self.timestamps(block, faults);
        self.event_types(block, faults);
        self.values(schema, block, faults);
        let Self { columns, users, items, sessions, block: encoded, .. } = self;
        let Encoded { keep, users: user_ids, items: item_ids, sessions: session_ids, .. } = encoded;
        ids(columns.user, block, keep, users, user_ids, faults);
        ids(columns.item, block, keep, items, item_ids, faults);
        if let Some(session) = columns.session {
            ids(session, block, keep, sessions, session_ids, faults);
        }
        self.contexts.take(schema, block, faults);
        if faults.is_empty() {
            self.push();
        }
    }

    fn timestamps(&mut self, block: &Block, faults: &mut Faults) {
        let (at, timestamps) = (self.columns.timestamp, &mut self.block.timestamps);
        let mut milliseconds = None;
        faults.walk(at, block.column(at), |cell| {
            let seconds = required(cell)?.timestamp()?;
            if seconds > LIKELY_MILLISECONDS && milliseconds.is_none() {
                milliseconds = Some(timestamps.len());
            }
            timestamps.push(seconds);
            Ok(())
        });
        self.milliseconds = self.milliseconds.or(milliseconds.map(|index| block.row(index)));
    }

    fn event_types(&mut self, block: &Block, faults: &mut Faults) {
        let Some(at) = self.columns.event_type else { return };
        let (wanted, names) = (self.rules.event_type.as_deref(), &mut self.event_types);
        let Encoded { event_types: codes, keep, .. } = &mut self.block;
        faults.walk(at, block.column(at), |cell| {
            let name = required(cell)?.text(cells::MAX_ID)?;
            if wanted.is_some_and(|wanted| wanted != name) {
                keep[codes.len()] = false;
                codes.push(NO_EVENT_TYPE);
                return Ok(());
            }
            let code = cells::encode(names, name)?;
            if code >= u32::from(NO_EVENT_TYPE) {
                return Err(Rule::TooManyEventTypes(NO_EVENT_TYPE.into()));
            }
            codes.push(code as u8);
            Ok(())
        });
    }

    fn values(&mut self, schema: &Schema, block: &Block, faults: &mut Faults) {
        let Some(at) = self.columns.value else { return };
        let (threshold, field) = (self.rules.event_value_threshold, &schema.fields[at]);
        let Encoded { values, keep, .. } = &mut self.block;
        faults.walk(at, block.column(at), |cell| {
            let cell = cell.or_null(field.nullable)?;
            let value = cell.map_or(Ok(f32::NAN), |cell| cell.number(field.kind))?;
            if threshold.is_some_and(|threshold| value.is_nan() || value < threshold) {
                keep[values.len()] = false;
            }
            values.push(value);
            Ok(())
        });
    }

    fn push(&mut self) {
        let Encoded { timestamps, event_types, values, keep, users, items, sessions } = &self.block;
        let rows = (0..keep.len()).filter(|&row| keep[row]);
        let contexts = self.contexts.last(keep.len());
        for (kept, row) in rows.enumerate() {
            let event = Event {
                item: items[kept],
                timestamp: timestamps[row],
                event_type: event_types.get(row).copied(),
                value: values.get(row).copied(),
                session: sessions.get(kept).copied(),
                context: contexts.get(row).copied(),
            };
            self.builder.push(users[kept], event);
        }
    }
}

impl Encoded {
    fn clear(&mut self, rows: usize) {
        let Self { timestamps, event_types, values, keep, users, items, sessions } = self;
        timestamps.clear();
        event_types.clear();
        values.clear();
        users.clear();
        items.clear();
        sessions.clear();
        keep.clear();
        keep.resize(rows, true);
    }
}

/// Encodes a column of ids; rows that are not kept are checked but leave no trace in the vocabulary.
fn ids(
    at: usize,
    block: &Block,
    keep: &[bool],
    vocabulary: &mut Vocabulary,
    codes: &mut Vec<u32>,
    faults: &mut Faults,
) {
    let mut kept = keep.iter();
    let mut texts = Vec::with_capacity(keep.len());
    faults.walk(at, block.column(at), |cell| {
        let kept = kept.next().copied().unwrap_or_default();
        match required(cell)? {
            // Sessions may be numbered.
            Cell::Whole(_) if !kept => {}
            Cell::Whole(number) => codes.push(cells::encode(vocabulary, &number.to_string())?),
            cell => texts.extend(Some(cell.text(cells::MAX_ID)?).filter(|_| kept)),
        }
        Ok(())
    });
    if let Some((position, rule)) = cells::encode_all(vocabulary, &texts, codes) {
        let mut rows = (0..keep.len()).filter(|&row| keep[row]);
        let index = rows.nth(position).expect("each text is that of a row kept");
        faults.add(Fault { index, column: at, value: texts[position].to_owned(), rule });
    }
}

fn required(cell: Cell<'_>) -> Result<Cell<'_>, Rule> {
    if cell == Cell::Missing { Err(Rule::Empty) } else { Ok(cell) }
}
