//! Reads the records of a file, and says by number which lines it cannot read.

use crate::{
    converse::Conversation,
    record::{Payload, Record},
};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{fmt, fs, io, path::Path};

/// How a file's lines are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// JSON lines if any line begins like a JSON object, else plain text.
    Auto,
    /// One JSON object per line, with `recordId` and either `modelInput` or `converse`.
    Jsonl,
    /// One prompt per line.
    Text,
}

/// A file's records, in their order, and its lines that hold none.
pub(crate) struct Input {
    pub(crate) records: Vec<Record>,
    pub(crate) malformed: Vec<Malformed>,
}

/// A line that is no record.
pub(crate) struct Malformed {
    line: usize,
    why: String,
}

impl Input {
    /// Reads `path`; blank lines are no records and no mistakes.
    pub(crate) fn read(path: &Path, format: Format, max_tokens: i32) -> io::Result<Self> {
        let bytes = fs::read(path).map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", path.display()))
        })?;
        Ok(Self::parse(&bytes, format, max_tokens))
    }

    fn parse(bytes: &[u8], format: Format, max_tokens: i32) -> Self {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let lines = || {
            bytes
                .split(|&byte| byte == b'\n')
                .map(<[u8]>::trim_ascii)
                .enumerate()
                .filter(|(_, line)| !line.is_empty())
        };
        let is_json = match format {
            Format::Jsonl => true,
            Format::Text => false,
            Format::Auto => lines().any(|(_, line)| is_object(line)),
        };
        let mut input = Self {
            records: Vec::new(),
            malformed: Vec::new(),
        };
        for (index, line) in lines() {
            let number = index + 1;
            let record = if is_json {
                json(number, line)
            } else {
                text(number, line, max_tokens)
            };
            match record {
                Ok(record) => input.records.push(record),
                Err(why) => input.malformed.push(Malformed { line: number, why }),
            }
        }
        input
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    record_id: Option<String>,
    #[serde(borrow)]
    model_input: Option<&'a RawValue>,
    #[serde(borrow)]
    converse: Option<&'a RawValue>,
}

/// A prompt may begin with a brace, but a name in quotes after it says JSON, broken or not.
fn is_object(line: &[u8]) -> bool {
    line.strip_prefix(b"{")
        .is_some_and(|rest| rest.trim_ascii_start().starts_with(b"\""))
}

fn json(number: usize, line: &[u8]) -> Result<Record, String> {
    if !line.starts_with(b"{") {
        return Err("not a record: it is no JSON object".to_owned());
    }
    let line: Line<'_> = serde_json::from_slice(line).map_err(|error| not_a_record(&error))?;
    let (payload, input) = match (line.model_input, line.converse) {
        (Some(body), None) if body.get().starts_with('{') => (Payload::InvokeModel, body),
        (Some(_), None) => return Err("modelInput is not an object".to_owned()),
        (None, Some(converse)) => {
            let conversation: Conversation = serde_json::from_str(converse.get())
                .map_err(|error| format!("converse: {}", not_a_record(&error)))?;
            (Payload::Converse(conversation), converse)
        }
        (Some(_), Some(_)) => return Err("both modelInput and converse are given".to_owned()),
        (None, None) => return Err("neither modelInput nor converse is given".to_owned()),
    };
    Ok(Record {
        id: line.record_id.unwrap_or_else(|| unnamed(number)),
        payload,
        input: input.to_owned(),
    })
}

/// The reader calls every line the first; its own number is said already.
fn not_a_record(error: &serde_json::Error) -> String {
    let why = error.to_string();
    let place = format!(" at line 1 column {}", error.column());
    let why = why.strip_suffix(&place).unwrap_or(&why);
    format!("not a record in JSON: {why} (column {})", error.column())
}

/// The id of a record that brings none.
fn unnamed(number: usize) -> String {
    format!("line-{number}")
}

fn text(number: usize, line: &[u8], max_tokens: i32) -> Result<Record, String> {
    let prompt = str::from_utf8(line).map_err(|error| error.to_string())?;
    let conversation = Conversation::of_prompt(prompt, max_tokens);
    let input =
        serde_json::value::to_raw_value(&conversation).map_err(|error| error.to_string())?;
    Ok(Record {
        id: unnamed(number),
        payload: Payload::Converse(conversation),
        input,
    })
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} is skipped: {}", self.line, self.why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (Vec<String>, Vec<usize>) {
        let input = Input::parse(text.as_bytes(), Format::Auto, 8);
        let ids = input.records.into_iter().map(|record| record.id).collect();
        (ids, input.malformed.iter().map(|line| line.line).collect())
    }

    #[test]
    fn json_lines_are_records_and_other_lines_are_reported_by_number() {
        let (ids, malformed) = parse(concat!(
            "\u{feff}{\"recordId\":\"a\",\"modelInput\":{\"x\":1}}\r\n",
            "not json\n\n",
            "{\"recordId\":\"b\",\"converse\":{\"messages\":[]}}\n",
            "{\"recordId\":\"c\"}\n",
            "{\"recordId\":\"d\",\"modelInput\":[]}\n",
            "{\"recordId\":\"e\",\"modelInput\":{},\"converse\":{}}\n",
            "{\"recordId\":\"f\",\"converse\":{\"messages\":[],\"toolConfig\":{}}}\n",
            "{\"modelInput\":{}}",
        ));
        assert_eq!(ids, ["a", "b", "line-9"]);
        assert_eq!(malformed, [2, 5, 6, 7, 8]);
    }

    #[test]
    fn records_that_are_all_broken_are_not_taken_for_prompts() {
        for line in [
            r#"{"recordId":7,"modelInput":{}}"#,
            r#"{ "recordId": "a", "#,
        ] {
            assert_eq!(parse(line), (vec![], vec![1]), "{line}");
        }
    }

    #[test]
    fn a_file_without_json_is_a_prompt_a_line() {
        let (ids, malformed) = parse("{what} is this?\n\n[\"a\",{}]\n");
        assert_eq!(
            (ids, malformed),
            (vec!["line-1".to_owned(), "line-3".to_owned()], vec![])
        );
    }
}
