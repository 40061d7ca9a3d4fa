//! Plain or gzip bytes from a file.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

/// First bytes of a gzip stream.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Opens a file; the flag says whether it is gzip, which its first bytes decide, not its name.
pub(super) fn open(path: &Path) -> io::Result<(Box<dyn Read>, bool)> {
    let mut file = File::open(path)?;
    let mut magic = Vec::new();
    file.by_ref().take(2).read_to_end(&mut magic)?;
    file.rewind()?;
    if magic == GZIP {
        let decoder = MultiGzDecoder::new(BufReader::with_capacity(1 << 16, file));
        Ok((Box::new(decoder), true))
    } else {
        Ok((Box::new(file), false))
    }
}
