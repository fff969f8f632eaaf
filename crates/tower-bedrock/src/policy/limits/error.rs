use std::{
    error::Error,
    fmt, io,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Why a table of quotas was refused: where the first mistake is, and what to do about it.
///
/// Printed as `quotas.toml:3:1: unknown member …`, or without a file as `line 3, column 1: …`.
#[derive(Debug, Clone)]
pub struct QuotasError {
    path: Option<PathBuf>,
    place: Option<Place>,
    reason: Box<str>,
    source: Option<Arc<io::Error>>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    line: usize,
    column: usize,
}

impl QuotasError {
    /// Of what is wrong from byte `at.start` of `text`.
    pub(super) fn at(text: &str, at: &Range<usize>, reason: impl Into<Box<str>>) -> Self {
        Self {
            path: None,
            place: Some(Place::of(text, at.start)),
            reason: reason.into(),
            source: None,
        }
    }

    pub(super) fn unreadable(error: io::Error) -> Self {
        Self {
            path: None,
            place: None,
            reason: format!("cannot be read: {error}").into(),
            source: Some(Arc::new(error)),
        }
    }

    pub(super) fn in_file(mut self, path: &Path) -> Self {
        self.path = Some(path.to_owned());
        self
    }

    /// The file, if the table came from one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The line, from 1; `None` if the file could not be read at all.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.place.map(|place| place.line)
    }

    /// The column, in characters from 1; `None` if the file could not be read at all.
    #[must_use]
    pub fn column(&self) -> Option<usize> {
        self.place.map(|place| place.column)
    }

    /// What is wrong, and what to do about it.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl Place {
    fn of(text: &str, byte: usize) -> Self {
        let before = text.get(..byte).unwrap_or(text);
        let line = before.rsplit('\n').next().unwrap_or_default();
        Self {
            line: before.matches('\n').count() + 1,
            // A byte order mark is no column.
            column: line.trim_start_matches('\u{feff}').chars().count() + 1,
        }
    }
}

impl fmt::Display for QuotasError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.path, self.place) {
            (Some(path), Some(Place { line, column })) => {
                write!(f, "{}:{line}:{column}: ", path.display())?;
            }
            (Some(path), None) => write!(f, "{}: ", path.display())?,
            (None, Some(Place { line, column })) => write!(f, "line {line}, column {column}: ")?,
            (None, None) => {}
        }
        f.write_str(&self.reason)
    }
}

impl Error for QuotasError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let source = self.source.as_deref()?;
        Some(source)
    }
}
