use crate::operation::Sampling;
use serde::Deserialize;

/// Whether the model draws its answer to `body` by chance. An embedding or a ranking is computed.
pub(in crate::operation) fn is_sampled(model_id: Option<&str>, body: &[u8]) -> bool {
    let computes = |model: &str| model.contains("embed") || model.contains("rerank");
    let asked = serde_json::from_slice::<Asked>(body);
    let temperature = asked.ok().and_then(|asked| asked.temperature());
    !model_id.is_some_and(computes) && temperature != Some(0.0)
}

/// What `body` says of how its answer is drawn, but for the most tokens.
pub(in crate::operation) fn sampling(body: &[u8]) -> Sampling {
    let asked = serde_json::from_slice::<Asked>(body).ok();
    Sampling {
        max_tokens: None,
        temperature: asked.as_ref().and_then(Asked::temperature),
        top_p: asked.as_ref().and_then(Asked::top_p),
    }
}

/// The temperature and the nucleus that a request asks for.
#[derive(Deserialize)]
struct Asked {
    temperature: Option<f64>,
    top_p: Option<f64>,
    #[serde(rename = "inferenceConfig")]
    nova: Option<Inference>,
    #[serde(rename = "textGenerationConfig")]
    titan: Option<Inference>,
}

#[derive(Deserialize)]
struct Inference {
    temperature: Option<f64>,
    #[serde(rename = "topP")]
    top_p: Option<f64>,
}

impl Asked {
    fn temperature(&self) -> Option<f64> {
        let inference = self.nova.as_ref().or(self.titan.as_ref());
        self.temperature
            .or_else(|| inference.and_then(|inference| inference.temperature))
    }

    fn top_p(&self) -> Option<f64> {
        let inference = self.nova.as_ref().or(self.titan.as_ref());
        self.top_p
            .or_else(|| inference.and_then(|inference| inference.top_p))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_family_names_its_temperature() {
        for (body, temperature) in [
            (r#"{"temperature":0,"messages":[]}"#, Some(0.0)),
            (r#"{"inferenceConfig":{"temperature":0.5}}"#, Some(0.5)),
            (r#"{"textGenerationConfig":{"temperature":1}}"#, Some(1.0)),
            (
                r#"{"inferenceConfig":{"temperature":0},"textGenerationConfig":{}}"#,
                Some(0.0),
            ),
            (r#"{"messages":[]}"#, None),
        ] {
            let asked: Asked = serde_json::from_str(body).unwrap();
            assert_eq!(asked.temperature(), temperature, "{body}");
        }
    }

    #[test]
    fn each_family_names_its_nucleus() {
        for (body, top_p) in [
            (r#"{"top_p":0.9,"messages":[]}"#, Some(0.9)),
            (r#"{"inferenceConfig":{"topP":0.5}}"#, Some(0.5)),
            (r#"{"textGenerationConfig":{"topP":1}}"#, Some(1.0)),
            (r#"{"messages":[]}"#, None),
            ("no JSON", None),
        ] {
            assert_eq!(sampling(body.as_bytes()).top_p, top_p, "{body}");
        }
    }
}
