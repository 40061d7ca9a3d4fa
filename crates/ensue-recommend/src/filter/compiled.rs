//! Filters made ready for the data that they filter.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

use ensue_core::{Bitmap, History};
use ensue_data::{FieldValues, MetadataTable};

use super::events::{self, EventTest};
use super::fields::{self, Kind};
use super::items::{ItemColumn, ItemTest};
use super::operands::FieldTest;
use super::syntax::{Action, Condition, Dataset, Rule, Target};
use super::values::{Demand, Given};
use super::{Filter, FilterError, ItemIds};

/// What is known of the data that a filter is made ready for.
#[derive(Clone, Copy)]
pub struct FilterTables<'a> {
    /// Size of the catalogue.
    pub n_items: usize,
    /// Dense ids of item ids.
    pub item_ids: &'a ItemIds<'a>,
    /// Metadata of the items.
    pub items: Option<&'a MetadataTable>,
    /// Metadata of the users: its columns say what `CurrentUser` has.
    pub users: Option<&'a MetadataTable>,
    /// Contexts of the events: its columns say what `Interactions` has beside its own fields.
    pub contexts: Option<&'a MetadataTable>,
    /// Names of the event types, by code.
    pub event_type_names: &'a [String],
    /// Whether events have values.
    pub has_event_values: bool,
}

impl<'a> FilterTables<'a> {
    /// A catalogue without metadata, and events without types and values.
    pub fn new(n_items: usize, item_ids: &'a ItemIds<'a>) -> Self {
        Self {
            n_items,
            item_ids,
            items: None,
            users: None,
            contexts: None,
            event_type_names: &[],
            has_event_values: false,
        }
    }
}

impl fmt::Debug for FilterTables<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FilterTables").field("n_items", &self.n_items).finish_non_exhaustive()
    }
}

/// The user whom an answer is for.
#[derive(Debug, Clone, Copy, Default)]
pub struct FilterUser<'a> {
    /// What is known of the user, for `CurrentUser`. Fields by the names of the schema.
    pub fields: Option<&'a FieldValues>,
    /// The user's events, oldest first.
    pub history: History<'a>,
    /// The table that the history's contexts are rows of.
    pub contexts: Option<&'a MetadataTable>,
}

/// A [`Filter`] made ready for one state of the data by [`Filter::compile`].
///
/// It owns what it needs: conditions on items without placeholders are sets already, fields with placeholders are kept as
/// lists of items by category, or as columns. It is for one size of the catalogue; compile again when items or their
/// metadata change.
#[derive(Debug, Clone)]
pub struct CompiledFilter {
    n_items: usize,
    event_type_names: Vec<String>,
    placeholders: Vec<String>,
    demands: Vec<Demand>,
    rules: Vec<CompiledRule>,
}

#[derive(Debug, Clone)]
struct CompiledRule {
    action: Action,
    only_if: Vec<UserTest>,
    matches: Matches,
}

/// A condition on a field of the current user.
#[derive(Debug, Clone)]
struct UserTest {
    field: String,
    test: FieldTest,
}

#[derive(Debug, Clone)]
enum Matches {
    /// The items that groups without placeholders give, and the other groups.
    Items(Bitmap, Vec<ItemGroup>),
    Events(Vec<Vec<EventTest>>),
}

/// Conditions joined by `AND`: the items for which those without placeholders hold, all where `None`, and the others.
#[derive(Debug, Clone)]
struct ItemGroup {
    fixed: Option<Bitmap>,
    tests: Vec<ItemTest>,
}

impl Filter {
    /// Makes the filter ready for data: finds its fields, holds values against their types, and works out all that does
    /// not depend on a query.
    ///
    /// # Errors
    /// [`FilterError::SelectsUsers`] for rules of `UserID`, [`FilterError::UnknownField`] and [`FilterError::Type`] where the
    /// expression does not fit the data.
    pub fn compile(&self, tables: &FilterTables<'_>) -> Result<CompiledFilter, FilterError> {
        let placeholders: Vec<String> = self.placeholders().map(str::to_owned).collect();
        let mut compiler = Compiler {
            tables,
            placeholders: &placeholders,
            demands: Vec::new(),
            columns: HashMap::new(),
        };
        let rules = self.expression().rules.iter();
        let rules = rules.map(|rule| compiler.rule(rule)).collect::<Result<_, _>>()?;
        Ok(CompiledFilter {
            n_items: tables.n_items,
            event_type_names: tables.event_type_names.to_vec(),
            demands: compiler.demands,
            rules,
            placeholders,
        })
    }
}

