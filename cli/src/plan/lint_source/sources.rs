//! The files that are scanned.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use ignore::WalkBuilder;

use super::language::Language;
use crate::output::Stop;

/// Largest file that is scanned: what people write is smaller, what bundlers write is not looked for.
pub(super) const MAX_SOURCE_BYTES: u64 = 1024 * 1024;

/// A file of a language that is known.
pub(super) struct Source {
    pub(super) path: String,
    pub(super) language: Language,
    /// `None`: larger than [`MAX_SOURCE_BYTES`].
    pub(super) text: Option<String>,
}

/// The files in these folders, by path, and these files.
pub(super) fn find(paths: &[PathBuf]) -> Result<impl Iterator<Item = anyhow::Result<Source>>, Stop> {
    if let Some(path) = paths.iter().find(|path| !path.exists()) {
        return Err(Stop::failed(path, "no such file or folder", "name what is there"));
    }
    // The same for everybody: what one developer's git ignores by itself is no part of the source's state.
    let mut walks = paths.iter().map(|path| {
        let mut walk = WalkBuilder::new(path);
        walk.require_git(false).git_global(false).git_exclude(false);
        walk.filter_entry(|entry| entry.file_name() != "node_modules");
        walk.sort_by_file_path(Path::cmp);
        walk.build()
    });
    let entries = walks.by_ref().collect::<Vec<_>>().into_iter().flatten();
    Ok(entries.filter_map(|entry| match entry {
        Ok(entry) if entry.path().is_file() => {
            let language = Language::of(entry.path())?;
            Some(read(entry.path(), language).map_err(anyhow::Error::from))
        }
        Ok(_) => None,
        Err(error) => Some(Err(error.into())),
    }))
}

fn read(path: &Path, language: Language) -> Result<Source, Stop> {
    let text =
        text(path).map_err(|error| Stop::failed(path, error, "make it readable, or name it in .ignore"))?;
    Ok(Source { path: path.display().to_string(), language, text })
}

fn text(path: &Path) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    // One more than may be, to see that there is more.
    File::open(path)?.take(MAX_SOURCE_BYTES + 1).read_to_end(&mut bytes)?;
    let fits = bytes.len() as u64 <= MAX_SOURCE_BYTES;
    // Old files are not always UTF-8, and names of events nearly always are.
    Ok(fits.then(|| String::from_utf8_lossy(&bytes).into_owned()))
}
