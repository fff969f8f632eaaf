use crate::refused::Refused;
use axum::{
    extract::FromRequestParts,
    http::{StatusCode, header::ACCEPT, request::Parts},
};
use headers_accept::Accept;
use mediatype::{MediaType, Name, names};
use std::str::FromStr;

/// What the caller wants to be answered with, by its `Accept` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wants {
    Json,
    Events,
}

const JSON: MediaType<'static> = MediaType::new(names::APPLICATION, names::JSON);
const EVENTS: MediaType<'static> = MediaType::new(names::TEXT, Name::new_unchecked("event-stream"));

impl Wants {
    /// `None` if the caller accepts neither; JSON if it does not care.
    fn of(accept: &Accept) -> Option<Self> {
        let offered = [JSON, EVENTS];
        let best = accept.negotiate(&offered)?;
        Some(if *best == JSON {
            Self::Json
        } else {
            Self::Events
        })
    }
}

impl<S: Sync> FromRequestParts<S> for Wants {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        let values = parts.headers.get_all(ACCEPT).iter();
        let values: Result<Vec<_>, _> = values.map(|value| value.to_str()).collect();
        let values = values.map_err(|_| Refused::bad("Accept is not ASCII"))?;
        if values.is_empty() {
            return Ok(Self::Json);
        }
        let accept = Accept::from_str(&values.join(", "))
            .map_err(|_| Refused::bad("Accept is no list of media types"))?;
        Self::of(&accept).ok_or_else(|| {
            let offered = "accept application/json or text/event-stream";
            Refused::new(StatusCode::NOT_ACCEPTABLE, offered)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caller_is_answered_with_what_it_likes_best() {
        for (accept, wants) in [
            ("*/*", Some(Wants::Json)),
            ("application/json", Some(Wants::Json)),
            ("text/event-stream", Some(Wants::Events)),
            ("text/*", Some(Wants::Events)),
            ("TEXT/Event-Stream", Some(Wants::Events)),
            ("text/event-stream, */*;q=0.1", Some(Wants::Events)),
            (
                "application/json;q=0.5, text/event-stream;q=0.9",
                Some(Wants::Events),
            ),
            (
                "text/event-stream;q=0.5, application/json",
                Some(Wants::Json),
            ),
            ("application/json;q=0, */*", Some(Wants::Events)),
            ("text/event-stream;q=0, text/*", None),
            ("text/html", None),
        ] {
            let header = Accept::from_str(accept).unwrap();
            assert_eq!(Wants::of(&header), wants, "{accept}");
        }
    }
}
