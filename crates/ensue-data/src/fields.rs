//! Values by field name: one row of metadata as a caller gives it, in a query or with a new item.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{MISSING_TIMESTAMP, MetadataColumn, MetadataTable, read::cells};

/// What is known of one user, item or moment, by field name.
///
/// ```
/// use ensue_data::{FieldValue, FieldValues};
/// let fields: FieldValues = serde_json::from_str(r#"{"GENRE": "Action|Drama", "YEAR": 1994, "NEW": false}"#)?;
/// assert_eq!(fields["YEAR"], FieldValue::Number(1994.0));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub type FieldValues = BTreeMap<String, FieldValue>;

/// One value of a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FieldValue {
    /// A boolean.
    Boolean(bool),
    /// A number, or seconds since 1970 in a field of timestamps.
    Number(f64),
    /// Categories as one cell, several joined by `|`.
    Text(String),
}

/// A value does not fit its field.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// There is no such field.
    #[error("field {field} is not in the schema; there are {known}")]
    Unknown {
        /// Name given.
        field: String,
        /// All names, separated by commas.
        known: String,
    },
    /// The value is of another type.
    #[error("field {field} is {value:?}, but must be {rule}")]
    Type {
        /// Name of the field.
        field: String,
        /// The value.
        value: FieldValue,
        /// What it must be.
        rule: &'static str,
    },
}

impl From<&str> for FieldValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<f64> for FieldValue {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for FieldValue {
    fn from(flag: bool) -> Self {
        Self::Boolean(flag)
    }
}

impl FieldValue {
    /// The number in it; text that is one counts, as in a CSV cell.
    pub fn number(&self) -> Option<f64> {
        let number = match self {
            Self::Number(number) => *number,
            Self::Text(text) => text.trim().parse().ok()?,
            Self::Boolean(_) => return None,
        };
        number.is_finite().then_some(number)
    }

    /// The boolean in it; the texts `true` and `false` count, as in a CSV cell.
    pub fn boolean(&self) -> Option<bool> {
        match self {
            Self::Boolean(flag) => Some(*flag),
            Self::Text(text) => text.parse().ok(),
            Self::Number(_) => None,
        }
    }

