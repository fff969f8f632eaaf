use fastrand::Rng;

use super::words::WORDS;

/// A made-up text that is written as it is read: however long it is, it is kept as the state from
/// which its words are drawn.
///
/// With the space or the full stop after it each word is four characters, which is one token.
#[derive(Clone)]
pub(crate) struct DrawnText {
    rng: Rng,
    /// The word that is being written; empty before the first.
    word: &'static str,
    first: bool,
    /// Characters still to come, without the full stop.
    left: u64,
    full_stop: bool,
}

/// Characters of a word and of the space before the next.
const STEP: u64 = 4;

impl DrawnText {
    /// A text of so many words, without a full stop.
    pub(super) fn new(rng: Rng, words: u64) -> Self {
        Self {
            rng,
            word: "",
            first: true,
            left: (words * STEP).saturating_sub(1),
            full_stop: false,
        }
    }

    pub(super) fn end_with_a_full_stop(&mut self) {
        self.full_stop = self.left > 0;
    }

    /// Leaves out what comes after so many characters.
    pub(super) fn truncate(&mut self, characters: u64) {
        self.left = self.left.min(characters);
    }

    pub(super) fn characters(&self) -> u64 {
        self.left + u64::from(self.full_stop)
    }

    /// Writes up to so many characters more; an empty piece is the end.
    pub(super) fn piece(&mut self, characters: usize) -> String {
        std::iter::from_fn(|| self.next_character())
            .take(characters)
            .collect()
    }

    /// Where the text first says this, in characters.
    pub(super) fn find(&self, sought: &str) -> Option<u64> {
        // A match begins in one piece and may end in the next, so each is searched with the end of
        // the piece before.
        const PIECE: usize = 4_096;
        let (mut text, mut seen, mut window) = (self.clone(), 0, String::new());
        loop {
            let piece = text.piece(PIECE);
            if piece.is_empty() {
                return None;
            }
            window.push_str(&piece);
            // All of it is ASCII: bytes are characters.
            if let Some(at) = window.find(sought) {
                return Some(seen + at as u64);
            }
            let kept = sought.len().saturating_sub(1).min(window.len());
            let gone = window.len() - kept;
            window.drain(..gone);
            seen += gone as u64;
        }
    }

    fn draw_word(&mut self) {
        self.word = self.rng.choice(WORDS).copied().unwrap_or("the");
    }

    fn next_character(&mut self) -> Option<char> {
        if self.left == 0 {
            return std::mem::take(&mut self.full_stop).then_some('.');
        }
        self.left -= 1;
        if self.first {
            self.first = false;
            self.draw_word();
            let (initial, rest) = self.word.split_at(1);
            self.word = rest;
            return initial.chars().next().map(|c| c.to_ascii_uppercase());
        }
        let Some(next) = self.word.chars().next() else {
            self.draw_word();
            return Some(' ');
        };
        self.word = &self.word[1..];
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(words: u64) -> DrawnText {
        DrawnText::new(Rng::with_seed(7), words)
    }

    #[test]
    fn a_text_reads_the_same_in_pieces_and_whole() {
        for words in [0, 1, 2, 5, 2_000] {
            let mut whole = text(words);
            whole.end_with_a_full_stop();
            let characters = whole.characters();
            let whole = whole.piece(usize::MAX);
            assert_eq!(characters, whole.len() as u64);
            assert_eq!(characters, words * 4);
            let mut pieces = text(words);
            pieces.end_with_a_full_stop();
            let mut joined = String::new();
            for size in (1..).take(words as usize * 4) {
                joined.push_str(&pieces.piece(size));
            }
            assert_eq!(joined, whole);
        }
    }

    #[test]
    fn a_text_is_searched_as_if_it_were_all_there() {
        let whole = text(10_000).piece(usize::MAX);
        let across = &whole[4_090..4_110];
        for sought in [
            "The",
            "he",
            "no such words",
            across,
            &whole[30_000..39_999],
            ".",
        ] {
            let at = whole.find(sought).map(|at| at as u64);
            assert_eq!(text(10_000).find(sought), at, "{sought}");
        }
        let mut cut = text(10_000);
        cut.truncate(7);
        assert_eq!(cut.piece(usize::MAX), whole[..7]);
    }
}