struct Compiler<'a> {
    tables: &'a FilterTables<'a>,
    placeholders: &'a [String],
    demands: Vec<Demand>,
    /// Fields of items that were made ready, by name.
    columns: HashMap<&'a str, ItemColumn>,
}

impl<'a> Compiler<'a> {
    fn rule(&mut self, rule: &Rule) -> Result<CompiledRule, FilterError> {
        if rule.target == Target::User {
            return Err(FilterError::SelectsUsers);
        }
        let first = rule.any_of.iter().flatten().next();
        let events = first.is_some_and(|first| first.field.dataset == Dataset::Interactions);
        let matches = if events {
            let fields = fields::of_events(self.tables);
            let group = |group: &Vec<Condition>| {
                group.iter().map(|condition| self.event_test(condition, &fields)).collect()
            };
            Matches::Events(rule.any_of.iter().map(group).collect::<Result<_, _>>()?)
        } else {
            self.item_groups(&rule.any_of)?
        };
        let users = fields::columns(self.tables.users);
        let only_if = rule.only_if.iter().map(|condition| {
            let (field, kind) = fields::find(&condition.field, &users)?;
            Ok(UserTest { field: field.to_owned(), test: self.test(condition, kind)? })
        });
        let only_if = only_if.collect::<Result<_, FilterError>>()?;
        Ok(CompiledRule { action: rule.action, only_if, matches })
    }

    fn test(&mut self, condition: &Condition, kind: Kind) -> Result<FieldTest, FilterError> {
        fields::test(condition, kind, self.placeholders, &mut self.demands)
    }

    fn event_test(
        &mut self,
        condition: &Condition,
        fields: &[(&str, Kind)],
    ) -> Result<EventTest, FilterError> {
        let (field, kind) = fields::find(&condition.field, fields)?;
        Ok(match (field, self.test(condition, kind)?) {
            ("EVENT_TYPE", FieldTest::Texts(test)) => {
                if self.tables.event_type_names.is_empty() && !test.literals.is_empty() {
                    let rule = "the data have no event types, so that * alone can stand for them";
                    return Err(FilterError::Type {
                        field: condition.field.to_string(),
                        holds: "nothing",
                        rule: rule.to_owned(),
                    });
                }
                EventTest::Type(test)
            }
            ("EVENT_VALUE", FieldTest::Numbers(test)) => EventTest::Value(test),
            ("TIMESTAMP", FieldTest::Numbers(test)) => EventTest::Time(test),
            (field, test) => EventTest::Context { field: field.to_owned(), test },
        })
    }

    fn item_groups(&mut self, any_of: &[Vec<Condition>]) -> Result<Matches, FilterError> {
        let n_items = self.tables.n_items;
        let (mut matches, mut groups) = (Bitmap::zeros(n_items), Vec::new());
        for conditions in any_of {
            let mut group = ItemGroup { fixed: None, tests: Vec::new() };
            for condition in conditions {
                let test = self.item_test(condition)?;
                if test.test.is_fixed() {
                    let set = test.matches(n_items, &Given::default(), self.tables.item_ids);
                    match &mut group.fixed {
                        Some(fixed) => *fixed &= &set,
                        fixed => *fixed = Some(set),
                    }
                } else {
                    group.tests.push(test);
                }
            }
            match group {
                ItemGroup { fixed: Some(fixed), tests } if tests.is_empty() => matches |= &fixed,
                group => groups.push(group),
            }
        }
        Ok(Matches::Items(matches, groups))
    }

