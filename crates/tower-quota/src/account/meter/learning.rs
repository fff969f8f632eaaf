use super::super::burst::Burst;
use super::super::deficit::Deficit;
use super::super::evidence::{Meaning, Throttle};
use super::super::knowledge::{Empty, Guess, Knowledge};
use super::super::phase::Phase;
use super::super::share::Share;
use super::super::{MILLISECOND, SECOND};
use super::sent::{Reason, Sent};
use super::{Kind, MARGIN, Meter, Now};
use crate::limit::{Amount, Unit};

/// How close to what is proven jitter explains a throttle, in slacks.
const EDGE: u128 = 6;
/// What dense calls need to go at the rate, in slacks.
const SPACE: u128 = 2;
/// Jitter is raised once in this time, and to that at most: beyond it is a neighbour.
const RAISE_EVERY: u64 = 30 * SECOND;
const MOST_JITTER: u64 = 100 * MILLISECOND;
/// The server knows debts a little before we do.
const DEBTS_PAUSE: u64 = 200 * MILLISECOND;
/// For so long a throttle shows that no window forgets debts.
const NO_WINDOW: u64 = 600 * SECOND;
/// A cut so soon after another was too little: it takes a fifth at least.
const SOON: u64 = 20 * SECOND;
const CUT_AGAIN: f64 = 0.8;
/// No cut goes deeper than to this part of the share: what is measured may be wrong, and the next
/// throttle cuts again. A guess was rising; and a call that needs all of a bucket is throttled by
/// the least that others use.
const FLOOR: f64 = 0.5;
const FLOOR_OF_GUESS: f64 = 0.6;
const FLOOR_OF_LARGE: f64 = 0.9;
/// A cut where callers asked for less than there was, so that nothing was measured.
const UNMEASURED: f64 = 0.85;
/// Less time measures no rate.
const SHORTEST: u64 = 5 * SECOND;
/// After so many failed pings a bucket would have refilled: then it is a window.
const REFILLED: u32 = 5;

impl Meter {
    /// A call sent `at` that time was admitted.
    pub(crate) fn confirmed(
        &mut self,
        now: u64,
        number: u64,
        at: u64,
        amount: Amount,
        spare: bool,
    ) {
        if self.is_known(number) {
            return;
        }
        let sent = self.close(number);
        if self.is_learned() {
            self.advance(now);
            self.learn_admission(at, amount, &sent, spare);
        }
    }

    /// Whether it is nothing new that the call was admitted: the usual case.
    fn is_known(&self, call: u64) -> bool {
        self.knowledge == Knowledge::Told
            && !self.share.was_cut()
            && self.has(call)
            && self.sent.get(call).is_sure_within(self.burst.seen)
    }

    fn learn_admission(&mut self, at: u64, amount: Amount, sent: &Sent, spare: bool) {
        let new = self.news.is_none_or(|news| at > news);
        match self.knowledge {
            Knowledge::Open => return,
            Knowledge::Empty(empty) => {
                let x = amount.of(self.limit.unit);
                match x {
                    _ if !new => {}
                    // It measures nothing, and the next throttle finds what there is.
                    0 => self.knowledge = Knowledge::Open,
                    x => self.take_guess(empty.guess(x, at, self.period), at, x),
                }
                return;
            }
            Knowledge::Told | Knowledge::FirstGuess | Knowledge::Guess => {}
        }
        let most = if self.knowledge.is_guess() {
            f64::MAX
        } else {
            1.0
        };
        if new && self.share.may_rise(at, most) {
            let spare = spare || self.knowledge == Knowledge::FirstGuess;
            self.share.confirmed(self.at, spare, most);
            self.set_rate();
        }
        // What was given back meanwhile may have been gone at the server before it came.
        let back = self.given - sent.given;
        let least = sent.least.saturating_sub(self.worth(back));
        let certain = sent.certain.saturating_sub(back);
        match sent.reason {
            Reason::AsksPhase => self.phase.answered(at, true, self.at),
            Reason::ByPhase => self.phase.proved(),
            Reason::Sure | Reason::Watched | Reason::Trial | Reason::Oversize => {}
        }
        if self.kind == Kind::Unsure && certain > self.amount.saturating_add(self.amount / MARGIN) {
            self.kind = Kind::Bucket;
        }
        if sent.reason == Reason::Trial && self.kind != Kind::Window && least > self.over_period() {
            self.kind = Kind::Window;
        } else if self.knowledge != Knowledge::FirstGuess {
            let most = self.worth(self.amount).max(self.burst.proven);
            self.burst.admitted(self.at, least.min(most));
        }
    }

