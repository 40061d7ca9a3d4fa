//! Columns of numbers as little-endian bytes: the form in which recipes and versions store their tables.

use ensue_core::artifact::{ArtifactError, ArtifactReader};

/// A number with a fixed little-endian form.
pub(crate) trait Number: Copy {
    /// Bytes one number takes.
    const SIZE: usize;
    fn put(self, out: &mut Vec<u8>);
    fn get(bytes: &[u8]) -> Self;
}

macro_rules! number {
    ($($kind:ty),+) => {$(
        impl Number for $kind {
            const SIZE: usize = size_of::<Self>();
            fn put(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
            fn get(bytes: &[u8]) -> Self {
                Self::from_le_bytes(bytes.try_into().expect("the caller cuts SIZE bytes"))
            }
        }
    )+};
}
number!(u8, u32, u64, i64, f32);

/// The bytes of a column.
pub(crate) fn to_bytes<N: Number>(column: &[N]) -> Vec<u8> {
    let mut out = Vec::with_capacity(column.len() * N::SIZE);
    for &value in column {
        value.put(&mut out);
    }
    out
}

/// The column in `bytes`, or `None` when they are not a whole number of values.
pub(crate) fn from_bytes<N: Number>(bytes: &[u8]) -> Option<Vec<N>> {
    let whole = bytes.len().is_multiple_of(N::SIZE);
    whole.then(|| bytes.chunks_exact(N::SIZE).map(N::get).collect())
}

/// The column in a file of an artifact.
pub(crate) fn read<N: Number>(
    reader: &ArtifactReader,
    file: &str,
) -> Result<Vec<N>, ArtifactError> {
    let bytes = reader.read(file)?;
    from_bytes(&bytes).ok_or_else(|| {
        let reason =
            format!("{} bytes are not a whole number of {}-byte values", bytes.len(), N::SIZE);
        reader.invalid(file, &reason)
    })
}

/// Whether `offsets` cut a column of `len` values into `rows` rows: start 0, never falling, end `len`.
pub(crate) fn are_offsets(offsets: &[u64], rows: usize, len: usize) -> bool {
    offsets.len() == rows + 1
        && offsets.first() == Some(&0)
        && offsets.last() == Some(&(len as u64))
        && offsets.is_sorted()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_survive_the_trip_and_half_numbers_are_refused() {
        // Oracle: the input.
        let column = [-5i64, 0, i64::MAX];
        assert_eq!(from_bytes::<i64>(&to_bytes(&column)).unwrap(), column);
        assert_eq!(from_bytes::<u32>(&[0, 0, 0]), None);
    }

    #[test]
    fn offsets_that_do_not_cut_rows_are_refused() {
        // Oracle: the rule in the function's first line.
        assert!(are_offsets(&[0, 2, 2, 5], 3, 5));
        for broken in [&[][..], &[1, 2, 2, 5], &[0, 1, 2, 4], &[0, 3, 2, 5], &[0, 5]] {
            assert!(!are_offsets(broken, 3, 5), "{broken:?}");
        }
    }
}
