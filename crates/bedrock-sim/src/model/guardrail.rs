//! The guardrail: a list of blocked words is its only policy.

/// What a guardrail says in the model's place.
pub(crate) const BLOCKED: &str = "Sorry, the model cannot answer this question.";

/// The words that are in the text, in any case.
pub(crate) fn blocked_words(text: &str, words: &[String]) -> Vec<String> {
    let text = text.to_lowercase();
    let is_in = |word: &&String| !word.is_empty() && text.contains(&word.to_lowercase());
    words.iter().filter(is_in).cloned().collect()
}