    /// A call sent `at` that time was throttled, and refunded. `sent` is what it was sent with, if
    /// that is not too long ago. Returns a pause.
    pub(crate) fn explain_throttle(
        &mut self,
        at: u64,
        amount: Amount,
        sent: Option<&Sent>,
        was_confirmed: bool,
        now: &Now,
    ) -> u64 {
        if !self.is_learned() {
            return 0;
        }
        let old = self.news.is_some_and(|news| at <= news);
        let x = amount.of(self.limit.unit);
        match (self.knowledge, sent) {
            (Knowledge::Empty(empty), _) if old => {
                let before = sent.map(|sent| sent.window.saturating_sub(x));
                self.knowledge = Knowledge::Empty(empty.never_held(x, before));
                0
            }
            (Knowledge::Open, _) if old => 0,
            (Knowledge::Open, _) => {
                let first = self.window.first().unwrap_or(self.at);
                let held = sent.map_or(self.window.sum(), |sent| sent.window.saturating_sub(x));
                self.found_empty(Empty::new(self.at, held, self.at - first))
            }
            (Knowledge::Empty(empty), _) => self.found_empty(empty.failed(at)),
            (_, None) => 0,
            (_, Some(sent)) => match sent.reason {
                Reason::AsksPhase => {
                    self.phase.answered(at, false, now.at);
                    0
                }
                Reason::ByPhase => {
                    self.throttled_by_phase(at, old);
                    0
                }
                Reason::Sure | Reason::Watched | Reason::Trial | Reason::Oversize => {
                    let evidence = self.evidence(x, sent, was_confirmed, now);
                    if old {
                        0
                    } else {
                        self.learn(at, x, sent, &evidence, self.is_stray(now))
                    }
                }
            },
        }
    }

    /// Whether a call of `x` is larger than all else that the period was charged, as far as that is
    /// known by its throttle. `answered` is the largest that was answered; `others` is what calls
    /// under way were charged that do not count.
    pub(crate) fn dwarfs(&self, x: u64, answered: u64, others: u64, sent: Option<&Sent>) -> bool {
        // Where nothing is answered at all it is not for the size.
        let others_go = answered > 0 || self.knowledge == Knowledge::Open;
        if !self.counts_sizes() || !others_go {
            return false;
        }
        // Where the amount is told there has to be room by that: a trial says more of the bucket.
        let trial = sent.is_none_or(|sent| !matches!(sent.reason, Reason::Sure | Reason::Watched));
        if !self.limit.probing && trial {
            return false;
        }
        let rest = self.window.sum().saturating_sub(others).saturating_sub(x);
        let Some(sent) = sent else { return x > rest };
        let before = sent.window.saturating_sub(x);
        sent.reason == Reason::Oversize || x > rest.min(before)
    }

    /// Whether calls of different sizes are counted, and nobody told how much there is.
    pub(crate) fn is_of_size(&self) -> bool {
        self.limit.probing && self.counts_sizes()
    }

    fn counts_sizes(&self) -> bool {
        self.is_learned() && self.limit.unit == Unit::Tokens
    }

    /// Whether it was known already, at the first throttle of all, that there is a limit.
    pub(crate) fn is_old_news(&self, at: u64) -> bool {
        let empty = matches!(self.knowledge, Knowledge::Empty(_));
        empty && self.news.is_some_and(|news| at <= news)
    }

    /// Whether a throttle of the call is no neighbour's doing: it was tried, or as much as there is.
    pub(crate) fn explains(&self, call: u64, amount: Amount) -> bool {
        if !self.is_learned() {
            return false;
        }
        let sent = self.sent(call);
        let tried = match sent.reason {
            Reason::Sure => false,
            Reason::Watched => self.share.is_pinging(),
            Reason::Trial | Reason::AsksPhase | Reason::ByPhase | Reason::Oversize => true,
        };
        let (worth, slack) = (self.worth(amount.of(self.limit.unit)), self.slack());
        let edge = worth.saturating_add(slack) <= self.burst.proven
            && sent.deficit.saturating_add(EDGE * slack) > self.burst.proven;
        let full = sent.window > self.room - self.room / MARGIN;
        tried
            || match self.kind {
                Kind::Unsure => edge || full,
                Kind::Bucket => edge,
                Kind::Window => full,
            }
    }

