//! What placeholders stand for: Amazon's `filterValues`, `"drama","comedy"`.

use std::collections::BTreeMap;

use super::FilterError;

const FORM: &str = "it must be one value, or several in double quotes and separated by commas";

/// What a query gives for each placeholder, by its number.
#[derive(Debug, Default)]
pub(super) struct Given(Vec<Vec<String>>);

/// What a condition asks of a placeholder.
#[derive(Debug, Clone)]
pub(super) struct Demand {
    /// Number of the placeholder.
    pub(super) placeholder: usize,
    /// The field it is held against, as the expression has it.
    pub(super) field: String,
    /// Whether it must be a number.
    pub(super) number: bool,
    /// Whether it must be one value alone.
    pub(super) alone: bool,
}

impl Given {
    /// Reads the values of the placeholders `names`; each must have one, and nothing else may.
    pub(super) fn read(
        names: &[String],
        values: &BTreeMap<String, String>,
        demands: &[Demand],
    ) -> Result<Self, FilterError> {
        if let Some(unused) = values.keys().find(|name| !names.contains(name)) {
            let known = match names {
                [] => "no placeholder".to_owned(),
                _ => names.iter().map(|name| format!("${name}")).collect::<Vec<_>>().join(", "),
            };
            return Err(FilterError::UnusedValue { name: unused.clone(), known });
        }
        let texts = names.iter().map(|name| {
            values.get(name).ok_or_else(|| FilterError::MissingValue { placeholder: name.clone() })
        });
        let texts = texts.collect::<Result<Vec<_>, _>>()?;
        let refused = |at: usize, rule: String| FilterError::Value {
            placeholder: names[at].clone(),
            value: texts[at].clone(),
            rule,
        };
        let lists = texts.iter().enumerate();
        let lists = lists.map(|(at, text)| list(text).ok_or_else(|| refused(at, FORM.to_owned())));
        let given = Self(lists.collect::<Result<_, _>>()?);
        for Demand { placeholder, field, number, alone } in demands {
            let list = &given.0[*placeholder];
            if *alone && list.len() > 1 {
                let rule = format!("{field} is compared with it, so that it must be one value");
                return Err(refused(*placeholder, rule));
            }
            if *number && list.iter().any(|value| parse_number(value).is_none()) {
                return Err(refused(
                    *placeholder,
                    format!("{field} is held against it as a number"),
                ));
            }
        }
        Ok(given)
    }

    /// The values of a placeholder.
    pub(super) fn texts(&self, placeholder: usize) -> impl Iterator<Item = &str> {
        self.0[placeholder].iter().map(String::as_str)
    }

    /// The values of a placeholder that are numbers.
    pub(super) fn numbers(&self, placeholder: usize) -> impl Iterator<Item = f64> {
        self.texts(placeholder).filter_map(parse_number)
    }
}

/// The finite number that a text is.
pub(super) fn parse_number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// The values in a text: JSON strings separated by commas, or one value as it is.
fn list(text: &str) -> Option<Vec<String>> {
    let text = text.trim();
    if text.starts_with('"') {
        serde_json::from_str(&format!("[{text}]")).ok()
    } else {
        let one = !text.is_empty() && !text.contains([',', '"']);
        one.then(|| vec![text.to_owned()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Oracle: by hand, from Amazon's examples of filterValues and from JSON.
    #[test]
    fn values_are_quoted_or_one() {
        for (text, expected) in [
            (r#""drama","comedy""#, Some(&["drama", "comedy"][..])),
            (r#" "drama" ,  "a, b" "#, Some(&["drama", "a, b"])),
            (r#""a\"b\\","\u00e9","""#, Some(&["a\"b\\", "é", ""])),
            ("drama", Some(&["drama"])),
            (" 20 ", Some(&["20"])),
            ("science fiction", Some(&["science fiction"])),
            ("", None),
            ("  ", None),
            ("drama,comedy", None),
            (r#"drama,"comedy""#, None),
            (r#""drama""comedy""#, None),
            (r#""drama","#, None),
            (r#""drama"#, None),
            (r#""drama",20"#, None),
            (r#""a"],["b""#, None),
        ] {
            let expected = expected
                .map(|values| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>());
            assert_eq!(list(text), expected, "{text}");
        }
    }
}
