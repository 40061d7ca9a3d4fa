//! What a campaign recommends from, as of one moment: replaced as a whole when it changes.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use ensue_data::{MetadataTable, Vocabulary, creation_timestamps};

use crate::{
    Recommend, SolutionVersion,
    filter::{CompiledFilter, Filter, FilterError, FilterTables},
};

/// Items, what is known of them, the models over them and the filters made ready for them.
#[derive(Debug, Clone)]
pub(super) struct Catalogue {
    pub(super) items: Arc<Vocabulary>,
    pub(super) table: Option<Arc<MetadataTable>>,
    pub(super) model: Arc<dyn Recommend>,
    pub(super) popular: Arc<dyn Recommend>,
    /// Names of the event types, those of the version first.
    pub(super) event_types: Arc<Vec<String>>,
    pub(super) filters: BTreeMap<String, Arc<NamedFilter>>,
    /// What exploration needs; nothing where it is off.
    pub(super) ages: Option<Arc<Ages>>,
}

/// A filter and its form for this catalogue.
#[derive(Debug)]
pub(super) struct NamedFilter {
    pub(super) filter: Filter,
    pub(super) compiled: CompiledFilter,
}

/// When items came to be, and how many events they have.
#[derive(Debug)]
pub(super) struct Ages {
    pub(super) created_at: Vec<i64>,
    events: Vec<AtomicU32>,
}

impl Ages {
    pub(super) fn events(&self, item: u32) -> u32 {
        self.events.get(item as usize).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// Counts events of an item; only the one writer calls it.
    pub(super) fn count(&self, item: u32) {
        if let Some(count) = self.events.get(item as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn uncount(&self, item: u32) {
        if let Some(count) = self.events.get(item as usize) {
            count.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Catalogue {
    /// The catalogue of a version.
    pub(super) fn of(version: &SolutionVersion, explores: bool) -> Self {
        let parts = version.parts();
        let ages = explores.then(|| {
            let created_at = creation_timestamps(&parts.histories, version.item_table());
            let events = parts.histories.item_counts().into_iter().map(AtomicU32::new).collect();
            Arc::new(Ages { created_at, events })
        });
        Self {
            items: Arc::clone(&parts.items),
            table: parts.tables.items.clone(),
            model: Arc::clone(&parts.model),
            popular: Arc::new(parts.popular.clone()),
            event_types: Arc::new(parts.histories.event_type_names().to_vec()),
            filters: BTreeMap::new(),
            ages,
        }
    }

    /// Whether the model knows an item.
    pub(super) fn modelled(&self, item: u32) -> bool {
        (item as usize) < self.model.n_items()
    }

    /// Makes a filter ready.
    pub(super) fn compile(
        &self,
        filter: Filter,
        version: &SolutionVersion,
    ) -> Result<Arc<NamedFilter>, FilterError> {
        let ids = |id: &str| self.items.encode(id);
        let tables = FilterTables {
            items: self.table.as_deref(),
            users: version.user_table(),
            contexts: version.context_table(),
            event_type_names: &self.event_types,
            // Events of a campaign may have values where those of the version have none.
            has_event_values: true,
            ..FilterTables::new(self.items.len(), &ids)
        };
        let compiled = filter.compile(&tables)?;
        Ok(Arc::new(NamedFilter { filter, compiled }))
    }

    /// Makes all filters ready again.
    pub(super) fn compile_all(&mut self, version: &SolutionVersion) -> Result<(), FilterError> {
        for name in self.filters.keys().cloned().collect::<Vec<_>>() {
            let ready = self.compile(self.filters[&name].filter.clone(), version)?;
            self.filters.insert(name, ready);
        }
        Ok(())
    }

    /// The catalogue with other items: `created_at` holds the times of the items that are new.
    pub(super) fn with_items(
        &self,
        version: &SolutionVersion,
        items: Vocabulary,
        table: MetadataTable,
        created_at: &BTreeMap<u32, i64>,
    ) -> Result<Self, FilterError> {
        let parts = version.parts();
        let ages = self.ages.as_ref().map(|ages| {
            let mut times = ages.created_at.clone();
            times.resize(items.len(), 0);
            for (&item, &time) in created_at {
                times[item as usize] = time;
            }
            let counts = (0..items.len() as u32).map(|item| AtomicU32::new(ages.events(item)));
            Arc::new(Ages { created_at: times, events: counts.collect() })
        });
        let mut next = Self {
            model: parts.model.with_items(&table).unwrap_or_else(|| Arc::clone(&parts.model)),
            popular: parts.popular.with_items(&table).unwrap_or_else(|| Arc::clone(&self.popular)),
            items: Arc::new(items),
            table: Some(Arc::new(table)),
            ages,
            ..self.clone()
        };
        next.compile_all(version)?;
        Ok(next)
    }
}
