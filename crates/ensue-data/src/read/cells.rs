//! Cells to values under our own strict rules, whether they came as text or typed.

use std::fmt;

use polars::prelude::{Column, DataType};

use crate::Vocabulary;
use crate::error::Rule;
use crate::schema::{FieldType, RESERVED};

/// Most characters of a user or item id and of an event type.
pub(crate) const MAX_ID: usize = 256;
/// Most characters of one category and of an impression list.
pub(crate) const MAX_CATEGORY: usize = 1000;

/// A cell that breaks a rule.
#[derive(Debug)]
pub(crate) struct Fault {
    /// Row within the block.
    pub(crate) index: usize,
    /// Column within the schema.
    pub(crate) column: usize,
    pub(crate) value: String,
    pub(crate) rule: Rule,
}

/// The first fault of a block in reading order.
#[derive(Debug, Default)]
pub(crate) struct Faults(Option<Fault>);

impl Faults {
    /// Converts a column of a block and keeps its first fault if it stands before the one known.
    pub(crate) fn walk<'a>(
        &mut self,
        position: usize,
        column: &'a Column,
        mut take: impl FnMut(Cell<'a>) -> Result<(), Rule>,
    ) {
        let mut index = 0;
        let mut refused = None;
        each(column, |cell| match take(cell) {
            Ok(()) => {
                index += 1;
                true
            }
            Err(rule) => {
                let value = cell.to_string();
                refused = Some(Fault { index, column: position, value, rule });
                false
            }
        });
        if let Some(fault) = refused {
            self.add(fault);
        }
    }

    /// Keeps a fault if it stands before the one known.
    pub(crate) fn add(&mut self, fault: Fault) {
        let place = |fault: &Fault| (fault.index, fault.column);
        if self.0.as_ref().is_none_or(|first| place(&fault) < place(first)) {
            self.0 = Some(fault);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(crate) fn first(self) -> Option<Fault> {
        self.0
    }
}

/// One value of a table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell<'a> {
    /// Null, or text of no length.
    Missing,
    Text(&'a str),
    Whole(i64),
    Number(f64),
    Boolean(bool),
}

impl fmt::Display for Cell<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => Ok(()),
            Self::Text(text) => out.write_str(text),
            Self::Whole(number) => number.fmt(out),
            Self::Number(number) => number.fmt(out),
            Self::Boolean(flag) => flag.fmt(out),
        }
    }
}

impl<'a> Cell<'a> {
    /// The cell, or none where it is missing and may be.
    pub(crate) fn or_null(self, nullable: bool) -> Result<Option<Self>, Rule> {
        match self {
            Self::Missing if !nullable => Err(Rule::Empty),
            Self::Missing => Ok(None),
            _ => Ok(Some(self)),
        }
    }

    /// Text of a limited length.
    pub(crate) fn text(self, limit: usize) -> Result<&'a str, Rule> {
        let Self::Text(text) = self else { return Err(Rule::Empty) };
        limited(text, limit)
    }

    /// A whole number.
    pub(crate) fn whole(self, kind: FieldType) -> Result<i64, Rule> {
        let refused = Rule::NotWhole(kind.name());
        let number = match self {
            Self::Whole(number) => number,
            Self::Text(text) => text.parse().map_err(|_| refused.clone())?,
            _ => return Err(refused),
        };
        if kind == FieldType::Int && i32::try_from(number).is_err() {
            return Err(refused);
        }
        Ok(number)
    }

    /// Seconds since 1970.
    pub(crate) fn timestamp(self) -> Result<i64, Rule> {
        let seconds = self.whole(FieldType::Long)?;
        if seconds < 0 { Err(Rule::Negative) } else { Ok(seconds) }
    }

    /// A number of any of the numeric types.
    pub(crate) fn number(self, kind: FieldType) -> Result<f32, Rule> {
        if matches!(kind, FieldType::Int | FieldType::Long) {
            return self.whole(kind).map(|number| number as f32);
        }
        let number = match self {
            Self::Whole(number) => number as f32,
            Self::Number(number) => number as f32,
            Self::Text(text) => text.parse().unwrap_or(f32::NAN),
            _ => f32::NAN,
        };
        if number.is_finite() { Ok(number) } else { Err(Rule::NotNumber(kind.name())) }
    }

    /// A boolean.
    pub(crate) fn boolean(self) -> Result<bool, Rule> {
        match self {
            Self::Boolean(flag) => Ok(flag),
            Self::Text("true") => Ok(true),
            Self::Text("false") => Ok(false),
            _ => Err(Rule::NotBoolean),
        }
    }
}

/// A text if it is short enough.
pub(crate) fn limited(text: &str, limit: usize) -> Result<&str, Rule> {
    if text.len() > limit {
        let found = text.chars().count();
        if found > limit {
            return Err(Rule::TooLong { found, limit });
        }
    }
    Ok(text)
}

