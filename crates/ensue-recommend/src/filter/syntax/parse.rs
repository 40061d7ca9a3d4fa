//! Text to expressions, from left to right without going back.
//!
//! ```text
//! expression = rule {"|" rule}
//! rule       = (INCLUDE | EXCLUDE) (ItemID | UserID) WHERE group {OR group} [IF test {AND test}]
//! group      = test {AND test}
//! test       = dataset "." field (IN list | NOT IN list | ("=" | "<" | "<=" | ">" | ">=") value)
//! list       = "(" value {"," value} ")"
//! value      = quoted text | number | "$" name | "*"
//! ```

use super::cursor::{Cursor, VALUE};
use super::{
    Action, Comparison, Condition, Dataset, Expression, FieldRef, FilterSyntaxError, Rule, Target,
    Test, Value,
};

type Parsed<T> = Result<T, FilterSyntaxError>;

const END: &str = "| or the end of the expression";

impl Expression {
    /// Reads an expression of any length.
    ///
    /// Keywords and the names of datasets are taken in any case. `AND` binds tighter than `OR`; there are no parentheses
    /// around conditions.
    ///
    /// # Errors
    /// [`FilterSyntaxError`] for the first fault, which is also given where a rule of the language is broken: conditions of
    /// one rule on different datasets, fields of `Users` in a rule of `ItemID`, `CurrentUser` outside `IF`, `*` for
    /// anything but `Interactions.EVENT_TYPE`, rules of `ItemID` and of `UserID` in one expression.
    pub fn parse(text: &str) -> Result<Self, FilterSyntaxError> {
        let mut cursor = Cursor::new(text);
        let mut rules = vec![rule(&mut cursor, None)?];
        while cursor.symbol("|") {
            rules.push(rule(&mut cursor, Some(rules[0].target))?);
        }
        if !cursor.is_at_end() {
            return Err(cursor.expected(after(rules.last())));
        }
        Ok(Self { rules })
    }
}

/// What may come after a rule.
fn after(rule: Option<&Rule>) -> String {
    match rule {
        Some(rule) if !rule.only_if.is_empty() => {
            format!("AND, {END} (IF stands once, its conditions are joined by AND)")
        }
        Some(Rule { target: Target::User, .. }) => {
            format!("AND, OR, {END} (only rules of ItemID take IF)")
        }
        _ => format!("AND, OR, IF, {END}"),
    }
}

fn rule(cursor: &mut Cursor<'_>, target: Option<Target>) -> Parsed<Rule> {
    let action = if cursor.keyword("INCLUDE") {
        Action::Include
    } else if cursor.keyword("EXCLUDE") {
        Action::Exclude
    } else {
        return Err(cursor.expected("INCLUDE or EXCLUDE"));
    };
    let target = selected(cursor, target)?;
    if !cursor.keyword("WHERE") {
        return Err(cursor.expected("WHERE"));
    }
    let first = condition(cursor, |cursor| dataset(cursor, target, None))?;
    let first_dataset = first.field.dataset;
    let mut any_of = vec![vec![first]];
    loop {
        let other = if cursor.keyword("AND") {
            false
        } else if cursor.keyword("OR") {
            true
        } else {
            break;
        };
        let next = condition(cursor, |cursor| dataset(cursor, target, Some(first_dataset)))?;
        match any_of.last_mut() {
            Some(group) if !other => group.push(next),
            _ => any_of.push(vec![next]),
        }
    }
    let mut only_if = Vec::new();
    if target == Target::Item && cursor.keyword("IF") {
        only_if.push(condition(cursor, current_user)?);
        while cursor.keyword("AND") {
            only_if.push(condition(cursor, current_user)?);
        }
    }
    Ok(Rule { action, target, any_of, only_if })
}

/// What a rule selects, which must be what the first rule of the expression selects.
fn selected(cursor: &mut Cursor<'_>, first: Option<Target>) -> Parsed<Target> {
    let at = cursor.here();
    let target = if cursor.keyword("ItemID") {
        Target::Item
    } else if cursor.keyword("UserID") {
        Target::User
    } else {
        return Err(cursor.expected("ItemID or UserID"));
    };
    match first {
        Some(first) if first != target => {
            Err(cursor.fault(at, format!("{first}, which the first rule selects")))
        }
        _ => Ok(target),
    }
}

