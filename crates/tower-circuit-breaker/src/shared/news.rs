use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::sync::{Mutex, lock};
use crate::transition::{State, Transition};

/// What happened to one circuit and was not told yet.
///
/// It enters under the circuit's lock and is told outside of it, one at a time and in order: while
/// one thread tells, the others leave theirs to it.
#[derive(Debug, Default)]
pub(crate) struct Untold(Mutex<Queue>);

#[derive(Debug, Default)]
struct Queue {
    news: VecDeque<News>,
    telling: bool,
}

#[derive(Debug)]
pub(crate) enum News {
    /// The first call came, and found this state.
    FirstCall(State),
    Changed(Transition),
}

impl Untold {
    pub(crate) fn push(&self, news: News) {
        lock(&self.0).news.push_back(news);
    }

    /// Tells all that there is, unless another thread, or a caller of this one, is at it.
    ///
    /// A panic of who is told ends here, after the panic hook: most is told on behalf of a call that
    /// has nothing to do with it, some while another panic unwinds.
    pub(crate) fn tell_all(&self, tell: impl Fn(News)) {
        let mut queue = lock(&self.0);
        if queue.telling {
            return;
        }
        while let Some(news) = queue.news.pop_front() {
            queue.telling = true;
            drop(queue);
            let _ = catch_unwind(AssertUnwindSafe(|| tell(news)));
            queue = lock(&self.0);
            queue.telling = false;
        }
        // Changes are rare, and circuits many.
        queue.news = VecDeque::new();
    }
}
