//! Strings to dense numbers and back.

use std::hint::black_box;
use std::io::{self, Write};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// First bytes of the written form; the digit is its format number.
const MAGIC: &[u8; 8] = b"ENSVOC1\n";
/// Strings looked up together.
const BATCH: usize = 64;
/// An empty slot of the index.
const EMPTY: u64 = u64::MAX;

/// A set of distinct strings numbered 0, 1, 2, .. in the order in which they came.
///
/// All text lies in one piece of memory; beside it stand 8 bytes an entry for its end and 11 to 22 for
/// the index. Lookups cost one hash and, as a rule, one comparison. Equal to another vocabulary when
/// both hold the same strings under the same numbers.
///
/// ```
/// use ensue_data::Vocabulary;
///
/// let mut items = Vocabulary::new();
/// assert_eq!(items.insert("tea"), 0);
/// assert_eq!(items.insert("jam"), 1);
/// assert_eq!(items.insert("tea"), 0);
/// assert_eq!(items.encode("jam"), Some(1));
/// assert_eq!(items.encode("rye"), None);
/// assert_eq!(items.decode(0), Some("tea"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    text: String,
    /// Where entry `i` ends in `text`; it starts where the one before ends.
    ends: Vec<u64>,
    /// Open addressing, power of two long: upper half of the hash in the upper 32 bits, id in the lower.
    slots: Vec<u64>,
}

/// Why bytes are not a written vocabulary.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VocabularyError {
    /// The first bytes are not those of a vocabulary of a format known here.
    #[error("not a vocabulary of format 1")]
    Format,
    /// There are fewer or more bytes than the counts in them say.
    #[error("the vocabulary has {found} bytes where its counts say {expected}")]
    Length {
        /// Bytes given.
        found: u64,
        /// Bytes needed.
        expected: u64,
    },
    /// An entry is not UTF-8.
    #[error("entry {entry} of the vocabulary is not UTF-8")]
    NotUtf8 {
        /// Number of the entry.
        entry: usize,
    },
    /// An entry equals an earlier one.
    #[error("entry {entry} of the vocabulary repeats entry {first}")]
    Repeated {
        /// Number of the entry.
        entry: usize,
        /// The entry it equals.
        first: usize,
    },
}

