//! Staging, and the rename that puts it in place.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use super::error::ArtifactError;
use super::manifest::{FORMAT, Listed, MANIFEST, Manifest, check_name};
use crate::hash::Fnv1a;

/// Writes a directory that appears whole or not at all.
///
/// Dropping it without [`Self::commit`] removes all traces.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scratch = tempfile::tempdir()?;
/// use ensue_core::{ArtifactReader, ArtifactWriter};
///
/// let dir = scratch.path().join("model");
/// let mut artifact = ArtifactWriter::create(&dir)?.with_kind("example");
/// artifact.write("weights.bin", &[1, 2, 3])?;
/// assert!(!dir.exists());
/// artifact.commit()?;
///
/// let artifact = ArtifactReader::open(&dir)?;
/// assert_eq!(artifact.kind(), "example");
/// assert_eq!(artifact.read("weights.bin")?, [1, 2, 3]);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct ArtifactWriter {
    target: PathBuf,
    staging: PathBuf,
    kind: String,
    files: Vec<Listed>,
    /// Folders within the staging directory, itself first.
    folders: Vec<PathBuf>,
    /// What stands before every name: the folders of [`Self::within`].
    prefix: String,
    unfinished: Option<String>,
    space: Option<u64>,
    committed: bool,
}

impl ArtifactWriter {
    /// Starts staging beside `dir`, which may hold an older artifact; missing folders above it are
    /// made.
    ///
    /// # Errors
    /// Where `dir` exists and is neither empty nor an artifact, or the system refuses.
    pub fn create(dir: &Path) -> Result<Self, ArtifactError> {
        let target = resolved(dir)?;
        check_replaceable(&target)?;
        let parent = parent(&target);
        fs::create_dir_all(parent).map_err(ArtifactError::io("create", parent))?;
        let staging = sibling(&target, "tmp");
        fs::create_dir(&staging).map_err(ArtifactError::io("create", &staging))?;
        Ok(Self {
            target,
            folders: vec![staging.clone()],
            staging,
            kind: String::new(),
            files: Vec::new(),
            prefix: String::new(),
            unfinished: None,
            space: None,
            committed: false,
        })
    }

    /// Says what the artifact is, for [`super::ArtifactReader::expect_kind`]. Default: empty.
    pub fn with_kind(mut self, kind: &str) -> Self {
        kind.clone_into(&mut self.kind);
        self
    }

    /// Behaves as if the disk had room for only so many bytes more: for tests of full disks.
    pub fn with_space(mut self, bytes: u64) -> Self {
        self.space = Some(bytes);
        self
    }

    /// Where the artifact will stand.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Does `work`, whose files go into this folder of the artifact: for parts that name their files themselves, of which
    /// there are several. [`super::ArtifactReader::within`] reads them back.
    pub fn within<T>(&mut self, folder: &str, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.prefix.len();
        self.prefix.push_str(folder);
        self.prefix.push('/');
        let done = work(self);
        self.prefix.truncate(before);
        done
    }

