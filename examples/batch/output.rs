//! Appends answers to a file, and knows from it which records an earlier run has done.

use crate::record::{Answer, Failure, Record};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::value::RawValue;
use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::Path,
};

/// The file of answers.
pub(crate) struct Output {
    file: File,
    done: Done,
}

/// How often each record stands in the file already, by id and input: ids may repeat.
type Done = HashMap<(String, Box<str>), usize>;

/// How every line of ours begins.
const BEGINNING: &[u8] = br#"{"recordId":"#;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    record_id: &'a str,
    model_input: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_output: Option<Answer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DoneLine<'a> {
    record_id: String,
    #[serde(borrow)]
    model_input: &'a RawValue,
    model_output: Option<IgnoredAny>,
    error: Option<IgnoredAny>,
}

impl Output {
    /// Opens `path`, new or as an earlier run left it.
    ///
    /// A last line without its end is what a kill leaves behind: it is taken off, and its record
    /// runs again. A file with anything else in it is somebody else's and stays as it is.
    ///
    /// With `retry_failed`, the lines of records that failed are taken out, so that they run again.
    pub(crate) fn resume(path: &Path, retry_failed: bool) -> io::Result<Self> {
        Self::open(path, retry_failed)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
    }

    fn open(path: &Path, retry_failed: bool) -> io::Result<Self> {
        if fs::metadata(path).is_ok_and(|existing| !existing.is_file()) {
            return Err(io::Error::other("is no regular file; name another OUTPUT"));
        }
        let text = match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            text => text?,
        };
        let (kept, done) = read(&text, retry_failed)?;
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        if text.starts_with(&kept) {
            file.set_len(kept.len() as u64)?;
        } else {
            return Self::replaced(&fs::canonicalize(path)?, &kept, done);
        }
        Ok(Self { file, done })
    }

    /// Writes beside the file and puts that in its place, so that a kill here loses nothing either.
    fn replaced(path: &Path, kept: &[u8], done: Done) -> io::Result<Self> {
        let mut beside = path.as_os_str().to_owned();
        beside.push(".tmp");
        let mut file = File::create(&beside)?;
        file.set_permissions(fs::metadata(path)?.permissions())?;
        file.write_all(kept)?;
        fs::rename(&beside, path)?;
        Ok(Self { file, done })
    }

    /// The records that the file has no line for yet.
    pub(crate) fn without_done(&mut self, mut records: Vec<Record>) -> Vec<Record> {
        records.retain(|record| {
            let key = (record.id.clone(), record.input.get().into());
            match self.done.get_mut(&key) {
                Some(times) if *times > 0 => {
                    *times -= 1;
                    false
                }
                _ => true,
            }
        });
        records
    }

    /// Adds a record's line in one write, so that a kill can tear the last line at most.
    pub(crate) fn write(
        &mut self,
        record: &Record,
        answer: Result<Answer, Failure>,
    ) -> io::Result<()> {
        let (model_output, error) = match answer {
            Ok(answer) => (Some(answer), None),
            Err(failure) => (None, Some(failure)),
        };
        let mut line = serde_json::to_vec(&Line {
            record_id: &record.id,
            model_input: &record.input,
            model_output,
            error,
        })?;
        line.push(b'\n');
        self.file.write_all(&line)
    }
}

/// The lines that stay, and the records they are about.
fn read(text: &[u8], retry_failed: bool) -> io::Result<(Vec<u8>, Done)> {
    let whole = text
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |end| end + 1);
    let (lines, torn) = text.split_at(whole);
    let (mut kept, mut done) = (Vec::new(), Done::new());
    let mut number = 0;
    for line in lines.split_inclusive(|&byte| byte == b'\n') {
        number += 1;
        if line.trim_ascii().is_empty() {
            kept.extend_from_slice(line);
            continue;
        }
        let record: DoneLine<'_> = serde_json::from_slice(line)
            .ok()
            .filter(|line: &DoneLine<'_>| line.model_output.is_some() || line.error.is_some())
            .ok_or_else(|| foreign(number))?;
        if retry_failed && record.error.is_some() {
            continue;
        }
        kept.extend_from_slice(line);
        *done
            .entry((record.record_id, record.model_input.get().into()))
            .or_insert(0) += 1;
    }
    if !torn.starts_with(BEGINNING) && !BEGINNING.starts_with(torn) {
        return Err(foreign(number + 1));
    }
    Ok((kept, done))
}

fn foreign(line: usize) -> io::Error {
    let what = format!("line {line} is no answer of an earlier run; name another OUTPUT");
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWERED: &str = "{\"recordId\":\"a\",\"modelInput\":{\"x\": 1},\"modelOutput\":{}}\n";
    const FAILED: &str = "{\"recordId\":\"b\",\"modelInput\":{},\"error\":{}}\n";

    fn kept(text: &str, retry_failed: bool) -> io::Result<String> {
        read(text.as_bytes(), retry_failed).map(|(kept, _)| String::from_utf8(kept).unwrap())
    }

    #[test]
    fn a_torn_last_line_is_taken_off_wherever_it_tore() {
        for end in 0..ANSWERED.len() {
            let text = format!("{FAILED}{}", &ANSWERED[..end]);
            assert_eq!(kept(&text, false).unwrap(), FAILED, "{end}");
        }
    }

    #[test]
    fn a_file_with_anything_else_in_it_is_refused() {
        for foreign in [
            "notes",
            "notes\n",
            "\0\n",
            "{}\n",
            "{\"recordId\":\"a\",\"modelInput\":{}}\n",
        ] {
            assert!(
                kept(&format!("{ANSWERED}{foreign}"), false).is_err(),
                "{foreign}"
            );
        }
    }

    #[test]
    fn failed_records_run_again_only_if_asked() {
        let text = format!("{FAILED}{ANSWERED}{FAILED}");
        assert_eq!(kept(&text, false).unwrap(), text);
        assert_eq!(kept(&text, true).unwrap(), ANSWERED);
    }

    #[test]
    fn records_with_one_id_are_told_apart_by_input_and_counted() {
        let other = ANSWERED.replace("1}", "2}");
        let (_, done) = read(format!("{ANSWERED}{other}{ANSWERED}").as_bytes(), false).unwrap();
        let times = |input: &str| done[&("a".to_owned(), input.into())];
        assert_eq!((times("{\"x\": 1}"), times("{\"x\": 2}")), (2, 1));
    }
}
