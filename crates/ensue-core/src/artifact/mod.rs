//! Directories that are either wholly written or not there.
//!
//! A writer stages everything in a directory beside the target, writes a manifest of it, flushes it
//! to the disk and renames it into place: a full disk, a killed process or an error half-way leaves
//! what was there before. A reader refuses what is not whole.
//!
//! | file | what it holds |
//! |---|---|
//! | `writer.rs` | [`ArtifactWriter`], and [`write_atomic`] for a single file |
//! | `reader.rs` | [`ArtifactReader`] |
//! | `manifest.rs` | `manifest.json`: format, kind, version, files with sizes and checksums |
//! | `error.rs` | [`ArtifactError`] |
//!
//! A process that is killed while it writes leaves its staging directory (`.NAME.tmp-...`), which
//! nobody reads and which may be deleted. One that is killed in the instant between the two renames
//! that replace an older artifact leaves the older one as `.NAME.old-...`; the reader finds it there.

mod error;
mod manifest;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

pub use error::ArtifactError;
pub use manifest::{FORMAT, MANIFEST};
pub use reader::ArtifactReader;
pub use writer::{ArtifactFile, ArtifactWriter, write_atomic};