    /// Adds a file with this content. Names are relative, with `/` between folders.
    ///
    /// # Errors
    /// Where the name is no plain relative name or is taken, or the system refuses.
    pub fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), ArtifactError> {
        let path = self.staging.join(format!("{}{name}", self.prefix));
        let mut file = self.writer(name)?;
        file.write_all(bytes).map_err(ArtifactError::io("write", &path))?;
        file.finish()
    }

    /// Adds a file with this value as indented JSON.
    ///
    /// # Errors
    /// As [`Self::write`], and where the value has no form in JSON.
    pub fn write_json(
        &mut self,
        name: &str,
        value: &(impl Serialize + ?Sized),
    ) -> Result<(), ArtifactError> {
        let mut bytes = serde_json::to_vec_pretty(value)
            .map_err(|source| ArtifactError::Encode { name: name.to_owned(), source })?;
        bytes.push(b'\n');
        self.write(name, &bytes)
    }

    /// Adds a file to be written piece by piece; it counts once [`ArtifactFile::finish`] is called.
    ///
    /// # Errors
    /// As [`Self::write`], and where an earlier file was not finished.
    pub fn writer(&mut self, name: &str) -> Result<ArtifactFile<'_>, ArtifactError> {
        let name = &format!("{}{name}", self.prefix);
        check_name(name)?;
        if let Some(name) = &self.unfinished {
            return Err(ArtifactError::Unfinished { name: name.clone() });
        }
        if self.files.iter().any(|file| file.name == *name) {
            return Err(ArtifactError::WrittenTwice { name: name.to_owned() });
        }
        let path = self.staging.join(name);
        let mut folder = self.staging.clone();
        let (above, _) = name.rsplit_once('/').unwrap_or(("", name));
        for part in above.split('/').filter(|part| !part.is_empty()) {
            folder.push(part);
            if !self.folders.contains(&folder) {
                fs::create_dir(&folder).map_err(ArtifactError::io("create", &folder))?;
                self.folders.push(folder.clone());
            }
        }
        let file = File::create_new(&path).map_err(ArtifactError::io("create", &path))?;
        self.unfinished = Some(name.to_owned());
        Ok(ArtifactFile {
            name: name.to_owned(),
            path,
            out: BufWriter::with_capacity(1 << 16, Limited { file, space: self.space }),
            bytes: 0,
            hash: Fnv1a::default(),
            artifact: self,
        })
    }

    /// Puts the artifact in place: the manifest, a flush to the disk, the rename.
    ///
    /// # Errors
    /// Where a file was not finished or the system refuses; what stood there before stands there
    /// still.
    pub fn commit(mut self) -> Result<(), ArtifactError> {
        if let Some(name) = self.unfinished.take() {
            return Err(ArtifactError::Unfinished { name });
        }
        let manifest = Manifest {
            format: FORMAT,
            kind: self.kind.clone(),
            ensue: env!("CARGO_PKG_VERSION").to_owned(),
            files: self.files.clone(),
        };
        let mut bytes = serde_json::to_vec_pretty(&manifest)
            .map_err(|source| ArtifactError::Encode { name: MANIFEST.to_owned(), source })?;
        bytes.push(b'\n');
        write_synced(&self.staging.join(MANIFEST), &bytes, self.space)?;
        self.folders.iter().rev().try_for_each(|folder| sync_folder(folder))?;
        self.put_in_place()?;
        self.committed = true;
        sync_folder(parent(&self.target))
    }

    fn put_in_place(&self) -> Result<(), ArtifactError> {
        check_replaceable(&self.target)?; // again: something may have come there since
        let old = sibling(&self.target, "old");
        let replaces = self.target.exists();
        if replaces {
            fs::rename(&self.target, &old).map_err(ArtifactError::io("move", &self.target))?;
        }
        if let Err(source) = fs::rename(&self.staging, &self.target) {
            if replaces {
                // Should this fail as well, the older artifact is still found under the other name.
                let _ = fs::rename(&old, &self.target);
            }
            return Err(ArtifactError::Io { action: "create", path: self.target.clone(), source });
        }
        // The new artifact stands. A copy of an older one that cannot be removed does no harm.
        for old in set_aside(&self.target).into_iter().chain([old]) {
            let _ = fs::remove_dir_all(old);
        }
        Ok(())
    }
}

impl Drop for ArtifactWriter {
    fn drop(&mut self) {
        if !self.committed {
            let _ = fs::remove_dir_all(&self.staging);
        }
    }
}

/// A file of an artifact while it is written.
///
/// Without [`Self::finish`] the artifact cannot be committed.
#[derive(Debug)]
#[must_use = "call `finish` to make the file part of the artifact"]
pub struct ArtifactFile<'a> {
    name: String,
    path: PathBuf,
    out: BufWriter<Limited>,
    bytes: u64,
    hash: Fnv1a,
    artifact: &'a mut ArtifactWriter,
}

impl ArtifactFile<'_> {
    /// Flushes the file to the disk and lists it in the manifest.
    ///
    /// # Errors
    /// Where the system refuses.
    pub fn finish(self) -> Result<(), ArtifactError> {
        let Self { name, path, out, bytes, hash, artifact } = self;
        let Limited { file, space } = out
            .into_inner()
            .map_err(io::IntoInnerError::into_error)
            .map_err(ArtifactError::io("write", &path))?;
        file.sync_all().map_err(ArtifactError::io("write", &path))?;
        artifact.space = space;
        artifact.unfinished = None;
        artifact.files.push(Listed { name, bytes, checksum: hash.hex() });
        Ok(())
    }
}

