use std::any::Any;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// What processes share of a key: a log that each of them appends to, and all of them read.
///
/// What is in it are facts: this call has begun, that one came to so much. Each process folds them, in the log's
/// order, by the same function, so each knows what all have used, and decides by itself. The log has three
/// things to do that no process can: it puts what all append in one order, it gives the time, and it refuses a
/// [`Claim`] if more was claimed meanwhile than the claim allows for.
///
/// There is a log for each `key`, a short text. It begins when it is first [loaded](Self::load), and ends when
/// the server forgets it. The bytes that it carries mean nothing to it.
///
/// A call that is not answered in time is dropped; whether it was done is found out by what the log says then.
pub trait SharedLog: Send + Sync + 'static {
    /// Appends to the log of `key`, and returns what is new there.
    ///
    /// Nothing is appended if the log is not the one that `append` has [seen](Append::seen), or does not have all
    /// entries since: then the answer is [`Appended::Elsewhere`]. Nor if `append` is empty: that only asks.
    fn append<'a>(&'a self, key: &'a str, append: Append) -> LogFuture<'a, Appended>;

    /// The log of `key`, from its snapshot on. If there is none it begins as `base` says, and of several that
    /// begin it at once the first one does.
    fn load<'a>(&'a self, key: &'a str, base: Base) -> LogFuture<'a, Loaded>;

    /// Keeps `snapshot`, unless there is a later one or the log is another one, and forgets the entries up to
    /// there, of which it may keep the last few for those who are a little behind.
    fn save<'a>(&'a self, key: &'a str, position: Position, snapshot: Vec<u8>)
    -> LogFuture<'a, ()>;

    /// Calls `heard` with what anybody appends to the log of `key`, until the answer is dropped.
    ///
    /// It may come late, twice or not at all: by the numbers of the entries that is noticed. Where something may have
    /// been missed, as after a lost connection, it is [`Heard::Missed`]. `heard` does not block.
    fn listen(&self, key: &str, heard: Box<dyn Fn(Heard) + Send + Sync>) -> Listening;
}

/// What a [`SharedLog`] answers.
pub type LogFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, LogError>> + Send + 'a>>;

/// Dropped, it ends the listening.
pub type Listening = Box<dyn Any + Send + Sync>;

/// A place in a log: after so many entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Which log it is. One that begins anew has another epoch, by chance.
    pub epoch: u64,
    /// How many entries it has had, those that are forgotten included.
    pub number: u64,
}

/// What was claimed in a log by now, from when it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// The calls of all [claims](Claim).
    pub calls: u64,
    /// Their tokens.
    pub tokens: u64,
    /// How many entries were [stops](Append::stop).
    pub stops: u64,
}

/// What a process appends in one step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Append {
    /// What it has read.
    pub seen: Position,
    /// The time of the latest entry or answer that it has, in microseconds as the log said it, and how long ago by
    /// its own steady clock that was heard.
    ///
    /// By that a log whose clock was set, forward or back, can tell, and go on by the time that has passed.
    pub heard: Option<(u64, Duration)>,
    /// What is appended in any case.
    pub facts: Vec<u8>,
    /// Whether claims by those who have not seen this are to be refused.
    pub stop: bool,
    /// What is appended if nothing speaks against it.
    pub claim: Option<Claim>,
}

impl Append {
    /// Whether there is nothing to append.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty() && self.claim.is_none() && !self.stop
    }
}

/// Calls that are to begin, by what the log was when they were decided on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What is appended.
    pub bytes: Vec<u8>,
    /// How many calls there are.
    pub calls: u64,
    /// And their tokens.
    pub tokens: u64,
    /// The claim is refused if the log has claimed more calls or tokens than that before it, or has had another
    /// number of stops; an entry that is a stop itself does not count here.
    pub up_to: Totals,
}

/// One thing that was appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// How many entries there were with it.
    pub number: u64,
    /// When that was, in microseconds by the log's clock. It never goes back within an epoch.
    pub at: u64,
    /// What was appended in any case.
    pub facts: Vec<u8>,
    /// The claim's bytes, if it was not refused.
    pub claim: Option<Vec<u8>>,
}

/// What comes of appending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appended {
    /// The entries after what was seen, that one included if anything was appended.
    Tail(Tail),
    /// It is another log by now, or one that has forgotten what would be next. It is to be loaded.
    Elsewhere,
}

/// What is new in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail {
    /// After the last of the entries.
    pub position: Position,
    /// The time now, as that of an entry.
    pub at: u64,
    /// What was claimed by now.
    pub totals: Totals,
    /// In order, without a gap.
    pub entries: Vec<Entry>,
}

/// A whole log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// Where the snapshot was made, and its bytes; none if the log began without.
    pub snapshot: Option<(u64, Vec<u8>)>,
    /// What came after it.
    pub tail: Tail,
}

/// How a log begins if there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Base {
    /// The new log's epoch, and the number of its snapshot. It goes on from there.
    pub position: Position,
    /// No entry is older than that, in microseconds.
    pub at: u64,
    /// What was claimed up to there.
    pub totals: Totals,
    /// Its snapshot, if there is any.
    pub snapshot: Option<Vec<u8>>,
}

/// What is heard of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// This was appended.
    Entry {
        /// The log.
        epoch: u64,
        /// What was claimed in it by then, with that entry.
        totals: Totals,
        /// What was appended.
        entry: Entry,
    },
    /// Something may have been.
    Missed,
}

/// Why a log was not reached, or did not do what it was asked: to whoever asks it is all the same.
#[derive(Debug)]
pub struct LogError(Box<dyn Error + Send + Sync>);

impl LogError {
    /// With that cause. It is logged: it must not show a password.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the shared log did not answer")
    }
}

impl Error for LogError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}
