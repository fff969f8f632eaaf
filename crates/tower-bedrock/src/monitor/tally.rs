use super::{
    advice::Advice, histogram::Histogram, reason::Reason, record::Record, settings::Settings,
    snapshot::Snapshot,
};
use crate::response::Usage;
use std::{sync::Arc, time::Duration};

/// All that is known of one key.
#[derive(Debug, Default)]
pub(super) struct Tally {
    calls: u64,
    unset: u64,
    cut_off: u64,
    usage: Usage,
    reserved_tokens: u64,
    charged_tokens: u64,
    first_event: Mean,
    between_events: Mean,
    /// Of the answers, as long as they would have been had `max_tokens` not cut them off.
    lengths: Histogram,
    of_answers: OfAnswers,
    advised: bool,
    /// Nothing says which model it is.
    unknown: bool,
}

/// Sums over the answers alone: a call that failed is charged nothing, whatever it reserved.
#[derive(Debug, Default)]
struct OfAnswers {
    reserved_tokens: u64,
    charged_tokens: u64,
    /// What they reserved for their output.
    output_tokens: u64,
}

impl Tally {
    pub(super) fn record(&mut self, record: Record) {
        add(&mut self.calls, 1);
        add(&mut self.unset, u64::from(record.max_tokens.is_none()));
        add(&mut self.reserved_tokens, record.reserved_tokens);
        add(&mut self.charged_tokens, record.charged_tokens);
        self.first_event.add(record.first_event);
        self.between_events.add(record.between_events);
        let Some(usage) = record.usage else {
            return;
        };
        add(&mut self.cut_off, u64::from(record.cut_off));
        self.usage = self.usage.saturating_add(usage);
        let length = u32::try_from(usage.output_tokens).unwrap_or(u32::MAX);
        // Nobody knows how long an answer would have been that was cut off. Twice its length makes
        // the suggestion grow until few are.
        let wanted = length.saturating_mul(if record.cut_off { 2 } else { 1 });
        self.lengths.record(wanted);
        let answers = &mut self.of_answers;
        add(&mut answers.reserved_tokens, record.reserved_tokens);
        add(&mut answers.charged_tokens, record.charged_tokens);
        // Without `max_tokens` the rest of the reservation was for the output.
        let rest = record.reserved_tokens.saturating_sub(usage.prompt_tokens());
        add(
            &mut answers.output_tokens,
            record.max_tokens.map_or(rest, u64::from),
        );
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot {
            calls: self.calls,
            answers: self.lengths.total(),
            unset: self.unset,
            cut_off: self.cut_off,
            usage: self.usage,
            reserved_tokens: self.reserved_tokens,
            charged_tokens: self.charged_tokens,
            suggested_max_tokens: self.suggestion(),
            streams: u64::from(self.first_event.count),
            first_event: self.first_event.get(),
            between_events: self.between_events.get(),
        }
    }

    /// Notes that nothing says which model it is. Whether that is news.
    pub(super) fn is_unknown(&mut self) -> bool {
        !std::mem::replace(&mut self.unknown, true)
    }

    /// All there is to advise.
    pub(super) fn all_advice(&self, key: &Arc<str>, settings: &Settings) -> Vec<Advice> {
        let unknown = self.unknown.then(|| Advice::unknown(key));
        unknown
            .into_iter()
            .chain(self.advice(key, settings))
            .collect()
    }

    /// The advice on `max_tokens`, if there was none before.
    pub(super) fn first_advice(&mut self, key: &Arc<str>, settings: &Settings) -> Option<Advice> {
        if self.advised {
            return None;
        }
        let advice = self.advice(key, settings)?;
        self.advised = true;
        Some(advice)
    }

    fn advice(&self, key: &Arc<str>, settings: &Settings) -> Option<Advice> {
        // The cheap question first: it is asked after every call until there is advice.
        let reason = self.reason(settings)?;
        let answers = self.lengths.total();
        let enough = answers >= settings.after.max(1);
        let suggested_max_tokens = self.suggestion().filter(|_| enough);
        // Where answers need what is reserved for them there is nothing to gain.
        let reserved_for_output = self.of_answers.output_tokens / answers.max(1);
        if suggested_max_tokens.is_some_and(|tokens| u64::from(tokens) >= reserved_for_output) {
            return None;
        }
        Some(Advice {
            key: Arc::clone(key),
            reason,
            suggested_max_tokens,
            answers,
            cut_off: self.cut_off,
        })
    }

    fn reason(&self, settings: &Settings) -> Option<Reason> {
        if self.unset >= settings.after.max(1) {
            return Some(Reason::Unset { calls: self.unset });
        }
        if self.lengths.total() < settings.after.max(1) || self.of_answers.charged_tokens == 0 {
            return None;
        }
        let ratio = self.of_answers.reserved_tokens as f64 / self.of_answers.charged_tokens as f64;
        (ratio > settings.over_reservation).then_some(Reason::OverReserved { ratio })
    }

    fn suggestion(&self) -> Option<u32> {
        // Room for answers that are longer than those seen so far.
        let with_headroom = u64::from(self.lengths.percentile_99()?) * 6 / 5;
        Some(round_up(with_headroom.max(1)))
    }
}

/// A mean of times.
#[derive(Debug, Default)]
struct Mean {
    sum: Duration,
    count: u32,
}

impl Mean {
    fn add(&mut self, time: Option<Duration>) {
        if let Some(time) = time {
            self.sum = self.sum.saturating_add(time);
            self.count = self.count.saturating_add(1);
        }
    }

    fn get(&self) -> Option<Duration> {
        self.sum.checked_div(self.count)
    }
}

/// Up to the next number of which only the first two digits are not 0.
fn round_up(tokens: u64) -> u32 {
    let mut unit = 1;
    while tokens / unit >= 100 {
        unit *= 10;
    }
    u32::try_from(tokens.next_multiple_of(unit)).unwrap_or(u32::MAX)
}

fn add(sum: &mut u64, more: u64) {
    *sum = sum.saturating_add(more);
}