    /// The categories in it; a number or a boolean is one, written out.
    pub fn text(&self) -> String {
        match self {
            Self::Boolean(flag) => flag.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

impl MetadataTable {
    /// What is known of one id; missing values are left out.
    pub fn row(&self, id: u32) -> FieldValues {
        let at = id as usize;
        let value = |column: &MetadataColumn| match column {
            MetadataColumn::Categorical(categories) => {
                let names = categories.of(id).iter();
                let names: Vec<&str> =
                    names.filter_map(|&code| categories.vocabulary().decode(code)).collect();
                (!names.is_empty()).then(|| FieldValue::Text(names.join("|")))
            }
            MetadataColumn::Number(numbers) => {
                let number = numbers.get(at).copied().filter(|number| !number.is_nan());
                number.map(|number| FieldValue::Number(f64::from(number)))
            }
            MetadataColumn::Boolean(flags) => {
                flags.get(at).copied().flatten().map(FieldValue::Boolean)
            }
            MetadataColumn::Timestamp(times) => {
                let time = times.get(at).copied().filter(|&time| time != MISSING_TIMESTAMP);
                time.map(|time| FieldValue::Number(time as f64))
            }
        };
        self.columns()
            .filter_map(|(name, column)| Some((name.to_owned(), value(column)?)))
            .collect()
    }

    /// Holds values against the columns of the table.
    ///
    /// # Errors
    /// [`FieldError`] for the first field that is not a column, or whose value is of another type.
    pub fn check(&self, fields: &FieldValues) -> Result<(), FieldError> {
        for (field, value) in fields {
            let Some(column) = self.column(field) else {
                let known = self.columns().map(|(name, _)| name).collect::<Vec<_>>().join(", ");
                return Err(FieldError::Unknown { field: field.clone(), known });
            };
            let (fits, rule) = match column {
                MetadataColumn::Categorical(_) => {
                    let text = value.text();
                    let short = |category: &str| category.chars().count() <= cells::MAX_CATEGORY;
                    (text.split('|').all(short), "categories of at most 1000 characters")
                }
                MetadataColumn::Number(_) => (value.number().is_some(), "a number"),
                MetadataColumn::Boolean(_) => (value.boolean().is_some(), "true or false"),
                MetadataColumn::Timestamp(_) => {
                    let seconds = value.number().is_some_and(|time| time >= 0.0);
                    (seconds, "seconds since 1970, not negative")
                }
            };
            if !fits {
                let (field, value) = (field.clone(), value.clone());
                return Err(FieldError::Type { field, value, rule });
            }
        }
        Ok(())
    }

    /// Replaces what is known of an id, or adds it: ids between the last one and a new one are known by nothing.
    /// Fields that are not given are missing.
    ///
    /// # Errors
    /// As [`MetadataTable::check`]; nothing is changed then.
    pub fn set_row(&mut self, id: u32, fields: &FieldValues) -> Result<(), FieldError> {
        self.check(fields)?;
        self.put(id, fields);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DatasetGroup, ImportRequest, ImportRules, Schema, Source};

    fn table() -> MetadataTable {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, content: &str| {
            let path = dir.path().join(name);
            std::fs::write(&path, content).unwrap();
            path
        };
        let events = file("events.csv", "USER_ID,ITEM_ID,TIMESTAMP\nu,a,1\nu,b,2\n");
        let items = "ITEM_ID,GENRE,PRICE,NEW,CREATION_TIMESTAMP\na,x|y,2.5,true,10\nb,,,,\n";
        let items = file("items.csv", items);
        let schema = Schema::parse(
            r#"{"type": "record", "name": "Items", "fields": [
                {"name": "ITEM_ID", "type": "string"},
                {"name": "GENRE", "type": ["null", "string"], "categorical": true},
                {"name": "PRICE", "type": ["null", "float"]},
                {"name": "NEW", "type": ["null", "boolean"]},
                {"name": "CREATION_TIMESTAMP", "type": ["null", "long"]}
            ], "version": "1.0"}"#,
        )
        .unwrap();
        let rules =
            ImportRules { min_interactions: 1, min_users_with_two: 1, ..ImportRules::default() };
        let request = ImportRequest::new(Source::new(events))
            .with_items(Source::new(items).with_schema(schema))
            .with_rules(rules);
        let group = DatasetGroup::import(&request, &mut ensue_core::Run::new("ndarray")).unwrap();
        group.item_table.unwrap()
    }

    fn fields(json: &str) -> FieldValues {
        serde_json::from_str(json).unwrap()
    }

    // Oracle: the file above, by hand.
    #[test]
    fn a_row_is_read_as_it_was_written() {
        let table = table();
        let expected = r#"{"GENRE": "x|y", "PRICE": 2.5, "NEW": true, "CREATION_TIMESTAMP": 10}"#;
        assert_eq!(table.row(0), fields(expected));
        assert_eq!(table.row(1), FieldValues::new());
        assert_eq!(table.row(7), FieldValues::new());
    }

    // Oracle: reading back what was put; the other rows.
    #[test]
    fn rows_are_replaced_and_added() {
        let mut table = table();
        let before = table.row(0);
        let given = fields(r#"{"GENRE": "z|x|z", "PRICE": 1, "CREATION_TIMESTAMP": 99}"#);
        table.set_row(3, &given).unwrap();
        assert_eq!((table.len(), table.has_row(2), table.has_row(3)), (4, false, true));
        let stored = fields(r#"{"GENRE": "z|x", "PRICE": 1.0, "CREATION_TIMESTAMP": 99}"#);
        assert_eq!(
            (table.row(0), table.row(2), table.row(3)),
            (before, FieldValues::new(), stored)
        );
        table.set_row(0, &fields(r#"{"NEW": "false"}"#)).unwrap();
        assert_eq!(table.row(0), fields(r#"{"NEW": false}"#));
        let MetadataColumn::Categorical(genres) = table.column("GENRE").unwrap() else { panic!() };
        assert_eq!([genres.of(0), genres.of(3)], [&[][..], &[2, 0]]);
    }

    // Oracle: the messages.
    #[test]
    fn values_that_do_not_fit_are_refused_and_change_nothing() {
        let mut table = table();
        let rows = |table: &MetadataTable| [0, 1, 2].map(|id| table.row(id));
        let before = rows(&table);
        for (given, message) in [
            (
                r#"{"COLOR": "red"}"#,
                "field COLOR is not in the schema; there are GENRE, PRICE, NEW, CREATION_TIMESTAMP",
            ),
            (r#"{"PRICE": "dear"}"#, "field PRICE is Text(\"dear\"), but must be a number"),
            (r#"{"NEW": 1}"#, "field NEW is Number(1.0), but must be true or false"),
            (
                r#"{"CREATION_TIMESTAMP": -1}"#,
                "field CREATION_TIMESTAMP is Number(-1.0), but must be seconds since 1970, not negative",
            ),
        ] {
            assert_eq!(table.set_row(0, &fields(given)).unwrap_err().to_string(), message);
        }
        assert_eq!((table.len(), rows(&table)), (2, before));
    }
}
