use std::collections::{BTreeSet, VecDeque};

/// Which calls are still to be made, and by whom they are being made.
#[derive(Debug)]
pub(crate) struct Queue {
    waiting: VecDeque<usize>,
    /// The calls that each process has in hand; of one that is gone nothing.
    in_hand: Vec<Option<BTreeSet<usize>>>,
    workers: usize,
}

impl Queue {
    pub(crate) fn new(calls: usize, processes: usize, workers: usize) -> Self {
        Self {
            waiting: (0..calls).collect(),
            in_hand: vec![Some(BTreeSet::new()); processes],
            workers,
        }
    }

    /// Gives the next call to the process with the most workers that have nothing to do.
    pub(crate) fn next(&mut self) -> Option<(usize, usize)> {
        let there = self.in_hand.iter_mut().enumerate();
        let there = there.filter_map(|(process, calls)| Some((process, calls.as_mut()?)));
        let (process, calls) = there.min_by_key(|(_, calls)| calls.len())?;
        if calls.len() >= self.workers {
            return None;
        }
        let call = self.waiting.pop_front()?;
        calls.insert(call);
        Some((process, call))
    }

    /// That process has made that call.
    pub(crate) fn done(&mut self, process: usize, call: usize) {
        if let Some(calls) = &mut self.in_hand[process] {
            calls.remove(&call);
        }
    }

    /// That process is gone, and others make its calls.
    pub(crate) fn gone(&mut self, process: usize) {
        self.waiting
            .extend(self.in_hand[process].take().unwrap_or_default());
    }

    pub(crate) fn is_done(&self) -> bool {
        let is_idle =
            |calls: &Option<BTreeSet<usize>>| calls.as_ref().is_none_or(BTreeSet::is_empty);
        self.waiting.is_empty() && self.in_hand.iter().all(is_idle)
    }

    /// Whether there is nobody left to make a call.
    pub(crate) fn is_deserted(&self) -> bool {
        self.in_hand.iter().all(Option::is_none)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_worker_gets_a_call_and_no_more() {
        let mut queue = Queue::new(10, 2, 3);
        let given: Vec<_> = std::iter::from_fn(|| queue.next()).collect();
        let to = |process| given.iter().filter(|(to, _)| *to == process).count();
        assert_eq!((to(0), to(1)), (3, 3));
        queue.done(1, given.iter().find(|(to, _)| *to == 1).unwrap().1);
        assert_eq!(queue.next(), Some((1, 6)));
        assert_eq!(queue.next(), None);
    }

    #[test]
    fn calls_of_a_process_that_is_gone_are_made_by_others() {
        let mut queue = Queue::new(4, 2, 2);
        while queue.next().is_some() {}
        queue.gone(0);
        for call in [1, 3] {
            queue.done(1, call);
        }
        assert!(!queue.is_done());
        assert_eq!(queue.next(), Some((1, 0)));
        assert_eq!(queue.next(), Some((1, 2)));
        queue.done(1, 0);
        queue.done(1, 2);
        assert!(queue.is_done() && !queue.is_deserted());
        queue.gone(1);
        assert!(queue.is_deserted());
    }
}
