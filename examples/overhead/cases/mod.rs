//! What is measured: one file for each layer.

mod backoff;
mod bedrock;
mod bedrock_call;
mod breaker;
mod cache;
mod quota;
mod regions;
mod stack;
mod stream;

use crate::{
    immediate::Immediate,
    measure::{Candidate, Implementation},
};

type Make = fn() -> Vec<Candidate>;

/// Every case by its name, in the order of the report.
pub(crate) const ALL: &[(&str, Make)] = &[
    ("bare", bare),
    ("backoff-happy", backoff::happy),
    ("backoff-happy-budget", backoff::happy_budget),
    ("backoff-happy-deadline", backoff::happy_deadline),
    ("breaker-closed", breaker::closed),
    ("breaker-closed-count", breaker::closed_count),
    ("breaker-closed-2-threads", breaker::closed_on_two_threads),
    (
        "breaker-closed-count-2-threads",
        breaker::closed_count_on_two_threads,
    ),
    ("breaker-time-window-empty", breaker::time_window_empty),
    ("breaker-time-window-full", breaker::time_window_full),
    ("cache-hit", cache::hit),
    ("cache-hit-2-threads", cache::hit_on_two_threads),
    ("cache-miss", cache::miss),
    ("quota-admit", quota::admit),
    ("quota-admit-tokens", quota::admit_tokens),
    ("quota-admit-10000-keys", quota::admit_many_keys),
    ("quota-admit-2-threads", quota::admit_on_two_threads),
    ("stack-miss", stack::miss),
    ("regions-choice", regions::choice),
    (
        "regions-choice-conversation",
        regions::choice_of_a_conversation,
    ),
    ("regions-choice-second", regions::choice_of_the_second),
    ("bedrock-key-2kb", bedrock::key_2kb),
    ("bedrock-key-1mb", bedrock::key_1mb),
    ("bedrock-hit-2kb", bedrock::hit_2kb),
    ("bedrock-call-2kb", bedrock_call::of_2kb),
    ("bedrock-call-200kb", bedrock_call::of_200kb),
    ("bedrock-call-1mb", bedrock_call::of_1mb),
    ("stream-event", stream::event),
    ("stream-event-waited", stream::event_waited),
    ("stream-event-stack", stream::event_of_the_stack),
    ("stream-replay", stream::replay),
];

pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|(name, _)| *name)
}

fn bare() -> Vec<Candidate> {
    vec![Candidate::new(Implementation::Bare, Immediate)]
}
