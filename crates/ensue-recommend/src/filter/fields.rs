//! Fields that an expression can name, and what may be asked of them.

use ensue_data::{MetadataColumn, MetadataTable};

use super::operands::{FieldTest, NumberTest, Operator, TextTest};
use super::syntax::{Comparison, Condition, FieldRef, Test, Value};
use super::values::{Demand, parse_number};
use super::{FilterError, FilterTables};

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Id,
    EventType,
    Categories,
    /// Numbers of 32 bits.
    Numbers,
    Timestamps,
    Booleans,
}

impl Kind {
    fn of(column: &MetadataColumn) -> Self {
        match column {
            MetadataColumn::Categorical(_) => Self::Categories,
            MetadataColumn::Timestamp(_) => Self::Timestamps,
            MetadataColumn::Boolean(_) => Self::Booleans,
            _ => Self::Numbers,
        }
    }

    fn describe(self) -> &'static str {
        match self {
            Self::Id => "ids",
            Self::EventType => "event types",
            Self::Categories => "categories",
            Self::Numbers => "numbers",
            Self::Timestamps => "timestamps",
            Self::Booleans => "booleans",
        }
    }
}

/// Names and kinds of the columns of a table.
pub(super) fn columns(table: Option<&MetadataTable>) -> Vec<(&str, Kind)> {
    let columns = table.into_iter().flat_map(MetadataTable::columns);
    columns.map(|(name, column)| (name, Kind::of(column))).collect()
}

/// Names and kinds of the fields of items.
pub(super) fn of_items<'a>(tables: &FilterTables<'a>) -> Vec<(&'a str, Kind)> {
    [("ITEM_ID", Kind::Id)].into_iter().chain(columns(tables.items)).collect()
}

/// Names and kinds of the fields of events.
pub(super) fn of_events<'a>(tables: &FilterTables<'a>) -> Vec<(&'a str, Kind)> {
    let mut fields = vec![("EVENT_TYPE", Kind::EventType), ("TIMESTAMP", Kind::Timestamps)];
    if tables.has_event_values {
        fields.push(("EVENT_VALUE", Kind::Numbers));
    }
    fields.extend(columns(tables.contexts));
    fields
}

/// The field that an expression names: the one of this very name, else the only one that differs in nothing but case.
pub(super) fn find<'a>(
    field: &FieldRef,
    fields: &[(&'a str, Kind)],
) -> Result<(&'a str, Kind), FilterError> {
    let alike = |wanted: &str| {
        let mut alike = fields.iter().filter(move |(name, _)| name.eq_ignore_ascii_case(wanted));
        alike.next().filter(|_| alike.next().is_none())
    };
    let exact = fields.iter().find(|(name, _)| *name == field.name);
    exact.or_else(|| alike(&field.name)).copied().ok_or_else(|| {
        let known: Vec<&str> = fields.iter().map(|&(name, _)| name).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        FilterError::UnknownField { field: field.to_string(), known }
    })
}

/// Turns what an expression asks of a field into a test, by what the field holds. Adds to `demands` what it asks of the
/// placeholders `names`.
pub(super) fn test(
    condition: &Condition,
    kind: Kind,
    names: &[String],
    demands: &mut Vec<Demand>,
) -> Result<FieldTest, FilterError> {
    let refused = |rule: String| FilterError::Type {
        field: condition.field.to_string(),
        holds: kind.describe(),
        rule,
    };
    let number = match kind {
        Kind::Booleans => {
            let rule = "booleans cannot be filtered on; a categorical field of \"True\" and \"False\" or one of 0 and 1 can";
            return Err(refused(rule.to_owned()));
        }
        Kind::Numbers | Kind::Timestamps => true,
        Kind::Id | Kind::EventType | Kind::Categories => false,
    };
    let operator = match &condition.test {
        Test::In(_) => Operator::In,
        Test::NotIn(_) => Operator::NotIn,
        Test::Compare(comparison, _) => Operator::Compare(*comparison),
    };
    let alone = matches!(operator, Operator::Compare(_));
    if let Operator::Compare(comparison) = operator
        && !number
        && comparison != Comparison::Equal
    {
        return Err(refused(format!("{comparison} compares numbers and timestamps only")));
    }
    let (mut texts, mut numbers, mut placeholders, mut any) = (vec![], vec![], vec![], false);
    for value in condition.test.values() {
        match value {
            Value::Any => any = true,
            Value::Placeholder(name) => {
                let Some(placeholder) = names.iter().position(|known| known == name) else {
                    continue;
                };
                placeholders.push(placeholder);
                let field = condition.field.to_string();
                demands.push(Demand { placeholder, field, number, alone });
            }
            Value::Text(text) if number => {
                let number = parse_number(text);
                let rule = || format!("{value} is not a number");
                numbers.push(number.ok_or_else(|| refused(rule()))?);
            }
            Value::Text(text) => texts.push(text.clone()),
            Value::Number(given) if number => numbers.push(*given),
            Value::Number(_) => {
                return Err(refused(format!("{value} must be in double quotes to be one of them")));
            }
        }
    }
    Ok(if number {
        let single = kind == Kind::Numbers;
        FieldTest::Numbers(NumberTest { operator, single, literals: numbers, placeholders })
    } else {
        let negated = operator == Operator::NotIn;
        FieldTest::Texts(TextTest { negated, any, literals: texts, placeholders })
    })
}
