use crate::seconds::Seconds;

/// One thing that may happen to a service, and the traffic it happens in.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Case {
    pub(crate) load: Load,
    pub(crate) mood: Mood,
    pub(crate) failures: Failures,
    /// The median time of an answer; one in twenty takes 2.45 times as long or longer.
    pub(crate) answer: Seconds,
    /// The share of the calls that are refused for the caller's own fault.
    pub(crate) faults: f64,
    /// After an outage the service answers only so many times the healthy rate, and pays a fifth of
    /// an answer for each call it cannot answer.
    pub(crate) fragile: Option<f64>,
    pub(crate) time: Seconds,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Load {
    /// Each makes one call after the other, with a pause of a second after one that is lost.
    Workers(u32),
    /// A call every so many seconds, whatever becomes of the others.
    Every(Seconds),
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Mood {
    /// A share of the calls fails.
    Share(f64),
    /// It does so for `bad` seconds in the mean, then none does for `good`.
    Bursts {
        share: f64,
        bad: Seconds,
        good: Seconds,
    },
    /// All calls fail from a time to another; before and after, a share of them does.
    Outage {
        from: Seconds,
        till: Seconds,
        around: f64,
    },
    /// No call ends.
    Hang { from: Seconds, till: Seconds },
    /// All calls fail, and from a time on none ends.
    Worse {
        from: Seconds,
        hangs: Seconds,
        till: Seconds,
    },
}

/// What a call that fails is like.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Failures {
    pub(crate) kind: Kind,
    /// Their median time; `rarely` is that of one in ten.
    pub(crate) after: Seconds,
    pub(crate) rarely: Seconds,
    /// How widely their times are spread: the sigma of a lognormal.
    pub(crate) spread: f64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// 500 or 503: sent again soon.
    Error,
    /// 429: sent again later.
    Throttle,
    /// It is answered, but takes ten times as long.
    Slow,
    /// It is never answered, and given up after a minute.
    Hang,
}

impl Failures {
    pub(crate) fn after(after: Seconds) -> Self {
        Self {
            kind: Kind::Error,
            after,
            rarely: after,
            spread: 0.2,
        }
    }

    pub(crate) fn of(kind: Kind) -> Self {
        Self {
            kind,
            ..Self::after(0.05)
        }
    }
}

impl Case {
    pub(crate) fn new(load: Load, mood: Mood, failures: Failures, time: Seconds) -> Self {
        Self {
            load,
            mood,
            failures,
            answer: 2.45,
            faults: 0.0,
            fragile: None,
            time,
        }
    }

    /// The same traffic to a healthy service.
    pub(crate) fn healthy(self) -> Self {
        let time = match self.load {
            Load::Workers(_) => 330.0,
            Load::Every(every) => 330.0_f64.max(400.0 * every),
        };
        Self {
            mood: Mood::Share(0.0),
            failures: Failures::after(0.05),
            fragile: None,
            time,
            ..self
        }
    }
}
