use serde::{Deserialize, de::IgnoredAny};

/// What of an answer shows that it is no text: embeddings, images or a ranking.
#[derive(Deserialize)]
pub(in crate::operation) struct Wordless {
    embedding: Option<IgnoredAny>,
    embeddings: Option<IgnoredAny>,
    #[serde(rename = "embeddingsByType")]
    embeddings_by_type: Option<IgnoredAny>,
    images: Option<IgnoredAny>,
    artifacts: Option<IgnoredAny>,
    /// Some that write text have lists of these names too, of other things.
    #[serde(default)]
    results: Vec<Ranked>,
    #[serde(default)]
    data: Vec<Embedded>,
}

impl Wordless {
    pub(in crate::operation) fn is(&self) -> bool {
        let members = [
            &self.embedding,
            &self.embeddings,
            &self.embeddings_by_type,
            &self.images,
            &self.artifacts,
        ];
        let ranked = self.results.iter().map(|one| &one.relevance_score);
        let embedded = self.data.iter().map(|one| &one.embedding);
        let mut all = members.into_iter().chain(ranked).chain(embedded);
        all.any(Option::is_some)
    }
}

#[derive(Deserialize)]
struct Ranked {
    #[serde(alias = "relevanceScore")]
    relevance_score: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Embedded {
    embedding: Option<IgnoredAny>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embeddings_images_and_rankings_are_no_text() {
        for (body, wordless) in [
            (r#"{"embedding":[0.1],"embeddingsByType":{}}"#, true),
            (r#"{"embeddings":[[0.1]],"id":"1"}"#, true),
            (
                r#"{"embeddings":[{"embeddingType":"TEXT","embedding":[1]}]}"#,
                true,
            ),
            (r#"{"images":["AAAA"],"error":null}"#, true),
            (r#"{"artifacts":[{"base64":"AAAA"}]}"#, true),
            (r#"{"results":[{"index":0,"relevance_score":0.9}]}"#, true),
            (r#"{"results":[{"index":0,"relevanceScore":0.9}]}"#, true),
            (r#"{"data":[{"embedding":[0.1],"startSec":0}]}"#, true),
            (r#"{"results":[{"tokenCount":2,"outputText":"hi"}]}"#, false),
            (r#"{"message":"a film","finishReason":"stop"}"#, false),
            (r#"{"content":[]}"#, false),
        ] {
            let read: Wordless = serde_json::from_str(body).unwrap();
            assert_eq!(read.is(), wordless, "{body}");
        }
    }
}