/// The dataset of a condition after `WHERE`, which must be that of the first condition.
fn dataset(cursor: &mut Cursor<'_>, target: Target, first: Option<Dataset>) -> Parsed<Dataset> {
    let at = cursor.here();
    let (own, hint) = match target {
        Target::Item => (Dataset::Items, "a rule of ItemID knows the user by IF CurrentUser.FIELD"),
        Target::User => (Dataset::Users, "a rule of UserID knows no items"),
    };
    let either = format!("a field of {own} or Interactions, such as {own}.FIELD");
    let known = [Dataset::Items, Dataset::Interactions, Dataset::Users];
    let Some(found) = known.into_iter().find(|dataset| cursor.keyword(&dataset.to_string())) else {
        return Err(match cursor.peek() {
            "" => cursor.expected(format!("{either} (conditions are not grouped by parentheses)")),
            word if word.eq_ignore_ascii_case("CurrentUser") => {
                cursor.expected(format!("{either} (CurrentUser stands after IF)"))
            }
            _ => cursor.expected(either),
        });
    };
    match first {
        _ if found != own && found != Dataset::Interactions => {
            Err(cursor.fault(at, format!("{either} ({hint})")))
        }
        Some(first) if first != found => Err(cursor.fault(
            at,
            format!("a field of {first}, as before in this rule (rules are joined by |)"),
        )),
        _ => Ok(found),
    }
}

/// The dataset of a condition after `IF`.
fn current_user(cursor: &mut Cursor<'_>) -> Parsed<Dataset> {
    let taken = cursor.keyword("CurrentUser");
    taken
        .then_some(Dataset::CurrentUser)
        .ok_or_else(|| cursor.expected("CurrentUser.FIELD after IF"))
}

fn condition(
    cursor: &mut Cursor<'_>,
    dataset: impl FnOnce(&mut Cursor<'_>) -> Parsed<Dataset>,
) -> Parsed<Condition> {
    let dataset = dataset(cursor)?;
    if !cursor.adjacent(".") {
        return Err(cursor.expected_adjacent(format!("`.` and a field right after {dataset}")));
    }
    let name = cursor.name();
    if name.is_empty() {
        return Err(cursor.expected_adjacent(format!("the name of a field of {dataset}")));
    }
    let field = FieldRef { dataset, name: name.to_owned() };
    let any = field.is_event_type();
    let test = if cursor.keyword("IN") {
        Test::In(list(cursor, any)?)
    } else if cursor.keyword("NOT") {
        if !cursor.keyword("IN") {
            return Err(cursor.expected("IN after NOT"));
        }
        Test::NotIn(list(cursor, any)?)
    } else {
        let comparison = comparison(cursor)?;
        let at = cursor.here();
        let value = cursor.value()?;
        if value == Value::Any {
            return Err(cursor.fault(at, format!("{VALUE} (* stands in lists only)")));
        }
        Test::Compare(comparison, value)
    };
    Ok(Condition { field, test })
}

fn comparison(cursor: &mut Cursor<'_>) -> Parsed<Comparison> {
    // The longer ones first: `<=` begins like `<`.
    let all = [
        Comparison::LessOrEqual,
        Comparison::GreaterOrEqual,
        Comparison::Less,
        Comparison::Greater,
        Comparison::Equal,
    ];
    all.into_iter()
        .find(|comparison| cursor.symbol(&comparison.to_string()))
        .ok_or_else(|| cursor.expected("IN, NOT IN, =, <, <=, > or >="))
}

/// A list of values; `any` says whether `*` may be one of them.
fn list(cursor: &mut Cursor<'_>, any: bool) -> Parsed<Vec<Value>> {
    if !cursor.symbol("(") {
        return Err(cursor.expected("`(` and a list of values"));
    }
    let mut values = Vec::new();
    loop {
        let at = cursor.here();
        let value = cursor.value()?;
        if value == Value::Any && !any {
            let hint = "* stands for Interactions.EVENT_TYPE only";
            return Err(cursor.fault(at, format!("{VALUE} ({hint})")));
        }
        values.push(value);
        if cursor.symbol(")") {
            return Ok(values);
        }
        if !cursor.symbol(",") {
            return Err(cursor.expected("`,` or `)`"));
        }
    }
}

impl FieldRef {
    /// Whether it is the type of an event; Amazon's own texts write the name in both cases.
    pub fn is_event_type(&self) -> bool {
        self.dataset == Dataset::Interactions && self.name.eq_ignore_ascii_case("EVENT_TYPE")
    }
}
