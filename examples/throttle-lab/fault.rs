use std::{fmt, str::FromStr, time::Duration};

use bedrock_sim::{ScriptEntry, ScriptedAnswer};
use clap::ValueEnum;
use serde::Serialize;

use crate::scenario::{from_to, seconds};

/// What goes wrong at the server, for which share of the calls, and when, as
/// `unavailable:0.5@120s-420s`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    /// Of the calls that arrive, up to 1.
    pub(crate) share: f64,
    /// All the time, if it is not said.
    pub(crate) span: Option<FaultSpan>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct FaultSpan {
    #[serde(rename = "from_s", serialize_with = "seconds")]
    pub(crate) from: Duration,
    #[serde(rename = "to_s", serialize_with = "seconds")]
    pub(crate) to: Duration,
}

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FaultKind {
    /// 503 `ServiceUnavailableException`.
    Unavailable,
    /// 500 `InternalServerException`.
    Internal,
    /// 429 `ModelNotReadyException`.
    NotReady,
    /// 429 `ThrottlingException`, "Model is currently overloaded".
    Busy,
    /// 529 `overloaded_error`.
    Overloaded,
    /// No answer.
    Hang,
    /// An answer, a minute later.
    Slow,
}

impl Fault {
    /// What the simulator plays; an error comes after so long.
    pub(crate) fn script(self, takes: Duration) -> ScriptEntry {
        use bedrock_sim::Fault;
        let fault = match self.kind {
            FaultKind::Unavailable => Fault::service_unavailable(),
            FaultKind::Internal => Fault::internal_server(),
            FaultKind::NotReady => Fault::model_not_ready(),
            FaultKind::Busy => Fault::throttling()
                .message("Model is currently overloaded, please wait before trying again."),
            FaultKind::Overloaded => Fault::overloaded(),
            FaultKind::Hang => Fault::hang(),
            FaultKind::Slow => {
                let slow = ScriptedAnswer::new().delay(Duration::from_secs(60));
                let slow = slow.rate(self.share);
                return match self.span {
                    Some(span) => slow.during(span.from..span.to).into(),
                    None => slow.into(),
                };
            }
        };
        let fault = fault.rate(self.share).delay(takes);
        match self.span {
            Some(span) => fault.during(span.from..span.to).into(),
            None => fault.into(),
        }
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let malformed =
            || "it is KIND:SHARE[@FROM-TO], such as unavailable:0.5@120s-420s".to_owned();
        let (kind, rest) = text.split_once(':').ok_or_else(malformed)?;
        let kind = FaultKind::from_str(kind, false).map_err(|_| {
            let kinds = FaultKind::value_variants().iter();
            let names = kinds.map(|kind| kind.name()).collect::<Vec<_>>();
            format!("`{kind}` is none of {}", names.join(", "))
        })?;
        let (share, span) = match rest.split_once('@') {
            Some((share, span)) => {
                let (from, to) = from_to(span, malformed)?;
                (share, Some(FaultSpan { from, to }))
            }
            None => (rest, None),
        };
        let share: f64 = share.parse().map_err(|_| malformed())?;
        if !(share > 0.0 && share <= 1.0) {
            return Err("the share is above 0 and at most 1".to_owned());
        }
        Ok(Self { kind, share, span })
    }
}

impl FaultKind {
    fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = 100.0 * self.share;
        let does = match self.kind {
            FaultKind::Unavailable => "answered 503",
            FaultKind::Internal => "answered 500",
            FaultKind::NotReady => "answered 429, model not ready",
            FaultKind::Busy => "answered 429, model overloaded",
            FaultKind::Overloaded => "answered 529",
            FaultKind::Hang => "not answered",
            FaultKind::Slow => "answered a minute late",
        };
        write!(f, "{percent} % {does}")?;
        if let Some(span) = &self.span {
            let (from, to) = (span.from.as_secs_f64(), span.to.as_secs_f64());
            write!(f, " from {from} to {to} s")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_a_kind_a_share_and_a_span() {
        let fault: Fault = "not-ready:0.25@2m-420s".parse().unwrap();
        let span = fault.span.unwrap();
        assert_eq!((fault.kind, fault.share), (FaultKind::NotReady, 0.25));
        assert_eq!((span.from.as_secs(), span.to.as_secs()), (120, 420));
        let wanted = "25 % answered 429, model not ready from 120 to 420 s";
        assert_eq!(fault.to_string(), wanted);
        assert_eq!("hang:1".parse::<Fault>().unwrap().span, None);
    }

    #[test]
    fn what_is_no_fault_is_told_why() {
        for (text, why) in [
            ("", "such as"),
            ("unavailable", "such as"),
            ("sad:0.5", "unavailable, internal"),
            ("hang:most", "such as"),
            ("hang:0", "above 0"),
            ("hang:2", "at most 1"),
            ("hang:1@120s", "such as"),
            ("hang:1@2m-1m", "ends after"),
        ] {
            let error = text.parse::<Fault>().unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