impl Vocabulary {
    /// An empty vocabulary.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many strings there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The number of a string, if it is in here.
    pub fn encode(&self, value: &str) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        let slot = self.slots[self.find(value, hash(value.as_bytes()))];
        (slot != EMPTY).then_some(slot as u32)
    }

    /// The number of a string, which is added when it is new.
    ///
    /// # Panics
    /// With more than 4 billion different strings.
    pub fn insert(&mut self, value: &str) -> u32 {
        self.insert_hashed(value, hash(value.as_bytes()))
    }

    /// The numbers of many strings, new ones being added in their order; several times as fast as one
    /// by one where the vocabulary is larger than the processor's cache.
    ///
    /// # Panics
    /// With more than 4 billion different strings.
    pub fn insert_all(&mut self, values: &[&str], ids: &mut Vec<u32>) {
        ids.reserve(values.len());
        let mut hashes = [0; BATCH];
        for values in values.chunks(BATCH) {
            for (hashed, value) in hashes.iter_mut().zip(values) {
                *hashed = hash(value.as_bytes());
            }
            let hashes = &hashes[..values.len()];
            self.warm(hashes);
            let pairs = values.iter().zip(hashes);
            ids.extend(pairs.map(|(value, &hash)| self.insert_hashed(value, hash)));
        }
    }

    fn insert_hashed(&mut self, value: &str, hash: u64) -> u32 {
        if (self.ends.len() + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        let at = self.find(value, hash);
        if self.slots[at] != EMPTY {
            return self.slots[at] as u32;
        }
        let id = u32::try_from(self.ends.len()).ok().filter(|&id| id < u32::MAX);
        let id = id.expect("a vocabulary holds fewer than 2^32 - 1 strings");
        self.slots[at] = hash & !u64::from(u32::MAX) | u64::from(id);
        self.text.push_str(value);
        self.ends.push(self.text.len() as u64);
        id
    }

    /// The string of a number, if it has one.
    pub fn decode(&self, id: u32) -> Option<&str> {
        let id = id as usize;
        let end = *self.ends.get(id)? as usize;
        let start = if id == 0 { 0 } else { self.ends[id - 1] as usize };
        Some(&self.text[start..end])
    }

    /// All strings in the order of their numbers.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let value = &self.text[start..end as usize];
            start = end as usize;
            value
        })
    }

    /// Bytes of memory in use beyond the struct itself.
    pub fn heap_bytes(&self) -> usize {
        self.text.capacity() + 8 * (self.ends.capacity() + self.slots.capacity())
    }

    /// Writes format number, count, the length of each entry and the text, little-endian.
    ///
    /// # Errors
    /// What `out` returns.
    pub fn write_to(&self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(MAGIC)?;
        out.write_all(&(self.ends.len() as u64).to_le_bytes())?;
        for value in self.iter() {
            let length = u32::try_from(value.len()).map_err(io::Error::other)?;
            out.write_all(&length.to_le_bytes())?;
        }
        out.write_all(self.text.as_bytes())
    }

    /// Reads what [`Vocabulary::write_to`] wrote.
    ///
    /// # Errors
    /// When the bytes are of another format, cut short, or do not hold distinct UTF-8 strings.
    pub fn read_from(bytes: &[u8]) -> Result<Self, VocabularyError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(VocabularyError::Format)?;
        let found = bytes.len() as u64;
        let (count, rest) = rest
            .split_first_chunk::<8>()
            .ok_or(VocabularyError::Length { found, expected: MAGIC.len() as u64 + 8 })?;
        let count = u64::from_le_bytes(*count);
        let header = (MAGIC.len() as u64 + 8).saturating_add(count.saturating_mul(4));
        if found < header {
            return Err(VocabularyError::Length { found, expected: header });
        }
        let (lengths, mut text) = rest.split_at(count as usize * 4);
        let (lengths, _) = lengths.as_chunks::<4>();
        let total: u64 = lengths.iter().map(|&length| u64::from(u32::from_le_bytes(length))).sum();
        if text.len() as u64 != total {
            return Err(VocabularyError::Length { found, expected: header.saturating_add(total) });
        }
        let mut vocabulary = Self::new();
        for (entry, &length) in lengths.iter().enumerate() {
            let (value, after) = text.split_at(u32::from_le_bytes(length) as usize);
            text = after;
            let value =
                std::str::from_utf8(value).map_err(|_| VocabularyError::NotUtf8 { entry })?;
            let first = vocabulary.insert(value) as usize;
            if first != entry {
                return Err(VocabularyError::Repeated { entry, first });
            }
        }
        Ok(vocabulary)
    }

    /// Brings into the cache what looking for strings of these hashes will touch. Each of the three steps
    /// loads places that do not depend on each other, so that the processor waits for all at once.
    fn warm(&self, hashes: &[u64]) {
        let Some(mask) = self.slots.len().checked_sub(1) else { return };
        let (mut slots, mut ends) = ([0; BATCH], [0; BATCH]);
        for (slot, &hash) in slots.iter_mut().zip(hashes) {
            *slot = self.slots[hash as usize & mask];
        }
        for (end, &slot) in ends.iter_mut().zip(&slots) {
            *end = self.ends.get(slot as u32 as usize).copied().unwrap_or_default();
        }
        let text = self.text.as_bytes();
        let last = |end: u64| text.get((end as usize).wrapping_sub(1)).copied().unwrap_or_default();
        black_box(ends[..hashes.len()].iter().fold(0, |sum, &end| sum ^ last(end)));
    }

    /// The slot which holds `value`, or the empty one where it belongs.
    fn find(&self, value: &str, hash: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let slot = self.slots[at];
            // The upper half of the hash tells most strangers apart without a look at their text.
            let alike = slot >> 32 == hash >> 32;
            if slot == EMPTY || (alike && self.decode(slot as u32) == Some(value)) {
                return at;
            }
            at = (at + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let length = (self.slots.len() * 2).max(16);
        let mut slots = vec![EMPTY; length];
        for (id, value) in self.iter().enumerate() {
            let hash = hash(value.as_bytes());
            let mut at = hash as usize & (length - 1);
            while slots[at] != EMPTY {
                at = (at + 1) & (length - 1);
            }
            slots[at] = hash & !u64::from(u32::MAX) | id as u64;
        }
        self.slots = slots;
    }
}

impl PartialEq for Vocabulary {
    fn eq(&self, other: &Self) -> bool {
        self.ends == other.ends && self.text == other.text
    }
}

impl Eq for Vocabulary {}

impl<S: AsRef<str>> FromIterator<S> for Vocabulary {
    fn from_iter<I: IntoIterator<Item = S>>(values: I) -> Self {
        let mut vocabulary = Self::new();
        for value in values {
            vocabulary.insert(value.as_ref());
        }
        vocabulary
    }
}

impl Serialize for Vocabulary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Vocabulary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = Vec::<String>::deserialize(deserializer)?;
        let mut vocabulary = Self::new();
        for (entry, value) in values.iter().enumerate() {
            let first = vocabulary.insert(value) as usize;
            if first != entry {
                return Err(serde::de::Error::custom(VocabularyError::Repeated { entry, first }));
            }
        }
        Ok(vocabulary)
    }
}

