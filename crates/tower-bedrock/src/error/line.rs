//! An error in one line, and for debugging: neither shows what a log must not have.

use super::{Error, told};
use std::{error::Error as _, fmt};

/// An ARN of an inference profile has about 90 characters.
const LONGEST_NAME: usize = 128;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut call = Vec::new();
        call.extend(self.operation().map(str::to_owned));
        for (word, name) in [("of", self.model_id()), ("in", self.region())] {
            let name = name.map(|name| told::shortened(name, LONGEST_NAME));
            call.extend(name.map(|name| format!("{word} {name}")));
        }
        if !call.is_empty() {
            write!(f, "{}: ", call.join(" "))?;
        }
        self.what(f)?;
        if let Some(events) = self.events_delivered() {
            write!(f, "; after {events} events")?;
        }
        let made = self.attempts().filter(|made| *made > 0);
        let last = self.last_attempt();
        if let Some(made) = made.filter(|made| *made > 1 || last.is_some()) {
            let attempts = if made == 1 { "attempt" } else { "attempts" };
            write!(f, "; {made} {attempts}")?;
        }
        if let Some(last) = last {
            f.write_str(if made.is_some() { ", " } else { "; " })?;
            f.write_str("the last failure: ")?;
            last.what(f)?;
        }
        Ok(())
    }
}

impl Error {
    /// What went wrong, whatever call it was.
    fn what(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Where Bedrock answered. Whoever else did is told in the message, with the status.
        let answered = self.code().is_some() || self.request_id().is_some();
        let status = self
            .status()
            .filter(|status| answered && *status >= 300)
            .map(|status| status.to_string());
        let message = self.shown().map(told::line);
        let head: Vec<&str> = status.as_deref().into_iter().chain(self.code()).collect();
        match (head.join(" "), message) {
            (head, Some(message)) if head.is_empty() => f.write_str(&message)?,
            (head, Some(message)) => write!(f, "{head}: {message}")?,
            (head, None) if self.code().is_some() => f.write_str(&head)?,
            (head, None) if head.is_empty() => f.write_str(self.kind().as_str())?,
            (head, None) => write!(f, "{head}: {}", self.kind())?,
        }
        match self.request_id() {
            Some(request_id) => write!(f, " (request id {request_id})"),
            None => Ok(()),
        }
    }

    /// What the last attempt failed with, if this error is that there was no other.
    fn last_attempt(&self) -> Option<&Self> {
        self.source()?.downcast_ref()
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind())
            .field("operation", &self.operation())
            .field("model_id", &self.model_id())
            .field("region", &self.region())
            .field("code", &self.code())
            .field("message", &self.shown().map(told::line))
            .field("status", &self.status())
            .field("request_id", &self.request_id())
            .field("retry_after", &self.retry_after())
            .field("attempts", &self.attempts())
            .field("events_delivered", &self.events_delivered())
            .finish_non_exhaustive()
    }
}
