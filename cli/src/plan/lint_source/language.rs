//! The languages that are scanned, and what is a comment in them.

use std::path::Path;

use regex::Regex;

/// What a file is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    /// JavaScript and TypeScript, with JSX or without.
    Script,
    /// HTML, and what becomes HTML: scripts are within it.
    Page,
    /// Python.
    Python,
    /// Ruby.
    Ruby,
}

impl Language {
    /// By the file's name. `None`: none of these, or written by a minifier.
    pub(super) fn of(path: &Path) -> Option<Self> {
        if Path::new(path.file_stem()?).extension().is_some_and(|it| it == "min") {
            return None;
        }
        match path.extension()?.to_str()? {
            "js" | "jsx" | "mjs" | "cjs" | "ts" | "tsx" | "mts" | "cts" => Some(Self::Script),
            "html" | "htm" | "vue" | "svelte" | "astro" | "erb" | "jinja" | "jinja2" | "j2" | "njk"
            | "hbs" | "liquid" | "ejs" | "php" => Some(Self::Page),
            "py" => Some(Self::Python),
            "rb" => Some(Self::Ruby),
            _ => None,
        }
    }
}

/// Blanks out comments: what stands in them captures nothing.
pub(super) struct Comments {
    script: Regex,
    page: Regex,
    within_page: Regex,
    python: Regex,
    ruby: Regex,
}

impl Comments {
    pub(super) fn new() -> Result<Self, regex::Error> {
        // Strings come first, so that what looks like a comment in one is none; a quote that is not closed on its line
        // (an apostrophe) is no string. What the group takes is the comment.
        const STRINGS: &str = r#""(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'"#;
        let script = Regex::new(&format!(r"(?s){STRINGS}|`(?:[^`\\]|\\.)*`|(/\*.*?\*/|//[^\n]*)"))?;
        let page = Regex::new(r"(?s)(<!--.*?-->|\{#.*?#\}|\{\{--.*?--\}\}|<%#.*?%>)")?;
        let within_page = Regex::new(r"(?s)<script\b[^>]*>(.*?)</script")?;
        // A text in three quotes is a doc comment, nearly always.
        let python = Regex::new(&format!("(?s)(\"\"\".*?\"\"\"|'''.*?''')|{STRINGS}|(#[^\\n]*)"))?;
        let ruby = Regex::new(&format!(r"(?s){STRINGS}|((?m:^)=begin\b.*?\n=end\b|#[^\n]*)"))?;
        Ok(Self { script, page, within_page, python, ruby })
    }

    /// The text, as long as before, with nothing where comments were.
    pub(super) fn blanked(&self, language: Language, text: &str) -> String {
        match language {
            Language::Script => blanked(&self.script, text),
            Language::Python => blanked(&self.python, text),
            Language::Ruby => blanked(&self.ruby, text),
            Language::Page => {
                let text = blanked(&self.page, text);
                let mut out = String::with_capacity(text.len());
                let mut end = 0;
                // Only within scripts is `//` a comment, and not a part of an address.
                for script in self.within_page.captures_iter(&text).filter_map(|found| found.get(1)) {
                    out.push_str(text.get(end..script.start()).unwrap_or_default());
                    out.push_str(&blanked(&self.script, script.as_str()));
                    end = script.end();
                }
                out.push_str(text.get(end..).unwrap_or_default());
                out
            }
        }
    }
}

fn blanked(comments: &Regex, text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut end = 0;
    for found in comments.captures_iter(text) {
        let Some(comment) = found.iter().skip(1).flatten().next() else { continue };
        out.push_str(text.get(end..comment.start()).unwrap_or_default());
        out.extend(comment.as_str().bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
        end = comment.end();
    }
    out.push_str(text.get(end..).unwrap_or_default());
    out
}
