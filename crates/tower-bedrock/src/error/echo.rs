//! Which parts of a text are of the request that it is about: a validation may repeat a prompt without
//! quoting it, and an interceptor of the user's own may.

use serde_json::Value;
use std::{collections::HashSet, ops::Range};

/// So many bytes in a row, in a text and in a request, are no chance: names of fields, limits and the
/// usual turns of Bedrock's messages are shorter.
const ECHO: usize = 24;

/// A shorter string of a request counts if it is there as a whole, and is no single word.
const SHORTEST: usize = 8;

/// The text with `…` for what it repeats of the strings in a request's `body`; `None` if it repeats none.
pub(super) fn without_echo(text: &str, body: &[u8]) -> Option<String> {
    let mut echo = Echo::of(text);
    match serde_json::from_slice(body) {
        Ok(json) => echo.find_in_json(&json),
        Err(_) => echo.find_in(&String::from_utf8_lossy(body)),
    }
    echo.elided()
}

struct Echo<'a> {
    text: &'a str,
    /// Of each [`ECHO`] bytes of the text.
    hashes: HashSet<u64>,
    /// Which bytes of the text are repeated.
    repeated: Vec<bool>,
}

impl<'a> Echo<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            text,
            hashes: windows(text.as_bytes()).map(|(_, hash)| hash).collect(),
            repeated: vec![false; text.len()],
        }
    }

    fn find_in_json(&mut self, json: &Value) {
        match json {
            Value::String(string) => self.find_in(string),
            Value::Array(values) => values.iter().for_each(|value| self.find_in_json(value)),
            Value::Object(members) => members.values().for_each(|value| self.find_in_json(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn find_in(&mut self, string: &str) {
        if string.len() < ECHO {
            let string = string.trim();
            let is_word = !string.contains(char::is_whitespace) && string.is_ascii();
            if string.len() >= SHORTEST && !is_word {
                let found: Vec<_> = self.text.match_indices(string).map(|(at, _)| at).collect();
                for at in found {
                    self.mark(at..at + string.len());
                }
            }
            return;
        }
        // One pass, however long the prompt is.
        let found: HashSet<u64> = windows(string.as_bytes())
            .map(|(_, hash)| hash)
            .filter(|hash| self.hashes.contains(hash))
            .collect();
        if !found.is_empty() {
            for (at, hash) in windows(self.text.as_bytes()) {
                if found.contains(&hash) {
                    self.mark(at..at + ECHO);
                }
            }
        }
    }

    fn mark(&mut self, range: Range<usize>) {
        self.repeated[range].fill(true);
    }

    fn elided(&self) -> Option<String> {
        if !self.repeated.contains(&true) {
            return None;
        }
        let mut kept = String::with_capacity(self.text.len());
        for (at, c) in self.text.char_indices() {
            // A character of which a part was repeated is left out as a whole.
            let is_repeated = self.repeated[at..at + c.len_utf8()].contains(&true);
            if !is_repeated {
                kept.push(c);
            } else if !kept.ends_with('…') {
                kept.push('…');
            }
        }
        Some(kept)
    }
}

/// Where each [`ECHO`] bytes begin, and their hash, which is made of the one before.
fn windows(bytes: &[u8]) -> impl Iterator<Item = (usize, u64)> {
    const BASE: u64 = 0x0100_0000_01b3;
    let leaving = (1..ECHO).fold(1_u64, |power, _| power.wrapping_mul(BASE));
    let mut hash = 0_u64;
    bytes.iter().enumerate().filter_map(move |(at, byte)| {
        if at >= ECHO {
            hash = hash.wrapping_sub(leaving.wrapping_mul(u64::from(bytes[at - ECHO])));
        }
        hash = hash.wrapping_mul(BASE).wrapping_add(u64::from(*byte));
        (at + 1 >= ECHO).then(|| (at + 1 - ECHO, hash))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SENT: &str = r#"{"messages": [{"role": "user", "content": [{"text":
        "My card is 4711 0815 and\nits PIN is easy: 1234, they said."}]}],
        "system": [{"text": "Be kind."}], "maxTokens": 7}"#;

    fn told(text: &str) -> String {
        without_echo(text, SENT.as_bytes()).unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn what_a_text_repeats_of_a_request_is_left_out() {
        for (said, kept) in [
            (
                "input My card is 4711 0815 and\nits PIN is bad",
                "input …bad",
            ),
            (
                "blocked: its PIN is easy: 1234, they said.; try again",
                "blocked: …; try again",
            ),
            ("not `Be kind.`, please", "not `…`, please"),
        ] {
            assert_eq!(told(said), kept);
        }
    }

    #[test]
    fn a_few_words_in_common_are_no_echo() {
        for said in [
            "My card is 4711",
            "messages.0.content.0.text: is easy",
            "the role must be user or assistant",
            "",
        ] {
            assert_eq!(told(said), said);
        }
    }

    #[test]
    fn a_body_that_is_no_json_is_one_text() {
        let sent = "a long prompt that is no JSON at all".as_bytes();
        let said = without_echo("refused: a long prompt that is no JSON", sent);
        assert_eq!(said.as_deref(), Some("refused: …"));
    }

    proptest! {
        /// Against the plainest way to say it.
        #[test]
        fn what_is_left_repeats_nothing(
            before in "[a-c ]{0,30}",
            prompt in "[a-cü\n\"]{30,60}",
            after in "[a-c ]{0,30}",
        ) {
            let sent = serde_json::json!({ "text": prompt }).to_string();
            let said = format!("{before}{prompt}{after}");
            let kept = without_echo(&said, sent.as_bytes()).expect("it is all there");
            let repeats = |part: &[u8]| memchr::memmem::find(prompt.as_bytes(), part).is_some();
            prop_assert!(!kept.as_bytes().windows(ECHO).any(repeats), "{kept}");
            prop_assert!(kept.chars().count() <= said.chars().count() - prompt.chars().count() + 1);
        }
    }
}
