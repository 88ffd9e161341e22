//! The files that a plan is read from, and those that are written from it.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use tallymark_plan::{Diagnostic, Plan, Source, file};

use crate::output::Stop;

/// Largest file that is read: the most that `crates/plan` takes of anything.
const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;

/// Reads a plan: from a folder of TOML files, from one of them, or from a plan.json.
pub(crate) fn read_plan(path: &Path) -> Result<Plan, Stop> {
    if has_extension(path, "json") {
        let text = read_text(path)?;
        return Plan::from_json(&text).map_err(|problems| {
            Stop::found(
                problems
                    .into_iter()
                    .map(|problem| Diagnostic { path: path.display().to_string(), ..problem }),
            )
        });
    }
    let mut files = Vec::new();
    for path in toml_files(path)? {
        files.push((path.display().to_string(), read_text(&path)?));
    }
    let sources: Vec<Source<'_>> = files.iter().map(|(path, text)| Source { path, text }).collect();
    file::parse(&sources).map_err(Stop::found)
}

fn toml_files(path: &Path) -> Result<Vec<PathBuf>, Stop> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let list = || fs::read_dir(path)?.map(|entry| entry.map(|it| it.path())).collect::<io::Result<Vec<_>>>();
    let mut files = list().map_err(|error| Stop::failed(path, error, "name a folder that can be listed"))?;
    files.retain(|file| has_extension(file, "toml"));
    files.sort();
    if files.is_empty() {
        let remedy = "name the folder of one plan, such as plans/shop";
        return Err(Stop::failed(path, "no TOML files in it", remedy));
    }
    Ok(files)
}

/// Reads a text. `-` is standard input.
pub(crate) fn read_text(path: &Path) -> Result<String, Stop> {
    read(path).map_err(|error| Stop::failed(path, error, "name a file of UTF-8 text that can be read"))
}

fn read(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    // One more than may be, to see that there is more.
    let limit = MAX_FILE_BYTES + 1;
    if path == OsStr::new("-") {
        io::stdin().lock().take(limit).read_to_end(&mut bytes)?;
    } else {
        File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    }
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(io::Error::other(format!("larger than {MAX_FILE_BYTES} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other("no UTF-8 text"))
}

/// Writes a text.
pub(crate) fn write_text(path: &Path, text: &str) -> Result<(), Stop> {
    fs::write(path, text).map_err(|error| Stop::failed(path, error, "name a file that can be written"))
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|it| it == extension)
}
