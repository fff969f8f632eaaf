use crate::seconds::Seconds;

/// What came of one run.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) calls: Vec<Call>,
    /// Calls that the service got, and that it answered, by second.
    arrivals: Vec<u32>,
    answers: Vec<u32>,
    /// When the circuit opened that was closed.
    pub(crate) trips: Vec<Seconds>,
}

/// A caller's call, from its first attempt to its end.
pub(crate) struct Call {
    pub(crate) began: Seconds,
    pub(crate) took: Seconds,
    pub(crate) is_answered: bool,
}

impl Report {
    pub(crate) fn arrived(&mut self, now: Seconds) {
        add(&mut self.arrivals, now);
    }

    pub(crate) fn answered(&mut self, now: Seconds) {
        add(&mut self.answers, now);
    }

    /// Calls that the service got in a second.
    pub(crate) fn arrivals(&self, from: Seconds, till: Seconds) -> f64 {
        rate(&self.arrivals, from, till)
    }

    /// Calls that the service answered in a second.
    pub(crate) fn answers(&self, from: Seconds, till: Seconds) -> f64 {
        rate(&self.answers, from, till)
    }

    /// The share of the calls that were lost.
    pub(crate) fn lost(&self) -> f64 {
        lost(&self.calls)
    }
}

pub(crate) fn lost<'a>(calls: impl IntoIterator<Item = &'a Call>) -> f64 {
    let (mut all, mut lost) = (0_u32, 0_u32);
    for call in calls {
        all += 1;
        lost += u32::from(!call.is_answered);
    }
    f64::from(lost) / f64::from(all.max(1))
}

fn add(seconds: &mut Vec<u32>, now: Seconds) {
    let second = now as usize;
    if seconds.len() <= second {
        seconds.resize(second + 1, 0);
    }
    seconds[second] += 1;
}

fn rate(seconds: &[u32], from: Seconds, till: Seconds) -> f64 {
    let end = (till as usize).min(seconds.len());
    let sum: u32 = seconds[(from as usize).min(end)..end].iter().sum();
    f64::from(sum) / (till - from)
}
