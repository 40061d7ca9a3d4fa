//! The place in a text which the parser has come to.

use super::{FilterSyntaxError, Value};

/// What may stand where a value is expected.
pub(super) const VALUE: &str = "a \"text\" in double quotes, a number or a $placeholder";

/// Characters of what was found that an error shows.
const SHOWN: usize = 40;

/// Reads parts of a text from left to right; white space before a part is skipped.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    /// Byte offset of what comes next.
    at: usize,
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The bytes at the beginning of `text` whose characters `keep` says yes to.
fn run(text: &str, keep: impl Fn(char) -> bool) -> &str {
    &text[..text.find(|character| !keep(character)).unwrap_or(text.len())]
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Skips white space; where the next part begins.
    pub(super) fn here(&mut self) -> usize {
        self.at += run(self.rest(), char::is_whitespace).len();
        self.at
    }

    pub(super) fn is_at_end(&mut self) -> bool {
        self.here() == self.text.len()
    }

    /// The word that comes next, empty where none does; it stays there.
    pub(super) fn peek(&mut self) -> &'a str {
        self.here();
        run(self.rest(), is_word)
    }

    /// Takes the next word if it is this keyword in any case.
    pub(super) fn keyword(&mut self, keyword: &str) -> bool {
        let word = self.peek();
        let taken = word.eq_ignore_ascii_case(keyword);
        if taken {
            self.at += word.len();
        }
        taken
    }

    /// Takes the next characters if they are these.
    pub(super) fn symbol(&mut self, symbol: &str) -> bool {
        self.here();
        self.adjacent(symbol)
    }

    /// As [`Self::symbol`], without white space before it.
    pub(super) fn adjacent(&mut self, symbol: &str) -> bool {
        let taken = self.rest().starts_with(symbol);
        if taken {
            self.at += symbol.len();
        }
        taken
    }

    /// Takes the letters, digits and `_` that come next without white space; may be empty.
    pub(super) fn name(&mut self) -> &'a str {
        let name = run(self.rest(), is_word);
        self.at += name.len();
        name
    }

    /// A fault at the next part.
    pub(super) fn expected(&mut self, expected: impl Into<String>) -> FilterSyntaxError {
        let at = self.here();
        self.fault(at, expected)
    }

    /// A fault right after the last part, white space not skipped.
    pub(super) fn expected_adjacent(&self, expected: impl Into<String>) -> FilterSyntaxError {
        self.fault(self.at, expected)
    }

    /// A fault at a byte offset.
    pub(super) fn fault(&self, offset: usize, expected: impl Into<String>) -> FilterSyntaxError {
        let column = self.column(offset);
        FilterSyntaxError { column, offset, found: self.found(offset), expected: expected.into() }
    }

    fn column(&self, offset: usize) -> usize {
        self.text[..offset].chars().count() + 1
    }

    /// What stands at an offset: a word or number, a quoted text, or one character.
    fn found(&self, offset: usize) -> String {
        let rest = &self.text[offset..];
        let Some(first) = rest.chars().next() else {
            return "the end of the expression".to_owned();
        };
        let length = match first {
            '"' => Self::quoted(rest).map_or(rest.len(), |(_, length)| length),
            '\\' => rest.chars().take(2).map(char::len_utf8).sum(),
            '$' => 1 + run(&rest[1..], is_word).len(),
            _ => Self::number_length(rest).max(run(rest, is_word).len()).max(first.len_utf8()),
        };
        let found = &rest[..length];
        match found.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("`{}..`", &found[..end]),
            None if found.chars().all(char::is_whitespace) => "white space".to_owned(),
            None => format!("`{found}`"),
        }
    }

    /// Takes a value.
    pub(super) fn value(&mut self) -> Result<Value, FilterSyntaxError> {
        let start = self.here();
        let rest = self.rest();
        match rest.chars().next() {
            Some('"') => {
                let (text, length) = Self::quoted(rest).map_err(|fault| match fault {
                    Some(escape) => {
                        self.fault(start + escape, "`\\\"` or `\\\\` after a backslash")
                    }
                    None => {
                        let began = self.column(start);
                        let closing =
                            format!("`\"` to close the text that began at column {began}");
                        self.fault(self.text.len(), closing)
                    }
                })?;
                self.at += length;
                Ok(if text == "*" { Value::Any } else { Value::Text(text) })
            }
            Some('*') => {
                self.at += 1;
                Ok(Value::Any)
            }
            Some('$') => {
                self.at += 1;
                let name = self.name();
                if name.is_empty() {
                    return Err(self.expected_adjacent("the name of a placeholder after `$`"));
                }
                Ok(Value::Placeholder(name.to_owned()))
            }
            _ => {
                let length = Self::number_length(rest);
                if length == 0 {
                    return Err(self.fault(start, VALUE));
                }
                let number: f64 = rest[..length]
                    .parse()
                    .map_err(|_| self.fault(start, "a number such as 20, -0.5 or 1e6"))?;
                if !number.is_finite() {
                    return Err(self.fault(start, "a number below 1.8e308"));
                }
                self.at += length;
                Ok(Value::Number(number))
            }
        }
    }

    /// Bytes of what is written like a number, right or wrong; 0 where nothing is.
    fn number_length(rest: &str) -> usize {
        let unsigned = rest.strip_prefix(['+', '-']).unwrap_or(rest);
        if !unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
            return 0;
        }
        let mut before = ' ';
        let end = unsigned.find(|character: char| {
            let sign = matches!(character, '+' | '-') && matches!(before, 'e' | 'E');
            before = character;
            !(is_word(character) || character == '.' || sign)
        });
        rest.len() - unsigned.len() + end.unwrap_or(unsigned.len())
    }

    /// The quoted text at the beginning of `rest` and the bytes it takes; else the offset of a wrong escape, or nothing
    /// where the closing quote is missing.
    fn quoted(rest: &str) -> Result<(String, usize), Option<usize>> {
        let mut text = String::new();
        let mut characters = rest.char_indices().skip(1);
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => return Ok((text, at + 1)),
                '\\' => match characters.next() {
                    Some((_, escaped @ ('"' | '\\'))) => text.push(escaped),
                    Some(_) => return Err(Some(at)),
                    None => return Err(None),
                },
                _ => text.push(character),
            }
        }
        Err(None)
    }
}
