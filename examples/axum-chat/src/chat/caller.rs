use crate::{App, refused::Refused};
use axum::{extract::FromRequestParts, http::request::Parts};
use std::{sync::Arc, time::Duration};
use tower_bedrock::Request;

/// Who asks, and how long an answer is worth having to them.
///
/// Whoever sends these headers is believed: have what authenticates your callers set `x-tenant`.
#[derive(Debug)]
pub(crate) struct Caller {
    tenant: Option<Arc<str>>,
    time: Duration,
}

impl Caller {
    /// Tenants share no cached answers and take turns at the quota. The deadline is that of the whole
    /// answer, so that a shutdown knows how long it takes.
    pub(super) fn asks<I>(self, input: I) -> Request<I> {
        let request = Request::new(input).timeout(self.time).whole_stream();
        match self.tenant {
            Some(tenant) => request.tenant(tenant),
            None => request,
        }
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refused> {
        let header = |name| {
            parts
                .headers
                .get(name)
                .map(|value| value.to_str().unwrap_or(""))
        };
        Ok(Self {
            tenant: header("x-tenant").map(tenant).transpose()?,
            time: match header("x-deadline-ms") {
                Some(value) => deadline(value, app.longest)?,
                None => app.longest,
            },
        })
    }
}

fn tenant(value: &str) -> Result<Arc<str>, Refused> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if (1..=64).contains(&value.len()) && value.chars().all(is_name) {
        Ok(value.into())
    } else {
        Err(Refused::bad(
            "x-tenant has 1 to 64 letters, digits, dots, dashes or underscores",
        ))
    }
}

fn deadline(value: &str, longest: Duration) -> Result<Duration, Refused> {
    let time = value.parse().ok().map(Duration::from_millis);
    time.filter(|time| !time.is_zero() && *time <= longest)
        .ok_or_else(|| {
            let longest = longest.as_millis();
            Refused::bad(format!(
                "x-deadline-ms is a whole number of milliseconds from now, 1 to {longest}"
            ))
        })
}
