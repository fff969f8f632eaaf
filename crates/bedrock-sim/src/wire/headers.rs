use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::check::{Checker, JsonField, ServiceError};
use super::part::guardrail::assessment;
use crate::model::{Answer, StopReason};

const GUARDRAIL: HeaderName = HeaderName::from_static("x-amzn-bedrock-guardrailidentifier");
const VERSION: HeaderName = HeaderName::from_static("x-amzn-bedrock-guardrailversion");
const TRACE: HeaderName = HeaderName::from_static("x-amzn-bedrock-trace");
const LATENCY: HeaderName = HeaderName::from_static("x-amzn-bedrock-performanceconfig-latency");
const TIER: HeaderName = HeaderName::from_static("x-amzn-bedrock-service-tier");

/// What the headers of `InvokeModel` ask for.
pub(crate) struct InvokeHeaders {
    guardrail: Option<String>,
    traced: bool,
    latency: Option<&'static str>,
    tier: Option<&'static str>,
}

impl InvokeHeaders {
    pub(super) fn read(headers: &HeaderMap) -> Result<Self, ServiceError> {
        let text = |name| {
            let value: &HeaderValue = headers.get(name)?;
            Some(String::from_utf8_lossy(value.as_bytes()))
        };
        // Checked as members of the request, which is how the service complains about them.
        let members = json!({
            "guardrailIdentifier": text(GUARDRAIL).filter(|id| !id.is_empty()),
            "guardrailVersion": text(VERSION).filter(|version| !version.is_empty()),
            "trace": text(TRACE),
            "performanceConfigLatency": text(LATENCY),
            "serviceTier": text(TIER),
        });
        let members = JsonField::root(&members, Checker::Service);
        let one_of = |key, values| match members.get(key)? {
            Some(text) => text.one_of(values).map(Some),
            None => Ok(None),
        };
        let guardrail = members.get("guardrailIdentifier")?;
        if guardrail.is_some() {
            members.require("guardrailVersion")?;
        }
        let trace = one_of("trace", &["ENABLED", "DISABLED", "ENABLED_FULL"])?;
        Ok(Self {
            guardrail: guardrail
                .map(|id| id.text().map(str::to_owned))
                .transpose()?,
            traced: trace.is_some_and(|trace| trace != "DISABLED"),
            latency: one_of("performanceConfigLatency", &["standard", "optimized"])?,
            tier: one_of("serviceTier", &["priority", "default", "flex", "reserved"])?,
        })
    }

    pub(super) fn ask_for_guardrail(&self) -> bool {
        self.guardrail.is_some()
    }

    /// Adds what the guardrail did to a body, or to the last chunk of a stream.
    pub(super) fn report(&self, answer: &Answer, body: &mut Value) {
        let intervened = answer.stop == StopReason::GuardrailIntervened;
        if intervened || self.ask_for_guardrail() {
            let action = if intervened { "INTERVENED" } else { "NONE" };
            body["amazon-bedrock-guardrailAction"] = action.into();
        }
        if let Some(id) = self
            .guardrail
            .as_ref()
            .filter(|_| intervened && self.traced)
        {
            let assessment = assessment(&answer.blocked_words);
            body["amazon-bedrock-trace"] = json!({"guardrail": {"input": {id: assessment}}});
        }
    }

    /// Names what the call was served with.
    pub(super) fn echo(&self, headers: &mut HeaderMap) {
        for (name, value) in [(LATENCY, self.latency), (TIER, self.tier)] {
            if let Some(value) = value {
                headers.insert(name, HeaderValue::from_static(value));
            }
        }
    }
}
