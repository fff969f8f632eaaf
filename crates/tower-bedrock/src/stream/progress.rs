use super::event::{Choices, Tells};
use crate::response::{Ending, Usage};

/// How far a stream has come, by what its events tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) events: u64,
    pub(crate) text_bytes: u64,
    pub(crate) usage: Option<Usage>,
    ending: Option<Ending>,
    is_complete: bool,
    has_begun: bool,
    tells_its_end: bool,
    has_content: bool,
    choices: Choices,
}

/// What a body that ended, as a whole or not, means for its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The message is whole.
    Whole,
    /// It is not, or nobody knows what came after.
    Cut,
}

impl Progress {
    pub(crate) fn saw(&mut self, told: Tells) {
        self.events += 1;
        self.has_begun |= told.is_known;
        self.text_bytes += told.text_bytes;
        self.tells_its_end |= told.tells_its_end;
        self.has_content |= told.has_content;
        self.usage = told.usage.or(self.usage);
        // Of several the worst counts.
        self.ending = self.ending.max(told.ending);
        self.is_complete |= told.is_last;
        self.choices.unite(told.choices);
    }

    /// Whether the message is whole: nothing but its usage can come.
    pub(crate) fn is_complete(&self) -> bool {
        self.is_complete || self.choices.are_whole()
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// How the message ended, as far as it decides whether others may have it. One that is not whole, or
    /// of which nobody knows whether it is, is like one that was stopped; so is one without any content,
    /// which nobody wants to have again.
    pub(crate) fn ending(&self) -> Ending {
        if self.is_complete() && self.has_content {
            self.ending.unwrap_or(Ending::Other)
        } else {
            Ending::Other
        }
    }

    /// What the end of the body means. A body of which the connection broke off, or that stalled, is
    /// whole if the message is: what is missing is its usage at most.
    pub(crate) fn at_end(&self, is_clean: bool) -> Verdict {
        // Nothing tells a cut from an end where no event of the family does.
        let cannot_tell = is_clean && self.has_begun() && !self.tells_its_end;
        if self.is_complete() || cannot_tell {
            Verdict::Whole
        } else {
            Verdict::Cut
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(told: &[Tells]) -> Progress {
        let mut progress = Progress::default();
        for told in told {
            progress.saw(*told);
        }
        progress
    }

    fn known() -> Tells {
        Tells {
            is_known: true,
            tells_its_end: true,
            ..Tells::default()
        }
    }

    fn last() -> Tells {
        Tells {
            is_last: true,
            ..known()
        }
    }

    fn choices(open: &[u32], closed: &[u32]) -> Tells {
        let mut told = known();
        open.iter().for_each(|choice| told.choices.open(*choice));
        closed.iter().for_each(|choice| told.choices.close(*choice));
        told
    }

    #[test]
    fn usage_alone_is_no_end() {
        let usage = Some(Usage::new(1, 2));
        let metadata = Tells { usage, ..known() };
        let cut = after(&[known(), metadata]);
        assert_eq!((cut.at_end(true), cut.usage), (Verdict::Cut, usage));
        let whole = after(&[known(), last()]);
        assert_eq!((whole.at_end(false), whole.usage), (Verdict::Whole, None));
    }

    #[test]
    fn several_answers_are_whole_when_each_of_them_is() {
        for (told, whole) in [
            (&[choices(&[0], &[])][..], false),
            (&[choices(&[0], &[]), choices(&[], &[0])], true),
            (&[choices(&[0, 1], &[]), choices(&[], &[0])], false),
            (&[choices(&[0, 1], &[]), choices(&[1], &[0])], false),
            (&[choices(&[0, 1], &[]), choices(&[], &[0, 1])], true),
            (
                &[
                    choices(&[1], &[]),
                    choices(&[0], &[]),
                    choices(&[], &[0, 1]),
                ],
                true,
            ),
            (&[choices(&[1], &[0])], false),
            (&[choices(&[1], &[0]), choices(&[], &[1])], true),
            (&[choices(&[127], &[126])], false),
            // What comes after the end of one opens it no more.
            (&[choices(&[], &[0]), choices(&[0], &[])], true),
        ] {
            assert_eq!(after(told).is_complete(), whole, "{told:?}");
        }
    }

    #[test]
    fn where_nothing_tells_an_end_a_clean_one_is_taken_for_it_and_a_break_is_not() {
        let unsure = Tells {
            tells_its_end: false,
            ..known()
        };
        assert_eq!(after(&[unsure]).at_end(true), Verdict::Whole);
        assert_eq!(after(&[unsure]).at_end(false), Verdict::Cut);
        assert_eq!(after(&[]).at_end(true), Verdict::Cut);
        assert_eq!(after(&[unsure, known()]).at_end(true), Verdict::Cut);
        // Nor has a stream begun of which the SDK could read nothing.
        assert_eq!(after(&[Tells::default()]).at_end(true), Verdict::Cut);
    }

    #[test]
    fn only_a_whole_answer_with_content_is_for_others_too() {
        let stop = Tells {
            ending: Some(Ending::Complete),
            ..last()
        };
        let content = Tells {
            has_content: true,
            ..known()
        };
        assert_eq!(after(&[content, stop]).ending(), Ending::Complete);
        assert_eq!(after(&[known(), stop]).ending(), Ending::Other);
        let stops = Tells {
            is_last: false,
            ..stop
        };
        assert_eq!(after(&[content, stops]).ending(), Ending::Other);
        let cut_off = Tells {
            ending: Some(Ending::Truncated),
            ..stop
        };
        assert_eq!(after(&[content, cut_off]).ending(), Ending::Truncated);
    }
}