    fn item_test(&mut self, condition: &Condition) -> Result<ItemTest, FilterError> {
        let tables: &'a FilterTables<'a> = self.tables;
        let (field, kind) = fields::find(&condition.field, &fields::of_items(tables))?;
        let test = self.test(condition, kind)?;
        let column = self.columns.entry(field).or_insert_with(|| {
            let column = tables.items.filter(|_| kind != Kind::Id);
            let column = column.and_then(|items| items.column(field));
            let column = column.and_then(|column| ItemColumn::new(column, tables.n_items));
            column.unwrap_or(ItemColumn::Id)
        });
        Ok(ItemTest { column: column.clone(), test })
    }
}

impl CompiledFilter {
    /// Size of the catalogue that it is for.
    pub fn n_items(&self) -> usize {
        self.n_items
    }

    /// Whether answers depend on [`FilterUser::fields`].
    pub fn uses_fields(&self) -> bool {
        self.rules.iter().any(|rule| !rule.only_if.is_empty())
    }

    /// Whether answers depend on [`FilterUser::history`].
    pub fn uses_history(&self) -> bool {
        self.rules.iter().any(|rule| matches!(rule.matches, Matches::Events(_)))
    }

    /// The items that a user may be recommended; all of them where `None`.
    ///
    /// `values` gives each placeholder its value: one value as it is, or one or several as JSON strings separated by commas,
    /// as Amazon's `filterValues` have it (`"drama","comedy"`). `item_ids` is asked for dense ids of values of `Items.ITEM_ID`.
    ///
    /// # Errors
    /// [`FilterError::MissingValue`], [`FilterError::UnusedValue`] and [`FilterError::Value`] where the values are not those that
    /// the filter asks for; they do not depend on the user.
    pub fn allowed(
        &self,
        user: &FilterUser<'_>,
        values: &BTreeMap<String, String>,
        item_ids: &ItemIds<'_>,
    ) -> Result<Option<Bitmap>, FilterError> {
        let given = Given::read(&self.placeholders, values, &self.demands)?;
        let (mut included, mut excluded) = (None, None);
        for rule in self.rules.iter().filter(|rule| rule.applies(user, &given)) {
            let matches = self.matches(&rule.matches, user, &given, item_ids);
            let side: &mut Option<Bitmap> = match rule.action {
                Action::Include => &mut included,
                Action::Exclude => &mut excluded,
            };
            match side {
                Some(side) => *side |= &matches,
                side => *side = Some(matches.into_owned()),
            }
        }
        Ok(match (included, excluded) {
            (Some(mut included), Some(excluded)) => {
                included -= &excluded;
                Some(included)
            }
            (None, Some(mut others)) => {
                others.complement();
                Some(others)
            }
            (included, None) => included,
        })
    }

    fn matches<'a>(
        &self,
        matches: &'a Matches,
        user: &FilterUser<'_>,
        given: &Given,
        item_ids: &ItemIds<'_>,
    ) -> Cow<'a, Bitmap> {
        match matches {
            Matches::Items(fixed, groups) if groups.is_empty() => Cow::Borrowed(fixed),
            Matches::Items(fixed, groups) => {
                let mut any = fixed.clone();
                for group in groups {
                    let sets = group.tests.iter();
                    let sets = sets.map(|test| test.matches(self.n_items, given, item_ids));
                    let all = sets.reduce(|mut all, set| {
                        all &= &set;
                        all
                    });
                    match (all, &group.fixed) {
                        (Some(mut all), Some(fixed)) => {
                            all &= fixed;
                            any |= &all;
                        }
                        (Some(all), None) => any |= &all,
                        (None, Some(fixed)) => any |= fixed,
                        (None, None) => {}
                    }
                }
                Cow::Owned(any)
            }
            Matches::Events(groups) => Cow::Owned(events::matches(
                groups,
                self.n_items,
                &self.event_type_names,
                user,
                given,
            )),
        }
    }
}

impl CompiledRule {
    /// Whether all conditions after `IF` hold.
    fn applies(&self, user: &FilterUser<'_>, given: &Given) -> bool {
        self.only_if.iter().all(|UserTest { field, test }| {
            test.holds(user.fields.and_then(|fields| fields.get(field)), given)
        })
    }
}
