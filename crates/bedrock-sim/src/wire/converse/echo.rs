use serde_json::{Value, json};

use crate::model::{Answer, StopReason};
use crate::wire::check::{JsonField, ServiceError};
use crate::wire::part::guardrail;

/// What an answer repeats of its request.
#[derive(Default)]
pub(crate) struct Echo {
    performance: Option<Value>,
    tier: Option<Value>,
    wants_stop_sequence: bool,
    /// The guardrail, if its trace is asked for.
    traced_guardrail: Option<String>,
}

impl Echo {
    pub(crate) fn of(root: &JsonField<'_>) -> Result<Self, ServiceError> {
        let mut echo = Self::default();
        if let Some(performance) = root.get("performanceConfig")? {
            let latency = match performance.get("latency")? {
                Some(latency) => latency.one_of(&["standard", "optimized"])?,
                None => "standard",
            };
            echo.performance = Some(json!({"latency": latency}));
        }
        if let Some(tier) = root.get("serviceTier")? {
            let tier = tier.require("type")?;
            let tier = tier.one_of(&["priority", "default", "flex", "reserved"])?;
            echo.tier = Some(json!({"type": tier}));
        }
        if let Some(paths) = root.get("additionalModelResponseFieldPaths")? {
            for path in paths.items()? {
                // The one field of a model's own that the simulator has to show.
                echo.wants_stop_sequence |= path.text()? == "/stop_sequence";
            }
        }
        if let Some(config) = root.get("guardrailConfig")?
            && let Some(trace) = config.get("trace")?
            && trace.one_of(&["enabled", "disabled", "enabled_full"])? != "disabled"
        {
            let id = config.get("guardrailIdentifier")?;
            echo.traced_guardrail = Some(id.map_or(Ok(""), |id| id.text())?.to_owned());
        }
        Ok(echo)
    }

    pub(super) fn add_to(&self, answer: &Answer, body: &mut Value) {
        if let Some(performance) = &self.performance {
            body["performanceConfig"] = performance.clone();
        }
        if let Some(tier) = &self.tier {
            body["serviceTier"] = tier.clone();
        }
        if let Some(id) = &self.traced_guardrail
            && answer.stop == StopReason::GuardrailIntervened
        {
            let assessment = guardrail::assessment(&answer.blocked_words);
            body["trace"] = json!({"guardrail": {
                "inputAssessment": {id: assessment},
                "actionReason": "Guardrail blocked.",
            }});
        }
    }

    pub(super) fn add_stop_sequence(&self, answer: &Answer, body: &mut Value) {
        if self.wants_stop_sequence {
            body["additionalModelResponseFields"] = json!({"stop_sequence": answer.stop_sequence});
        }
    }
}
