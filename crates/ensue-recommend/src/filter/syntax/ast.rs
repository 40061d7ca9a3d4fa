//! The parts of a filter expression.

/// A filter expression: one or more rules, joined by `|`.
///
/// What the parser gives always prints and parses back to itself; an expression put together by hand does so when it keeps
/// the rules of the grammar (no empty lists, one dataset in a rule, names of letters, digits and `_`, finite numbers).
///
/// ```
/// use ensue_recommend::filter::syntax::Expression;
///
/// let text = r#"exclude itemId where INTERACTIONS.event_type in ( "click","stream" )"#;
/// let expression = Expression::parse(text)?;
/// let canonical = r#"EXCLUDE ItemID WHERE Interactions.event_type IN ("click", "stream")"#;
/// assert_eq!(expression.to_string(), canonical);
/// assert_eq!(Expression::parse(canonical)?, expression);
/// # Ok::<(), ensue_recommend::filter::syntax::FilterSyntaxError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    /// The rules in the order of the text, which means nothing.
    pub rules: Vec<Rule>,
}

/// One rule: `INCLUDE ItemID WHERE .. IF ..`.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Whether what matches is kept or left out.
    pub action: Action,
    /// What is selected; the same in all rules of an expression.
    pub target: Target,
    /// Matches where all conditions of any group hold: `a AND b OR c` is `[[a, b], [c]]`.
    pub any_of: Vec<Vec<Condition>>,
    /// Conditions on the current user, all of which must hold for the rule to apply; empty without `IF`.
    pub only_if: Vec<Condition>,
}

/// What a rule does with its matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Only matches are kept.
    Include,
    /// Matches are left out.
    Exclude,
}

/// What a rule selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Items, for recommendations of items.
    Item,
    /// Users, for user segments.
    User,
}

/// A field and what is asked of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// The field.
    pub field: FieldRef,
    /// What is asked.
    pub test: Test,
}

/// `Dataset.FIELD`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldRef {
    /// Where the field is.
    pub dataset: Dataset,
    /// Its name as it was written: letters, digits and `_`.
    pub name: String,
}

/// Where a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dataset {
    /// The items.
    Items,
    /// The user's events.
    Interactions,
    /// The users, in rules that select users.
    Users,
    /// The user whom the answer is for; only after `IF`.
    CurrentUser,
}

/// What is asked of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// One of its values is in the list.
    In(Vec<Value>),
    /// None of its values is in the list.
    NotIn(Vec<Value>),
    /// It compares so with the value.
    Compare(Comparison, Value),
}

/// How two values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// A value in an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A text in double quotes; never `*` alone, which is [`Value::Any`].
    Text(String),
    /// A number.
    Number(f64),
    /// The name of a placeholder, without its `$`.
    Placeholder(String),
    /// `"*"` or `*`: every event type.
    Any,
}

impl Test {
    /// The values asked for, in the order of the text.
    pub fn values(&self) -> &[Value] {
        match self {
            Self::In(values) | Self::NotIn(values) => values,
            Self::Compare(_, value) => std::slice::from_ref(value),
        }
    }
}

impl Expression {
    /// All conditions, those after `IF` included, in the order of the text.
    pub fn conditions(&self) -> impl Iterator<Item = &Condition> {
        self.rules.iter().flat_map(|rule| rule.any_of.iter().flatten().chain(&rule.only_if))
    }

    /// Names of the placeholders, each once, in the order of the text.
    pub fn placeholders(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for value in self.conditions().flat_map(|condition| condition.test.values()) {
            if let Value::Placeholder(name) = value
                && !names.contains(&name.as_str())
            {
                names.push(name.as_str());
            }
        }
        names
    }
}
