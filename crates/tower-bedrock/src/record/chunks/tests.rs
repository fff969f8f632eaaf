use super::*;
use proptest::prelude::*;

/// The plainest model: everything is kept for ever, and a rule says who would have lost something.
#[derive(Default)]
struct Model {
    pushed: Vec<Bytes>,
    readers: Vec<ModelReader>,
    forgets: bool,
}

struct ModelReader {
    id: u64,
    cursor: usize,
    lost: bool,
}

impl Model {
    fn lag(&self, cursor: usize) -> usize {
        let newest = self.pushed.len().saturating_sub(1);
        let behind = self.pushed.get(cursor..newest).unwrap_or_default();
        behind.iter().map(Bytes::len).sum()
    }

    fn judge(&mut self, bound: usize) {
        self.forgets |= self.lag(0) > bound;
        for index in 0..self.readers.len() {
            let lags = self.lag(self.readers[index].cursor) > bound;
            self.readers[index].lost |= self.forgets && lags;
        }
    }

    fn is_at_end(&self, index: usize) -> bool {
        let reader = &self.readers[index];
        !reader.lost && reader.cursor == self.pushed.len()
    }

    fn next(&mut self, index: usize) -> Next {
        let reader = &mut self.readers[index];
        if reader.lost {
            return Next::Lost;
        }
        let Some(chunk) = self.pushed.get(reader.cursor) else {
            return Next::AtEnd;
        };
        reader.cursor += 1;
        Next::Chunk(chunk.clone())
    }
}

#[derive(Debug, Clone)]
enum Op {
    Join,
    Leave(usize),
    Push(usize),
    Read(usize),
    Forget,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        2 => Just(Op::Join),
        1 => (0..8_usize).prop_map(Op::Leave),
        6 => (0..40_usize).prop_map(Op::Push),
        8 => (0..8_usize).prop_map(Op::Read),
        1 => Just(Op::Forget),
    ];
    prop::collection::vec(op, 0..80)
}

proptest! {
    #[test]
    fn readers_get_what_a_record_without_bounds_would_give_or_learn_that_it_is_lost(
        ops in ops(),
        bound in 0..200_usize,
    ) {
        let mut chunks = Chunks::new(bound);
        let mut model = Model::default();
        let mut byte = 0_u8;
        for op in ops {
            match op {
                Op::Join => {
                    let joined = chunks.join();
                    prop_assert_eq!(joined.is_some(), !model.forgets);
                    let reader = |id| ModelReader { id, cursor: 0, lost: false };
                    model.readers.extend(joined.map(reader));
                }
                Op::Leave(index) if index < model.readers.len() => {
                    chunks.leave(model.readers.remove(index).id);
                }
                Op::Push(length) => {
                    byte = byte.wrapping_add(1);
                    let chunk = Bytes::from(vec![byte; length]);
                    // The record passes a chunk on to the only one who asks for it.
                    if chunks.is_for_one() && model.is_at_end(0) {
                        chunks.pass();
                        model.pushed.push(chunk.clone());
                        prop_assert_eq!(model.next(0), Next::Chunk(chunk));
                        continue;
                    }
                    chunks.push(chunk.clone(), Duration::ZERO);
                    model.pushed.push(chunk);
                    model.judge(bound);
                }
                Op::Read(index) if index < model.readers.len() => {
                    prop_assert_eq!(chunks.next(model.readers[index].id), model.next(index));
                }
                Op::Forget => {
                    chunks.forget();
                    model.forgets = true;
                    model.judge(bound);
                }
                Op::Leave(_) | Op::Read(_) => {}
            }
            let all: Option<Vec<_>> = chunks.all().map(|all| all.map(|chunk| chunk.bytes.clone()).collect());
            prop_assert_eq!(all, (!model.forgets).then(|| model.pushed.clone()));
            prop_assert!(chunks.behind_newest() <= bound);
            let unread = model.readers.iter().filter(|reader| !reader.lost);
            let slowest = unread.map(|reader| reader.cursor).min().unwrap_or(model.pushed.len());
            if model.forgets {
                prop_assert!(chunks.held.len() <= model.pushed.len() - slowest);
            }
        }
    }
}

#[test]
fn a_chunk_longer_than_the_bound_reaches_whoever_keeps_up() {
    let mut chunks = Chunks::new(0);
    let reader = chunks.join().unwrap();
    for _ in 0..3 {
        chunks.push(Bytes::from_static(b"long"), Duration::ZERO);
        assert_eq!(
            chunks.next(reader),
            Next::Chunk(Bytes::from_static(b"long"))
        );
    }
    assert_eq!(chunks.join(), None);
    assert_eq!(chunks.held.len(), 0);
}
