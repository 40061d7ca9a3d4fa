//! A hash that is the same on every machine and in every version.
//!
//! `std`'s hashers may change between releases, so they cannot stand in a file. FNV-1a (64 bits) is
//! short, public and catches every single changed byte; it is no protection against a person who
//! forges data on purpose.

use std::io;

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// FNV-1a over a stream of bytes, 64 bits wide.
///
/// Formula: `h = (h ^ byte) * 0x100000001b3`, starting from `0xcbf29ce484222325`
/// (Fowler, Noll, Vo; RFC 9923).
///
/// ```
/// use ensue_core::hash::Fnv1a;
/// assert_eq!(Fnv1a::of(b"foobar").hex(), "85944171f73967e8");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fnv1a(u64);

impl Default for Fnv1a {
    fn default() -> Self {
        Self(OFFSET)
    }
}

impl Fnv1a {
    /// The hash of one piece of bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let mut hash = Self::default();
        hash.update(bytes);
        hash
    }

    /// Takes in more bytes; cutting the stream elsewhere gives the same hash.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0 =
            bytes.iter().fold(self.0, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
    }

    /// The hash so far.
    pub fn value(self) -> u64 {
        self.0
    }

    /// The hash so far as 16 lower-case hexadecimal digits.
    pub fn hex(self) -> String {
        format!("{:016x}", self.0)
    }
}

/// Anything that can be written can be hashed.
impl io::Write for Fnv1a {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_test_vectors_are_met() {
        // Oracle: the test vectors of the FNV reference page (draft-eastlake-fnv, 64 bits).
        assert_eq!(Fnv1a::of(b"").value(), 0xcbf2_9ce4_8422_2325);
        assert_eq!(Fnv1a::of(b"a").value(), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(Fnv1a::of(b"foobar").value(), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn pieces_hash_like_the_whole() {
        // Oracle: the same bytes in one piece.
        let mut pieces = Fnv1a::default();
        pieces.update(b"foo");
        pieces.update(b"bar");
        assert_eq!(pieces, Fnv1a::of(b"foobar"));
    }
}
