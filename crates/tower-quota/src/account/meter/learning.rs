mod burst;
mod evidence;
mod neighbour;

use super::super::MILLISECOND;
use super::super::burst::Burst;
use super::super::deficit::Deficit;
use super::super::evidence::{Meaning, Throttle};
use super::super::knowledge::{Empty, Guess, Knowledge};
use super::super::phase::Phase;
use super::super::share::Share;
use super::sent::{Reason, Sent};
use super::{Kind, MARGIN, Meter, Now};
use crate::limit::{Amount, Unit};

/// The server knows debts a little before we do.
const DEBTS_PAUSE: u64 = 200 * MILLISECOND;

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
