//! Sets of dense ids as bits.

use std::ops::{BitAndAssign, BitOrAssign, SubAssign};

/// A set of dense ids below a fixed length, one bit each: 125 KB for a million.
///
/// Bits from [`Bitmap::len`] on are always 0, so that whole words can be counted and compared.
///
/// ```
/// use ensue_core::Bitmap;
///
/// let mut allowed = Bitmap::ones(5);
/// allowed.remove(3);
/// allowed &= &[0, 3, 4].into_iter().collect::<Bitmap>().resized(5);
/// assert_eq!(allowed.iter().collect::<Vec<_>>(), [0, 4]);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bitmap {
    words: Vec<u64>,
    len: usize,
}

impl Bitmap {
    /// The empty set among `len` ids.
    pub fn zeros(len: usize) -> Self {
        Self { words: vec![0; len.div_ceil(64)], len }
    }

    /// All of `len` ids.
    pub fn ones(len: usize) -> Self {
        let mut all = Self { words: vec![u64::MAX; len.div_ceil(64)], len };
        all.clear_tail();
        all
    }

    /// The ids below `len` that `holds` says yes to.
    ///
    /// ```
    /// use ensue_core::Bitmap;
    /// let even = Bitmap::from_fn(5, |id| id % 2 == 0);
    /// assert_eq!(even.iter().collect::<Vec<_>>(), [0, 2, 4]);
    /// ```
    pub fn from_fn(len: usize, holds: impl Fn(u32) -> bool) -> Self {
        let word = |first: usize| {
            let bits = first..len.min(first + 64);
            bits.fold(0, |word, id| word | u64::from(holds(id as u32)) << (id - first))
        };
        Self { words: (0..len).step_by(64).map(word).collect(), len }
    }

    /// How many ids there could be.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there could be no id at all; see [`Bitmap::count`] for how many there are.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether `id` is in the set; ids from [`Bitmap::len`] on are not.
    pub fn contains(&self, id: u32) -> bool {
        self.words.get(id as usize / 64).is_some_and(|word| word >> (id % 64) & 1 == 1)
    }

    /// Adds an id.
    ///
    /// # Panics
    /// When it is not below [`Bitmap::len`].
    pub fn insert(&mut self, id: u32) {
        assert!((id as usize) < self.len, "id {id} of {}", self.len);
        self.words[id as usize / 64] |= 1 << (id % 64);
    }

    /// Takes an id out; one that cannot be in is not there already.
    pub fn remove(&mut self, id: u32) {
        if let Some(word) = self.words.get_mut(id as usize / 64) {
            *word &= !(1 << (id % 64));
        }
    }

    /// Turns the set into the ids that are not in it.
    pub fn complement(&mut self) {
        self.words.iter_mut().for_each(|word| *word = !*word);
        self.clear_tail();
    }

    /// The same ids among `len`; those that are not below it are lost.
    pub fn resized(mut self, len: usize) -> Self {
        self.words.resize(len.div_ceil(64), 0);
        self.len = len;
        self.clear_tail();
        self
    }

    /// How many ids are in the set.
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The ids, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.words.iter().enumerate().flat_map(|(at, &word)| {
            std::iter::successors(Some(word), |&rest| Some(rest & (rest - 1)))
                .take_while(|&rest| rest != 0)
                .map(move |rest| at as u32 * 64 + rest.trailing_zeros())
        })
    }

    /// The bits, 64 ids a word, the lowest id in the lowest bit.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    fn clear_tail(&mut self) {
        if let (Some(last), rest @ 1..) = (self.words.last_mut(), self.len % 64) {
            *last &= (1 << rest) - 1;
        }
    }

    fn same_length(&self, other: &Self) {
        assert_eq!(self.len, other.len, "sets over different ids");
    }
}

/// Keeps what both sets have.
///
/// # Panics
/// When the lengths differ; so do the other two.
impl BitAndAssign<&Bitmap> for Bitmap {
    fn bitand_assign(&mut self, other: &Bitmap) {
        self.same_length(other);
        self.words.iter_mut().zip(&other.words).for_each(|(a, b)| *a &= b);
    }
}

/// Adds what the other set has.
impl BitOrAssign<&Bitmap> for Bitmap {
    fn bitor_assign(&mut self, other: &Bitmap) {
        self.same_length(other);
        self.words.iter_mut().zip(&other.words).for_each(|(a, b)| *a |= b);
    }
}

/// Takes out what the other set has.
impl SubAssign<&Bitmap> for Bitmap {
    fn sub_assign(&mut self, other: &Bitmap) {
        self.same_length(other);
        self.words.iter_mut().zip(&other.words).for_each(|(a, b)| *a &= !b);
    }
}

/// The set of these ids, as long as the largest needs.
impl FromIterator<u32> for Bitmap {
    fn from_iter<I: IntoIterator<Item = u32>>(ids: I) -> Self {
        let mut set = Self::default();
        for id in ids {
            if id as usize >= set.len {
                set = set.resized(id as usize + 1);
            }
            set.insert(id);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        // Oracle: sets of the standard library.
        #[test]
        fn behaves_as_a_set(
            len in 1usize..200,
            a in prop::collection::btree_set(0u32..200, 0..60),
            b in prop::collection::btree_set(0u32..200, 0..60),
        ) {
            let below = |ids: &BTreeSet<u32>| -> BTreeSet<u32> {
                ids.iter().copied().filter(|&id| (id as usize) < len).collect()
            };
            let (a, b) = (below(&a), below(&b));
            let of = |ids: &BTreeSet<u32>| ids.iter().copied().collect::<Bitmap>().resized(len);
            let (x, y) = (of(&a), of(&b));
            let ids = |set: &Bitmap| set.iter().collect::<BTreeSet<u32>>();
            prop_assert_eq!(&Bitmap::from_fn(len, |id| a.contains(&id)), &x);
            let mut both = x.clone();
            both &= &y;
            prop_assert_eq!(ids(&both), &a & &b);
            let mut either = x.clone();
            either |= &y;
            prop_assert_eq!(ids(&either), &a | &b);
            let mut less = x.clone();
            less -= &y;
            prop_assert_eq!(ids(&less), &a - &b);
            let mut others = x.clone();
            others.complement();
            prop_assert_eq!(ids(&others), below(&(0..200).filter(|id| !a.contains(id)).collect()));
            prop_assert_eq!(x.count() + others.count(), len);
            prop_assert_eq!(Bitmap::ones(len).count(), len);
            for id in 0..250 {
                prop_assert_eq!(x.contains(id), a.contains(&id));
            }
        }
    }
}