/// Folds 8 bytes at a time by a full 64x64 multiplication (the mixing step of wyhash).
fn hash(bytes: &[u8]) -> u64 {
    fn mix(a: u64, b: u64) -> u64 {
        let product = u128::from(a) * u128::from(b);
        product as u64 ^ (product >> 64) as u64
    }
    const KEYS: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xd1b5_4a32_d192_ed03];
    let mut state = bytes.len() as u64 ^ KEYS[1];
    let (words, tail) = bytes.as_chunks::<8>();
    for &word in words {
        state = mix(state ^ u64::from_le_bytes(word), KEYS[0]);
    }
    let mut last = [0; 8];
    last[..tail.len()].copy_from_slice(tail);
    mix(mix(state ^ u64::from_le_bytes(last), KEYS[0]), KEYS[1])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // Oracle: the definition (numbers in order of arrival).
    #[test]
    fn the_empty_string_and_long_strings_are_entries_like_others() {
        let long = "x".repeat(10_000);
        let vocabulary: Vocabulary = ["", "a", long.as_str(), "a", ""].into_iter().collect();
        assert_eq!(vocabulary.len(), 3);
        assert_eq!(vocabulary.iter().collect::<Vec<_>>(), ["", "a", &long]);
        assert_eq!(vocabulary.encode(""), Some(0));
        assert_eq!(vocabulary.encode(&long), Some(2));
        assert_eq!(vocabulary.decode(3), None);
        assert_eq!(Vocabulary::new().encode("a"), None);
    }

    // Oracle: each number written as text was inserted at its own position.
    #[test]
    fn a_hundred_thousand_numbers_find_themselves() {
        let vocabulary: Vocabulary = (0..100_000).map(|n| n.to_string()).collect();
        for n in 0..100_000_u32 {
            assert_eq!(vocabulary.encode(&n.to_string()), Some(n));
        }
        assert_eq!(vocabulary.encode("100000"), None);
    }

    // Oracle: the format as documented, written by hand.
    #[test]
    fn damaged_bytes_are_refused_with_the_reason() {
        let mut bytes = Vec::new();
        ["tea", "jam"].iter().collect::<Vocabulary>().write_to(&mut bytes).unwrap();
        assert_eq!(bytes, b"ENSVOC1\n\x02\0\0\0\0\0\0\0\x03\0\0\0\x03\0\0\0teajam");
        for cut in 0..bytes.len() {
            assert!(Vocabulary::read_from(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        let refused = |position: usize, byte: u8| {
            let mut bytes = bytes.clone();
            bytes[position] = byte;
            Vocabulary::read_from(&bytes).unwrap_err()
        };
        assert_eq!(refused(6, b'2'), VocabularyError::Format);
        let huge = VocabularyError::Length { found: 30, expected: u64::MAX };
        assert_eq!(refused(15, 0xff), huge);
        assert_eq!(refused(24, 0xff), VocabularyError::NotUtf8 { entry: 0 });
        bytes.truncate(24);
        bytes.extend(b"teatea");
        let repeated = Vocabulary::read_from(&bytes).unwrap_err();
        assert_eq!(repeated.to_string(), "entry 1 of the vocabulary repeats entry 0");
    }

    proptest! {
        // Oracle: the order of first appearance, found by linear search.
        #[test]
        fn encoding_and_decoding_are_inverse_and_survive_writing(
            values in prop::collection::vec("[a-c]{0,3}|\\PC{0,20}", 0..200),
        ) {
            let vocabulary: Vocabulary = values.iter().collect();
            let mut distinct: Vec<&String> = Vec::new();
            for value in &values {
                if !distinct.contains(&value) {
                    distinct.push(value);
                }
            }
            prop_assert_eq!(vocabulary.len(), distinct.len());
            let (mut together, mut ids) = (Vocabulary::new(), Vec::new());
            let (first, second) = values.split_at(values.len() / 3);
            for values in [first, second] {
                let values: Vec<&str> = values.iter().map(String::as_str).collect();
                together.insert_all(&values, &mut ids);
            }
            prop_assert_eq!(&together, &vocabulary);
            let one_by_one = values.iter().map(|value| vocabulary.encode(value).unwrap());
            prop_assert!(one_by_one.eq(ids));
            for (id, value) in distinct.iter().enumerate() {
                prop_assert_eq!(vocabulary.encode(value), Some(id as u32));
                prop_assert_eq!(vocabulary.decode(id as u32), Some(value.as_str()));
            }
            let mut bytes = Vec::new();
            vocabulary.write_to(&mut bytes).unwrap();
            prop_assert_eq!(&Vocabulary::read_from(&bytes).unwrap(), &vocabulary);
            let json = serde_json::to_string(&vocabulary).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Vocabulary>(&json).unwrap(), &vocabulary);
        }

        // Oracle: no panic, and whatever is accepted writes itself back.
        #[test]
        fn any_bytes_are_read_without_a_panic(tail in prop::collection::vec(any::<u8>(), 0..64)) {
            let bytes = [MAGIC.as_slice(), &tail].concat();
            if let Ok(vocabulary) = Vocabulary::read_from(&bytes) {
                let mut again = Vec::new();
                vocabulary.write_to(&mut again).unwrap();
                prop_assert_eq!(again, bytes);
            }
        }
    }
}
