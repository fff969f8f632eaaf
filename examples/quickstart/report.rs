use serde::Serialize;
use std::{
    io::{self, Write},
    time::Duration,
};

/// What came of the batch by both ways.
#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) calls: usize,
    pub(crate) plain: Run,
    pub(crate) stack: Run,
}

/// What came of the batch by one way.
#[derive(Serialize)]
pub(crate) struct Run {
    pub(crate) ok: usize,
    pub(crate) failed: usize,
    #[serde(flatten)]
    pub(crate) streams: Option<Streams>,
    pub(crate) throttled: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cache_hits: Option<usize>,
    pub(crate) seconds: f64,
}

/// What there is to tell of streams alone.
#[derive(Serialize)]
pub(crate) struct Streams {
    /// Those that broke off after their first event.
    pub(crate) broken: usize,
    /// Those of them whose reader was not told: they just ended.
    pub(crate) broken_unnoticed: usize,
    /// From when the caller asked, of the streams that were whole.
    pub(crate) first_event_p50_seconds: Option<f64>,
}

/// What came of one call, unless it answered with an error.
pub(crate) enum Outcome {
    Whole {
        is_from_cache: bool,
        /// How long it took to come, of a stream.
        first_event: Option<Duration>,
    },
    /// A stream broke off, with its error if the reader was told.
    Broken(Option<String>),
}

impl Run {
    /// Counts what came of each call; what is not known from that is zero.
    pub(crate) fn of(outcomes: &[Result<Outcome, String>], are_streams: bool) -> Self {
        let count = |is: fn(&Result<Outcome, String>) -> bool| {
            outcomes.iter().filter(|outcome| is(outcome)).count()
        };
        let mut first_events: Vec<f64> = outcomes
            .iter()
            .filter_map(|outcome| match outcome {
                Ok(Outcome::Whole { first_event, .. }) => *first_event,
                _ => None,
            })
            .map(|time| time.as_secs_f64())
            .collect();
        first_events.sort_by(f64::total_cmp);
        let hits = count(|outcome| {
            matches!(
                outcome,
                Ok(Outcome::Whole {
                    is_from_cache: true,
                    ..
                })
            )
        });
        Self {
            ok: count(|outcome| matches!(outcome, Ok(Outcome::Whole { .. }))),
            failed: count(Result::is_err),
            streams: are_streams.then(|| Streams {
                broken: count(|outcome| matches!(outcome, Ok(Outcome::Broken(_)))),
                broken_unnoticed: count(|outcome| matches!(outcome, Ok(Outcome::Broken(None)))),
                first_event_p50_seconds: first_events.get(first_events.len() / 2).copied(),
            }),
            throttled: 0,
            cache_hits: (hits > 0).then_some(hits),
            seconds: 0.0,
        }
    }
}

impl Report {
    pub(crate) fn table(&self, out: &mut impl Write) -> io::Result<()> {
        let ways = [("plain SDK", &self.plain), ("tower-bedrock", &self.stack)];
        write!(out, "{:16} {:>8} {:>8}", "", "ok", "failed")?;
        if self.plain.streams.is_some() {
            write!(
                out,
                " {:>8} {:>12} {:>13}",
                "broken", "untold of it", "1st event p50"
            )?;
        }
        writeln!(
            out,
            " {:>11} {:>12} {:>9}",
            "throttled", "cache hits", "seconds"
        )?;
        for (name, run) in ways {
            write!(out, "{name:<16} {:>8} {:>8}", run.ok, run.failed)?;
            if let Some(streams) = &run.streams {
                let first_event = streams.first_event_p50_seconds;
                write!(
                    out,
                    " {:>8} {:>12} {:>13}",
                    streams.broken,
                    streams.broken_unnoticed,
                    first_event.map_or("-".to_owned(), |time| format!("{time:.2}")),
                )?;
            }
            let hits = run.cache_hits;
            writeln!(
                out,
                " {:>11} {:>12} {:>9.1}",
                run.throttled,
                hits.map_or("-".to_owned(), |hits| hits.to_string()),
                run.seconds,
            )?;
        }
        Ok(())
    }
}
