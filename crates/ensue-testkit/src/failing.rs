//! A disk that fills up.

use std::io::{self, Write};

/// Passes on so many bytes and then fails as a full disk does.
///
/// ```
/// use std::io::Write;
/// let mut disk = ensue_testkit::FailingWriter::new(Vec::new(), 3);
/// assert!(disk.write_all(b"abc").is_ok());
/// assert_eq!(disk.write(b"d").unwrap_err().kind(), std::io::ErrorKind::StorageFull);
/// assert_eq!(disk.into_inner(), b"abc");
/// ```
#[derive(Debug, Clone)]
pub struct FailingWriter<W> {
    inner: W,
    space: usize,
}

impl<W: Write> FailingWriter<W> {
    /// Room for `space` bytes.
    pub fn new(inner: W, space: usize) -> Self {
        Self { inner, space }
    }

    /// What the bytes were passed on to.
    pub fn into_inner(self) -> W {
        self.inner
    }
}

impl<W: Write> Write for FailingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.space == 0 && !bytes.is_empty() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let written = self.inner.write(&bytes[..bytes.len().min(self.space)])?;
        self.space -= written;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
