//! Filter expressions as text: what they are made of, reading and writing them. Knows nothing of data.
//!
//! | file | what it holds |
//! |---|---|
//! | `ast.rs` | [`Expression`] and its parts |
//! | `parse.rs` | text to [`Expression`]; every rule that needs no data is held here, with its position |
//! | `cursor.rs` | the place in the text: words, symbols, literals |
//! | `error.rs` | [`FilterSyntaxError`] |
//! | `print.rs` | [`Expression`] to its canonical text |
//!
//! The room depends on nothing else in the crate, so that a fuzz target builds it alone.

mod ast;
mod cursor;
mod error;
mod parse;
mod print;
#[cfg(test)]
mod tests;

pub use ast::{
    Action, Comparison, Condition, Dataset, Expression, FieldRef, Rule, Target, Test, Value,
};
pub use error::FilterSyntaxError;
