use super::Ends;
use std::{sync::Barrier, thread};

#[test]
fn of_readers_that_leave_at_once_one_is_the_last() {
    for _ in 0..200 {
        let first = Ends::default();
        let readers = [first.downgrade().upgrade(), first];
        let together = Barrier::new(readers.len());
        let stayed: usize = thread::scope(|scope| {
            let leave = readers.map(|mut reader| {
                let together = &together;
                scope.spawn(move || {
                    together.wait();
                    usize::from(!reader.leave())
                })
            });
            leave.map(|thread| thread.join().unwrap()).iter().sum()
        });
        assert_eq!(stayed, 1);
    }
}

#[test]
fn who_comes_when_all_have_left_is_alone() {
    let mut first = Ends::default();
    let weak = first.downgrade();
    let mut second = weak.upgrade();
    assert!(first.leave());
    assert!(!second.leave());
    drop(second);
    assert!(!weak.upgrade().leave());
}
