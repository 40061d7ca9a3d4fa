//! Any text is read without a panic; what is an expression prints canonically, what is not fails at a place within it.

#![no_main]

#[path = "../../src/filter/syntax/mod.rs"]
#[allow(unused_imports, reason = "the target uses a part of the room")]
mod syntax;

use libfuzzer_sys::fuzz_target;
use syntax::Expression;

fuzz_target!(|text: &str| {
    match Expression::parse(text) {
        Ok(expression) => {
            let canonical = expression.to_string();
            let again = Expression::parse(&canonical);
            assert_eq!(again.as_ref(), Ok(&expression), "{canonical}");
            assert_eq!(expression.to_string(), canonical);
        }
        Err(error) => {
            assert!(text.is_char_boundary(error.offset), "{error:?}");
            assert_eq!(error.column, text[..error.offset].chars().count() + 1, "{error:?}");
        }
    }
});
