//! Columns of numbers as little-endian bytes: the form in which predictors and forecasts store their
//! tables.

use std::io::Write;

use ensue_core::artifact::{ArtifactError, ArtifactReader, ArtifactWriter};

/// Writes a file of numbers, eight bytes each.
pub(crate) fn write(
    out: &mut ArtifactWriter,
    name: &str,
    numbers: impl IntoIterator<Item = [u8; 8]>,
) -> Result<(), ArtifactError> {
    let path = out.target().join(name);
    let mut file = out.writer(name)?;
    let mut numbers = numbers.into_iter();
    let written = numbers.try_for_each(|bytes| file.write_all(&bytes));
    written.map_err(ArtifactError::io("write", &path))?;
    file.finish()
}

/// Reads `expected` numbers, eight bytes each.
pub(crate) fn read<T>(
    reader: &ArtifactReader,
    name: &str,
    expected: usize,
    number: impl Fn([u8; 8]) -> T,
) -> Result<Vec<T>, ArtifactError> {
    let bytes = reader.read(name)?;
    let (numbers, rest) = bytes.as_chunks::<8>();
    if numbers.len() != expected || !rest.is_empty() {
        let reason =
            format!("it has {} bytes, {expected} numbers need {}", bytes.len(), 8 * expected);
        return Err(reader.invalid(name, reason));
    }
    Ok(numbers.iter().map(|bytes| number(*bytes)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_and_a_wrong_count_is_refused() {
        // Oracle: the numbers written.
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("columns");
        let mut out = ArtifactWriter::create(&path).unwrap();
        let numbers = [0.1, f64::NAN, -1e300];
        write(&mut out, "a.f64", numbers.map(f64::to_le_bytes)).unwrap();
        out.commit().unwrap();
        let reader = ArtifactReader::open(&path).unwrap();
        let back = read(&reader, "a.f64", 3, f64::from_le_bytes).unwrap();
        let bits = |numbers: &[f64]| numbers.iter().map(|y| y.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&back), bits(&numbers));
        let error = read(&reader, "a.f64", 4, f64::from_le_bytes).unwrap_err().to_string();
        assert!(error.contains("it has 24 bytes, 4 numbers need 32"), "{error}");
    }
}