    /// What speaks for which explanation. Bounds of the bucket are learned from old news too.
    fn evidence(&mut self, x: u64, sent: &Sent, was_confirmed: bool, now: &Now) -> Throttle {
        let (worth, slack) = (self.worth(x), self.slack());
        let window = self.kind == Kind::Window;
        let stray = self.is_stray(now);
        if was_confirmed && !stray {
            self.unlearn(worth, sent);
        }
        let hearsay = self.burst.is_hearsay(sent.deficit);
        let trial = sent.reason == Reason::Trial && sent.deficit + slack > self.burst.proven;
        let planned_beyond = hearsay || trial;
        let beyond_proven = sent.least > self.burst.proven;
        let window_full = sent.window > self.room - self.room / MARGIN;
        if planned_beyond && sent.deficit > self.over_period() {
            self.no_window_until = now.at + NO_WINDOW;
        }
        let by_bucket = self.kind == Kind::Bucket || (self.kind == Kind::Unsure && !window_full);
        if by_bucket && (planned_beyond || beyond_proven) {
            let level = if planned_beyond {
                sent.deficit
            } else {
                sent.least
            };
            self.burst.refused(now.at, level, !window_full && !stray);
            if hearsay {
                // Of calls that are far between what was told may be wrong altogether.
                let least = match self.is_dense(worth) {
                    true => self.least_burst(worth),
                    false => 0,
                };
                self.burst.unlearn(self.burst.seen.max(least));
            }
        }
        let owed = match self.limit.unit {
            Unit::Tokens => self.worth(now.owed),
            Unit::Calls => 0,
        };
        let needs_all = !window && worth + slack > self.burst.proven;
        let raised = self
            .jitter_raised
            .is_some_and(|at| now.at - at <= RAISE_EVERY);
        Throttle {
            kind: self.kind,
            beyond_proven,
            planned_beyond: planned_beyond && !self.share.is_pinging(),
            window_full,
            small_bucket: !window && self.is_small() && !now.strays,
            debts: owed > 0 && sent.deficit + owed > self.burst.proven,
            edge: !needs_all
                && sent.deficit + EDGE * slack > self.burst.proven
                && self.jitter < MOST_JITTER
                && !raised,
            needs_all,
        }
    }

    /// Whether a throttle is too rare to show anything but what it was a trial of.
    fn is_stray(&self, now: &Now) -> bool {
        now.strays && self.knowledge == Knowledge::Told && !self.share.is_pinging()
    }

    /// The call was taken for admitted, and was not.
    pub(crate) fn take_back(&mut self, call: u64, amount: Amount) {
        let sent = self.sent(call);
        // Only what this call itself seemed to prove: others, or whoever told a burst, stand.
        if sent.least >= self.burst.proven {
            self.unlearn(self.worth(amount.of(self.limit.unit)), &sent);
        }
    }

    /// The call proved nothing: no more counts than what it was sent with.
    fn unlearn(&mut self, worth: u128, sent: &Sent) {
        if self.kind != Kind::Window {
            let level = sent.deficit.max(worth).saturating_sub(self.slack());
            self.burst.unlearn(level.max(self.least_burst(worth)));
        }
    }

    /// No bucket is taken to hold less: the call, and where calls are dense what lets them go at the rate in
    /// spite of jitter. With less each would wait until it is over for the one before, and that is no
    /// rate any more.
    fn least_burst(&self, worth: u128) -> u128 {
        match self.is_dense(worth) {
            true => worth.saturating_add(SPACE * self.slack()),
            false => worth,
        }
    }

    /// Draws the conclusion. Returns a pause.
    fn learn(&mut self, at: u64, x: u64, sent: &Sent, evidence: &Throttle, stray: bool) -> u64 {
        let meaning = match self.knowledge {
            Knowledge::FirstGuess => Meaning::Neighbour,
            _ => evidence.meaning(),
        };
        if stray
            && matches!(
                meaning,
                Meaning::Neighbour | Meaning::Window | Meaning::NoWindow
            )
        {
            return 0;
        }
        if meaning != Meaning::Burst {
            self.news = Some(self.at);
        }
        match meaning {
            Meaning::Burst => 0,
            Meaning::Window => {
                self.phase.answered(at, false, self.at);
                if self.kind == Kind::Bucket {
                    self.phase.is_fixed();
                }
                self.kind = Kind::Window;
                0
            }
            Meaning::NoWindow => {
                self.kind = Kind::Unsure;
                self.phase = Phase::new(self.period);
                self.burst.refused(self.at, sent.least, true);
                0
            }
            Meaning::Debts => {
                self.in_debt = Some(self.at);
                DEBTS_PAUSE
            }
            Meaning::Edge => {
                self.jitter_raised = Some(self.at);
                self.jitter += self.jitter / 2;
                self.jitter
            }
            Meaning::Neighbour => self.yield_to_neighbour(sent.window.saturating_sub(x), evidence),
        }
    }

