//! Appends answers to a file, and knows from it which records an earlier run has done.

use crate::record::{Answer, Failure, Record};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::value::RawValue;
use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
};

/// The file of answers.
pub(crate) struct Output {
    file: File,
    /// How often each record stands in the file already, by id and input: ids may repeat.
    done: HashMap<(String, Box<str>), usize>,
}

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
    pub(crate) fn resume(path: &Path) -> io::Result<Self> {
        Self::open(path)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
    }

    fn open(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        let whole = text
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |end| end + 1);
        let (lines, torn) = text.split_at(whole);
        let mut done = HashMap::new();
        for (index, line) in lines.split(|&byte| byte == b'\n').enumerate() {
            if line.trim_ascii().is_empty() {
                continue;
            }
            let line: DoneLine<'_> = serde_json::from_slice(line)
                .ok()
                .filter(|line: &DoneLine<'_>| line.model_output.is_some() || line.error.is_some())
                .ok_or_else(|| foreign(index + 1))?;
            *done
                .entry((line.record_id, line.model_input.get().into()))
                .or_insert(0) += 1;
        }
        if !torn.starts_with(BEGINNING) && !BEGINNING.starts_with(torn) {
            return Err(foreign(lines.split(|&byte| byte == b'\n').count()));
        }
        file.set_len(whole as u64)?;
        file.seek(SeekFrom::End(0))?;
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

fn foreign(line: usize) -> io::Error {
    let what = format!("line {line} is no answer of an earlier run; name another OUTPUT");
    io::Error::new(io::ErrorKind::InvalidData, what)
}
