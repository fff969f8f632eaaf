use serde::Deserialize;

/// Whether the model draws its answer to `body` by chance. An embedding or a ranking is computed.
pub(in crate::operation) fn is_sampled(model_id: Option<&str>, body: &[u8]) -> bool {
    let computes = |model: &str| model.contains("embed") || model.contains("rerank");
    let asked = serde_json::from_slice::<Asked>(body);
    let temperature = asked.ok().and_then(|asked| asked.temperature());
    !model_id.is_some_and(computes) && temperature != Some(0.0)
}

/// The temperature that a request asks for.
#[derive(Deserialize)]
struct Asked {
    temperature: Option<f64>,
    #[serde(rename = "inferenceConfig")]
    nova: Option<Inference>,
    #[serde(rename = "textGenerationConfig")]
    titan: Option<Inference>,
}

#[derive(Deserialize)]
struct Inference {
    temperature: Option<f64>,
}

impl Asked {
    fn temperature(&self) -> Option<f64> {
        let inference = self.nova.as_ref().or(self.titan.as_ref());
        self.temperature
            .or_else(|| inference.and_then(|inference| inference.temperature))
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
}