    /// A call that went for a window had begun anew was throttled.
    fn throttled_by_phase(&mut self, at: u64, old: bool) {
        if old || self.at < self.phase_used_up {
            return;
        }
        self.news = Some(self.at);
        let begun = self.phase.begun(at, 0);
        let used = begun.map_or(0, |begun| self.window.since(begun));
        if used < self.room / 2 {
            self.phase.disproved(self.at);
        } else {
            // Somebody else has used the rest.
            self.phase_used_up = self.phase.next(self.at, self.jitter).unwrap_or(0);
        }
    }

    /// Somebody else uses the quota; the window held so much of ours. Returns a pause.
    fn yield_to_neighbour(&mut self, held: u64, evidence: &Throttle) -> u64 {
        let pause = if self.share.is_pinging() {
            let pause = self.share.ping_failed(self.at);
            let refilled = self.share.failed_pings() >= REFILLED;
            if refilled && self.kind == Kind::Unsure && held > 0 && !self.is_small() {
                self.kind = Kind::Window;
            }
            pause
        } else {
            let part = self.share.part();
            let passed = self.passed(held);
            let soon = self.at - self.measured < SOON;
            let floor = match self.knowledge {
                _ if evidence.needs_all => FLOOR_OF_LARGE,
                Knowledge::Told => FLOOR,
                _ => FLOOR_OF_GUESS,
            };
            let passed = match soon && !evidence.needs_all {
                true => passed.min(CUT_AGAIN * part),
                false => passed,
            };
            self.share.cut(self.at, passed, floor)
        };
        if self.knowledge.is_guess() {
            let part = self.share.take_over();
            self.amount = ((self.amount as f64 * part) as u64).max(1);
            self.knowledge = Knowledge::Guess;
        }
        self.set_rate();
        self.deficit.raise_to(self.burst.proven);
        self.measured = self.at;
        self.charged = 0;
        pause
    }

    /// Which part of the rate went through since that was measured last.
    fn passed(&self, held: u64) -> f64 {
        let amount = self.amount.max(1) as f64;
        let time = self.at - self.measured;
        let rate = |time: u64| self.charged as f64 / (amount * time as f64 / self.period as f64);
        if self.kind == Kind::Window {
            return held as f64 / amount;
        }
        if self.knowledge.is_guess() {
            return rate(time.max(SHORTEST));
        }
        // Where the bucket was full meanwhile callers asked for less than there was.
        let unused = self.deficit.ran_dry_after(self.measured);
        if unused || time < SHORTEST {
            UNMEASURED * self.share.part()
        } else {
            rate(time)
        }
    }

    fn found_empty(&mut self, empty: Empty) -> u64 {
        self.news = Some(self.at);
        self.knowledge = Knowledge::Empty(empty);
        empty.pause()
    }

    /// A hint holds back all calls for so long.
    pub(crate) fn hinted(&mut self, time: u64) {
        if let Knowledge::Empty(empty) = self.knowledge {
            self.knowledge = Knowledge::Empty(empty.hinted(time));
        }
    }

    /// A call of `x`, sent `at` that time, shows what the server seems to have.
    fn take_guess(&mut self, guess: Guess, at: u64, x: u64) {
        (self.amount, self.kind, self.knowledge) = match guess {
            Guess::Window(amount) => (amount, Kind::Window, Knowledge::Guess),
            Guess::Rate(amount) => (amount, Kind::Bucket, Knowledge::FirstGuess),
        };
        self.share = Share::of_guess(at, self.knowledge == Knowledge::FirstGuess);
        self.set_rate();
        let level = self.worth(x);
        self.burst = Burst::new(level, None);
        self.deficit = Deficit::at(level);
        self.least = level;
        self.measured = at;
        self.charged = 0;
    }
}
