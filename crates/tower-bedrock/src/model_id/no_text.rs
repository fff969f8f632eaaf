/// The beginnings of the ids of models that write no text, and so draw no output tokens: embeddings,
/// images, video, rankings.
pub(crate) const NO_TEXT: &[&str] = &[
    "amazon.nova-2-multimodal-embeddings",
    "amazon.nova-canvas",
    "amazon.nova-reel",
    "amazon.rerank",
    "amazon.titan-embed",
    "amazon.titan-image",
    "cohere.embed",
    "cohere.rerank",
    "luma.",
    "stability.",
    "twelvelabs.marengo",
];