/// The number of a text, which may not be a name that schemas reserve; only new texts need the look.
pub(crate) fn encode(vocabulary: &mut Vocabulary, text: &str) -> Result<u32, Rule> {
    let known = vocabulary.len();
    let code = vocabulary.insert(text);
    let new = code as usize == known;
    if new && RESERVED.contains(&text) { Err(Rule::ReservedValue) } else { Ok(code) }
}

/// Numbers many texts like [`encode`]; gives the position of the first that is refused.
pub(crate) fn encode_all(
    vocabulary: &mut Vocabulary,
    texts: &[&str],
    codes: &mut Vec<u32>,
) -> Option<(usize, Rule)> {
    let known = vocabulary.len() as u32;
    vocabulary.insert_all(texts, codes);
    let mut new = (known..).map_while(|code| vocabulary.decode(code));
    new.find(|text| RESERVED.contains(text))?;
    let position = texts.iter().position(|text| RESERVED.contains(text))?;
    Some((position, Rule::ReservedValue))
}

/// One cell of a column as text, for a message.
pub(crate) fn shown(column: &Column, index: usize) -> String {
    let (mut at, mut text) = (0, String::new());
    each(column, |cell| {
        if at == index {
            text = cell.to_string();
        }
        at += 1;
        at <= index
    });
    text
}

/// Hands out the cells of a column until `take` has enough.
fn each<'a>(column: &'a Column, mut take: impl FnMut(Cell<'a>) -> bool) {
    const CHECKED: &str = "the type is the one just matched";
    macro_rules! cells {
        ($values:expr, $cell:expr) => {{
            for array in $values.expect(CHECKED).downcast_iter() {
                for value in array.iter() {
                    if !take(value.map_or(Cell::Missing, $cell)) {
                        return;
                    }
                }
            }
        }};
    }
    let text = |text: &'a str| if text.is_empty() { Cell::Missing } else { Cell::Text(text) };
    match column.dtype() {
        DataType::String => cells!(column.str(), text),
        DataType::Int64 => cells!(column.i64(), |&number| Cell::Whole(number)),
        DataType::Int32 => cells!(column.i32(), |&number| Cell::Whole(number.into())),
        DataType::Float64 => cells!(column.f64(), |&number| Cell::Number(number)),
        DataType::Float32 => cells!(column.f32(), |&number| Cell::Number(number.into())),
        DataType::Boolean => cells!(column.bool(), Cell::Boolean),
        // Readers let no other type pass; a column of another one reads as missing throughout.
        _ => {
            for _ in 0..column.len() {
                if !take(Cell::Missing) {
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Oracle: the rules of Amazon's types, by hand.
    #[test]
    fn conversions_are_strict() {
        let text = Cell::Text;
        assert_eq!(text("-7").whole(FieldType::Long), Ok(-7));
        for wrong in ["7.0", " 7", "7 ", "1e3", "9223372036854775808", "seven"] {
            assert_eq!(text(wrong).whole(FieldType::Long), Err(Rule::NotWhole("long")), "{wrong}");
        }
        assert_eq!(text("2147483648").whole(FieldType::Int), Err(Rule::NotWhole("int")));
        assert_eq!(Cell::Whole(1 << 31).whole(FieldType::Int), Err(Rule::NotWhole("int")));
        assert_eq!(text("-1").timestamp(), Err(Rule::Negative));
        assert_eq!(text("1e3").number(FieldType::Float), Ok(1000.0));
        assert_eq!(Cell::Whole(3).number(FieldType::Double), Ok(3.0));
        for wrong in ["nan", "inf", "1e39", "1,5", "x"] {
            assert_eq!(
                text(wrong).number(FieldType::Float),
                Err(Rule::NotNumber("float")),
                "{wrong}"
            );
        }
        assert_eq!(text("1.5").number(FieldType::Int), Err(Rule::NotWhole("int")));
        assert_eq!(text("true").boolean(), Ok(true));
        for wrong in ["True", "TRUE", "1", "yes"] {
            assert_eq!(text(wrong).boolean(), Err(Rule::NotBoolean), "{wrong}");
        }
    }

    // Oracle: the limit counts characters, not bytes.
    #[test]
    fn lengths_count_characters() {
        let longest = "é".repeat(MAX_ID);
        assert_eq!(Cell::Text(&longest).text(MAX_ID), Ok(longest.as_str()));
        let above = format!("{longest}x");
        let refused = Rule::TooLong { found: MAX_ID + 1, limit: MAX_ID };
        assert_eq!(Cell::Text(&above).text(MAX_ID), Err(refused));
    }

    // Oracle: reading order, rows before columns.
    #[test]
    fn the_first_fault_in_reading_order_is_kept() {
        let column = |values: [&str; 3]| Column::new("x".into(), values);
        let (first, second) = (column(["a", "b", ""]), column(["a", "", ""]));
        let mut faults = Faults::default();
        for (position, column) in [&first, &second].into_iter().enumerate() {
            faults.walk(position, column, |cell| cell.or_null(false).map(|_| ()));
        }
        let fault = faults.first().unwrap();
        assert_eq!((fault.index, fault.column, fault.rule), (1, 1, Rule::Empty));
    }
}
