//! Expressions as text: keywords in capitals, one space between parts, numbers in their shortest form.

use std::fmt::{Display, Formatter, Result, Write};

use super::{
    Action, Comparison, Condition, Dataset, Expression, FieldRef, Rule, Target, Test, Value,
};

/// Numbers that are longer without an exponent are written with one.
const LONGEST_PLAIN: usize = 20;

fn joined<T: Display>(f: &mut Formatter<'_>, parts: &[T], between: &str) -> Result {
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            f.write_str(between)?;
        }
        part.fmt(f)?;
    }
    Ok(())
}

/// The canonical text: it parses to the same expression.
impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        joined(f, &self.rules, " | ")
    }
}

impl Display for Rule {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} {} WHERE ", self.action, self.target)?;
        for (at, group) in self.any_of.iter().enumerate() {
            if at > 0 {
                f.write_str(" OR ")?;
            }
            joined(f, group, " AND ")?;
        }
        if !self.only_if.is_empty() {
            f.write_str(" IF ")?;
            joined(f, &self.only_if, " AND ")?;
        }
        Ok(())
    }
}

impl Display for Action {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Self::Include => "INCLUDE",
            Self::Exclude => "EXCLUDE",
        })
    }
}

impl Display for Target {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Self::Item => "ItemID",
            Self::User => "UserID",
        })
    }
}

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} {}", self.field, self.test)
    }
}

impl Display for FieldRef {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}.{}", self.dataset, self.name)
    }
}

impl Display for Dataset {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Self::Items => "Items",
            Self::Interactions => "Interactions",
            Self::Users => "Users",
            Self::CurrentUser => "CurrentUser",
        })
    }
}

impl Display for Test {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let (operator, values) = match self {
            Self::In(values) => ("IN", values),
            Self::NotIn(values) => ("NOT IN", values),
            Self::Compare(comparison, value) => return write!(f, "{comparison} {value}"),
        };
        write!(f, "{operator} (")?;
        joined(f, values, ", ")?;
        f.write_char(')')
    }
}

impl Display for Comparison {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Self::Equal => "=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        })
    }
}

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Text(text) => {
                f.write_char('"')?;
                for character in text.chars() {
                    if matches!(character, '"' | '\\') {
                        f.write_char('\\')?;
                    }
                    f.write_char(character)?;
                }
                f.write_char('"')
            }
            Self::Number(number) => {
                let plain = number.to_string();
                if plain.len() > LONGEST_PLAIN {
                    write!(f, "{number:e}")
                } else {
                    f.write_str(&plain)
                }
            }
            Self::Placeholder(name) => write!(f, "${name}"),
            Self::Any => f.write_str("\"*\""),
        }
    }
}