impl Write for ArtifactFile<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A file on a disk that may be about to be full.
#[derive(Debug)]
struct Limited {
    file: File,
    space: Option<u64>,
}

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(space) = &mut self.space else { return self.file.write(bytes) };
        if *space == 0 && !bytes.is_empty() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let room = usize::try_from(*space).unwrap_or(usize::MAX).min(bytes.len());
        let written = self.file.write(&bytes[..room])?;
        *space -= written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes a single file that appears whole or not at all, replacing an older one.
///
/// # Errors
/// Where the system refuses; an older file stands there still.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), ArtifactError> {
    let target = resolved(path)?;
    let staging = sibling(&target, "tmp");
    let written = write_synced(&staging, bytes, None)
        .and_then(|()| fs::rename(&staging, &target).map_err(ArtifactError::io("create", &target)));
    if written.is_err() {
        let _ = fs::remove_file(&staging);
    }
    written?;
    sync_folder(parent(&target))
}

fn write_synced(path: &Path, bytes: &[u8], space: Option<u64>) -> Result<(), ArtifactError> {
    let file = File::create_new(path).map_err(ArtifactError::io("create", path))?;
    let mut out = Limited { file, space };
    out.write_all(bytes)
        .and_then(|()| out.file.sync_all())
        .map_err(ArtifactError::io("write", path))
}

/// Makes renames within a folder last. Only Unix lets a folder be opened for that.
fn sync_folder(folder: &Path) -> Result<(), ArtifactError> {
    if cfg!(unix) {
        OpenOptions::new()
            .read(true)
            .open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(ArtifactError::io("write", folder))?;
    }
    Ok(())
}

/// The place behind links, so that a link to an artifact stays one.
fn resolved(path: &Path) -> Result<PathBuf, ArtifactError> {
    let path = match fs::canonicalize(path) {
        Ok(path) => path,
        Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
        Err(source) => {
            return Err(ArtifactError::Io { action: "open", path: path.to_owned(), source });
        }
    };
    if path.file_name().is_none() {
        return Err(ArtifactError::BadName { name: path.display().to_string() });
    }
    Ok(path)
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// `.NAME.WHAT-PID-N` beside the path, different at every call.
fn sibling(path: &Path, what: &str) -> PathBuf {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let mut name = sibling_prefix(path, what);
    name.push(format!("{}-{}", process::id(), CALLS.fetch_add(1, Ordering::Relaxed)));
    parent(path).join(name)
}

fn sibling_prefix(path: &Path, what: &str) -> OsString {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{what}-"));
    name
}

/// Older artifacts of this place that a commit moved away, whole, in order of name.
pub(super) fn set_aside(target: &Path) -> Vec<PathBuf> {
    let prefix = sibling_prefix(target, "old");
    let mut found: Vec<PathBuf> = fs::read_dir(parent(target))
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().as_encoded_bytes().starts_with(prefix.as_encoded_bytes()))
        .map(|entry| entry.path())
        .filter(|path| path.join(MANIFEST).is_file())
        .collect();
    found.sort();
    found
}

/// Nothing, an empty folder or an older artifact: anything else might be someone's only copy.
fn check_replaceable(target: &Path) -> Result<(), ArtifactError> {
    match fs::read_dir(target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            Err(ArtifactError::NotReplaceable { dir: target.to_owned() })
        }
        Err(source) => Err(ArtifactError::Io { action: "open", path: target.to_owned(), source }),
        Ok(mut entries) => {
            if entries.next().is_none() || is_artifact(target) {
                Ok(())
            } else {
                Err(ArtifactError::NotReplaceable { dir: target.to_owned() })
            }
        }
    }
}

/// Whether the manifest there is one of ours, of whatever format: other programs also have a
/// `manifest.json`.
fn is_artifact(dir: &Path) -> bool {
    let manifest = fs::read(dir.join(MANIFEST)).unwrap_or_default();
    serde_json::from_slice::<serde_json::Value>(&manifest)
        .is_ok_and(|manifest| manifest["format"].is_u64() && manifest["ensue"].is_string())
}
