use std::time::Duration;

use proptest::{collection::vec, prelude::*, sample::select};

use super::{CacheControl, Seconds};

const FLAGS: [&str; 6] = [
    "no-store",
    "no-cache",
    "private",
    "must-revalidate",
    "proxy-revalidate",
    "only-if-cached",
];
const TIMES: [&str; 6] = [
    "max-age",
    "s-maxage",
    "min-fresh",
    "max-stale",
    "stale-while-revalidate",
    "stale-if-error",
];

fn read(line: &[u8]) -> CacheControl {
    let mut directives = CacheControl::default();
    directives.read(line);
    directives
}

fn seconds(seconds: u64) -> Seconds {
    Seconds::Of(Duration::from_secs(seconds))
}

/// One directive, in the form of the grammar: as text, and what it means.
#[derive(Clone, Debug)]
enum Directive {
    Flag(&'static str),
    Time(&'static str, u64),
    /// Of no meaning to this cache, whatever is in its value.
    Other(String),
}

impl Directive {
    fn text(&self, quoted: bool) -> String {
        match self {
            Self::Flag(name) if quoted => format!("{name}=\"a, b\""),
            Self::Flag(name) => (*name).to_owned(),
            Self::Time(name, time) if quoted => format!("{name}=\"{time}\""),
            Self::Time(name, time) => format!("{name}={time}"),
            Self::Other(value) => format!("other=\"{}\"", escape(value)),
        }
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

fn directive() -> impl Strategy<Value = Directive> {
    prop_oneof![
        select(&FLAGS[..]).prop_map(Directive::Flag),
        (select(&TIMES[..]), 0..4_u64).prop_map(|(name, time)| Directive::Time(name, time)),
        "[ -~]{0,20}".prop_map(Directive::Other),
        select(&FLAGS[..]).prop_map(|name| Directive::Other(format!("\", {name}, \""))),
    ]
}

/// The plainest reading: asks for each directive whether it is there.
fn model(directives: &[Directive]) -> CacheControl {
    let has = |name: &str| {
        let mut all = directives.iter();
        all.any(|directive| matches!(directive, Directive::Flag(flag) if *flag == name))
    };
    let time = |name: &str| {
        let all = directives.iter().filter_map(|directive| match directive {
            Directive::Time(own, time) if *own == name => Some(*time),
            _ => None,
        });
        let all: Vec<u64> = all.collect();
        match all.first() {
            None => Seconds::Absent,
            Some(first) if all.iter().all(|time| time == first) => seconds(*first),
            Some(_) => Seconds::Invalid,
        }
    };
    CacheControl {
        no_store: has("no-store"),
        no_cache: has("no-cache"),
        private: has("private"),
        must_revalidate: has("must-revalidate") || has("proxy-revalidate"),
        only_if_cached: has("only-if-cached"),
        max_age: time("max-age"),
        s_maxage: time("s-maxage"),
        min_fresh: time("min-fresh"),
        max_stale: time("max-stale"),
        stale_while_revalidate: time("stale-while-revalidate"),
        stale_if_error: time("stale-if-error"),
    }
}

proptest! {
    #[test]
    fn directives_of_the_grammar_are_read_as_the_plainest_model_reads_them(
        directives in vec((directive(), any::<bool>(), any::<bool>()), 0..12),
        separator in select(&[",", ", ", " ,\t", ",,", ", , "][..]),
    ) {
        let texts = directives.iter().map(|(directive, quoted, upper)| {
            let text = directive.text(*quoted);
            if *upper { text.to_ascii_uppercase() } else { text }
        });
        let line = texts.collect::<Vec<_>>().join(separator);
        let expected: Vec<_> = directives.into_iter().map(|(directive, ..)| directive).collect();
        prop_assert_eq!(read(line.as_bytes()), model(&expected), "{}", line);
    }

    #[test]
    fn any_bytes_are_read(line in vec(any::<u8>(), 0..200)) {
        read(&line);
    }

    #[test]
    fn no_store_after_anything_is_seen_unless_it_is_quoted(before in "[ -~]{0,40}") {
        let line = format!("{before}, no-store");
        let quoted = before.matches('"').count() % 2 == 1 || before.contains('\\');
        prop_assert!(read(line.as_bytes()).no_store || quoted, "{}", line);
    }

    #[test]
    fn string_without_an_end_hides_nothing(before in "[ -~&&[^\"\\\\]]{0,40}", hidden in "[ -~&&[^\"]]{0,40}") {
        for line in [format!("{before},a=\"{hidden}"), format!("{before}\"{hidden}")] {
            prop_assert!(read(line.as_bytes()).no_store, "{}", line);
        }
    }

    #[test]
    fn number_of_any_length_is_read(digits in "[0-9]{1,60}") {
        let expected = digits.parse::<u64>().unwrap_or(u64::MAX).min(1 << 31);
        let line = format!("max-age={digits}");
        prop_assert_eq!(read(line.as_bytes()).max_age, seconds(expected));
    }
}

#[test]
fn value_that_is_no_number_is_invalid() {
    for value in [
        "", " ", "-1", "+1", "1.5", "1 2", " 1", "0x1", "\"", "\"1", "\"1\"2", "\u{661}",
    ] {
        let read = read(format!("max-age={value}").as_bytes());
        let careful = read.no_store || read.max_age == Seconds::Invalid;
        assert!(careful, "{value}: {read:?}");
    }
    assert_eq!(read(b"max-age=1 ,a").max_age, seconds(1));
    assert_eq!(read(b"max-age=\"\\1\"").max_age, seconds(1));
    assert_eq!(read(b"max-stale").max_stale, Seconds::Of(Duration::MAX));
    assert_eq!(read(b"max-stale=").max_stale, Seconds::Invalid);
    assert_eq!(read(b"max-stale, max-stale=1").max_stale, Seconds::Invalid);
}
