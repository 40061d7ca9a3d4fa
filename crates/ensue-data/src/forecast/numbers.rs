//! Cells to numbers that may be missing.

use super::AttributeType;
use crate::error::Rule;
use crate::read::cells::Cell;

/// A number, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Known(f64),
    /// An empty cell.
    Null,
    /// Written as not-a-number.
    Nan,
}

impl Number {
    pub(super) fn read(cell: Cell<'_>, kind: AttributeType) -> Result<Self, Rule> {
        let not_number = || match kind {
            AttributeType::Integer => Rule::NotWhole(kind.name()),
            _ => Rule::NotNumber(kind.name()),
        };
        let number = match cell {
            Cell::Missing => return Ok(Self::Null),
            Cell::Whole(number) => number as f64,
            Cell::Number(number) => number,
            Cell::Text(text) if kind == AttributeType::Integer => match text.parse::<i64>() {
                Ok(number) => number as f64,
                Err(_) if text.eq_ignore_ascii_case("nan") => f64::NAN,
                Err(_) => return Err(not_number()),
            },
            Cell::Text(text) => text.parse().map_err(|_| not_number())?,
            Cell::Boolean(_) => return Err(not_number()),
        };
        if number.is_nan() {
            Ok(Self::Nan)
        } else if number.is_infinite() {
            Err(Rule::Infinite)
        } else {
            Ok(Self::Known(number))
        }
    }

    /// Not-a-number where it is missing.
    pub(super) fn or_nan(self) -> f64 {
        if let Self::Known(number) = self { number } else { f64::NAN }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Oracle: by hand; what is missing is told from what is wrong.
    #[test]
    fn numbers_may_be_missing_but_not_wrong() {
        use AttributeType::{Float, Integer};
        let text = |text, kind| Number::read(Cell::Text(text), kind);
        for (number, expected) in [("1.5", 1.5), ("-1e3", -1000.0), ("0", 0.0), ("+7", 7.0)] {
            assert_eq!(text(number, Float), Ok(Number::Known(expected)));
        }
        for kind in [Float, Integer] {
            assert_eq!(text("NaN", kind), Ok(Number::Nan));
            assert_eq!(text("nan", kind), Ok(Number::Nan));
            assert_eq!(Number::read(Cell::Missing, kind), Ok(Number::Null));
            assert_eq!(Number::read(Cell::Whole(3), kind), Ok(Number::Known(3.0)));
        }
        for infinite in ["inf", "-Infinity", "1e999"] {
            assert_eq!(text(infinite, Float), Err(Rule::Infinite), "{infinite}");
        }
        assert_eq!(Number::read(Cell::Number(f64::INFINITY), Float), Err(Rule::Infinite));
        for wrong in ["1,5", " 1", "1 ", "x", "null", "None", "-"] {
            assert_eq!(text(wrong, Float), Err(Rule::NotNumber("float")), "{wrong}");
        }
        for wrong in ["1.5", "1.0", "1e3", "inf", "9223372036854775808"] {
            assert_eq!(text(wrong, Integer), Err(Rule::NotWhole("integer")), "{wrong}");
        }
        assert_eq!(text("-12", Integer), Ok(Number::Known(-12.0)));
    }
}
