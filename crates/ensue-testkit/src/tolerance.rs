//! How far two numbers may be apart and still be the same, with the reason.

/// How far a found number may be from the expected one: `absolute + relative * |expected|`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    /// Part that does not depend on the expected number.
    pub absolute: f64,
    /// Part in proportion to the expected number's magnitude.
    pub relative: f64,
}

impl Tolerance {
    /// Sums of a few double-precision terms in another order.
    pub const ROUNDING: Self = Self { absolute: 1e-12, relative: 1e-12 };

    /// Single-precision arithmetic in another order on one machine: dot products of a few hundred
    /// terms lose about three of seven digits at worst.
    pub const SINGLE: Self = Self { absolute: 1e-6, relative: 1e-5 };

    /// The same weights on another device: the project promises 1e-4 relative; the absolute part
    /// is for numbers that cancel to nearly nothing.
    pub const DEVICES: Self = Self { absolute: 1e-6, relative: 1e-4 };

    /// Metrics of a resumed run against an uninterrupted one: promised.
    pub const RESUMED: Self = Self { absolute: 1e-6, relative: 0.0 };

    /// A number printed with four digits after the point.
    pub const FOUR_DIGITS: Self = Self { absolute: 0.5e-4, relative: 0.0 };

    /// Whether `found` is close enough to `expected`; not-a-number never is, infinities are to
    /// themselves.
    pub fn accepts(self, found: f64, expected: f64) -> bool {
        found == expected
            || (found - expected).abs() <= self.absolute + self.relative * expected.abs()
                && expected.is_finite()
    }
}

/// Fails the test unless two numbers are as close as a [`Tolerance`] says.
///
/// ```
/// use ensue_testkit::{Tolerance, assert_close};
/// assert_close!(0.1 + 0.2, 0.3, Tolerance::ROUNDING);
/// assert_close!(1.0_f32 / 3.0, 0.333_333, Tolerance::SINGLE, "one over {}", 3);
/// ```
#[macro_export]
macro_rules! assert_close {
    ($found:expr, $expected:expr, $tolerance:expr $(,)?) => {
        $crate::assert_close!($found, $expected, $tolerance, "numbers differ")
    };
    ($found:expr, $expected:expr, $tolerance:expr, $($message:tt)+) => {{
        let (found, expected) = (f64::from($found), f64::from($expected));
        let tolerance: $crate::Tolerance = $tolerance;
        assert!(
            tolerance.accepts(found, expected),
            "{}: found {found}, expected {expected}, off by {:e}, within {tolerance:?}",
            format_args!($($message)+),
            (found - expected).abs(),
        );
    }};
}

/// Fails the test unless two slices of numbers are as long as each other and as close, place by
/// place, as a [`Tolerance`] says.
///
/// ```
/// use ensue_testkit::{Tolerance, assert_all_close};
/// assert_all_close!([0.1 + 0.2, 1.0], [0.3, 1.0], Tolerance::ROUNDING);
/// ```
#[macro_export]
macro_rules! assert_all_close {
    ($found:expr, $expected:expr, $tolerance:expr $(,)?) => {{
        let (found, expected) = (&$found[..], &$expected[..]);
        assert_eq!(found.len(), expected.len(), "lengths differ");
        for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
            $crate::assert_close!(*found, *expected, $tolerance, "at {at}");
        }
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_parts_add_up() {
        // Oracle: by hand, 0.1 + 0.01 * 100 = 1.1.
        let tolerance = Tolerance { absolute: 0.1, relative: 0.01 };
        assert!(tolerance.accepts(101.05, 100.0));
        assert!(!tolerance.accepts(101.2, 100.0));
        assert!(tolerance.accepts(-98.95, -100.0));
    }

    #[test]
    fn not_a_number_is_close_to_nothing() {
        // Oracle: the definition.
        for (found, expected) in [
            (f64::NAN, 0.0),
            (0.0, f64::NAN),
            (f64::NAN, f64::NAN),
            (f64::INFINITY, 1.0),
            (1.0, f64::INFINITY),
            (f64::INFINITY, f64::NEG_INFINITY),
        ] {
            assert!(!Tolerance::DEVICES.accepts(found, expected), "{found} {expected}");
        }
        assert!(Tolerance::ROUNDING.accepts(f64::INFINITY, f64::INFINITY));
    }

    #[test]
    #[should_panic(expected = "at 1: found 2, expected 3")]
    fn the_message_says_where() {
        // Oracle: the documented text.
        assert_all_close!([1.0, 2.0], [1.0, 3.0], Tolerance::SINGLE);
    }

    #[test]
    #[should_panic(expected = "lengths differ")]
    fn a_missing_number_is_a_difference() {
        // Oracle: the documented text.
        assert_all_close!([1.0], [1.0, 1.0], Tolerance::SINGLE);
    }
}
