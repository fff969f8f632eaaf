use super::Scheduler;
use crate::account::Refusal;
use crate::limit::Amount;

impl<W> Scheduler<W> {
    /// When a call of that amount would go that comes now with the usual priority, as things are now;
    /// `None` if never. Nothing changes by the question.
    ///
    /// Without a queue it says now exactly if such a call is let go at once. With one it comes after all
    /// who wait.
    pub(crate) fn newcomer_goes_at(&mut self, now: u64, amount: Amount) -> Option<u64> {
        if self.closed {
            return None;
        }
        match self.account.refuses(now, amount) {
            Some(Refusal::Exhausted(until)) => return Some(until),
            Some(Refusal::ExceedsLimit(_) | Refusal::SeemsTooLarge { .. }) => return None,
            None => {}
        }
        let at = if self.queue.is_empty() {
            self.account.may_go_at(now, amount)
        } else {
            // Not before the first in line. Of a limit that nobody knows, that is all there is to say.
            self.wake_at.unwrap_or(now).max(now + 1)
        };
        if at <= now {
            return Some(now);
        }
        // What may go sooner does so as a trial: not to be counted on.
        let at = self.account.or_by_news(at).max(now + 1);
        let queued = self.queue.amount_besides(Amount::NONE);
        Some(at.max(self.account.likely_fits_at(now, queued, amount)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::super::{Call, Entered};
    use super::*;
    use crate::account::Account;
    use crate::call::{Priority, Throttle};
    use crate::limit::Limit;
    use crate::schedule::End;
    use crate::settings::Settings;

    const SECOND: u64 = 1_000_000_000;

    fn call(tokens: u64) -> Call {
        Call {
            amount: Amount::call(tokens),
            priority: Priority::Normal,
            tenant: 0,
            deadline: None,
            latest: None,
        }
    }

    fn any_limits() -> impl Strategy<Value = Vec<Limit>> {
        let kind = prop_oneof![
            (12..120_u64, 1..10_u64).prop_map(|(amount, burst)| (amount, Some(burst))),
            (10..60_u64).prop_map(|amount| (amount, None)),
        ];
        let limit = |limit: Limit, burst: Option<u64>| match burst {
            Some(burst) => limit.burst(burst),
            None => limit.window(),
        };
        (kind.clone(), kind, 1..3_usize).prop_map(move |(calls, tokens, number)| {
            let both = [
                limit(Limit::calls_per_minute(calls.0), calls.1),
                limit(
                    Limit::tokens_per_minute(10 * tokens.0),
                    tokens.1.map(|burst| 10 * burst),
                ),
            ];
            both[..number].to_vec()
        })
    }

    /// What becomes of a call that has gone.
    #[derive(Clone, Copy, Debug)]
    enum Past {
        UnderWay,
        Came(u64),
        Throttled,
    }

    fn past(throttles: u32) -> impl Strategy<Value = Vec<(u64, u64, Past)>> {
        let what = prop_oneof![
            4 => Just(Past::UnderWay),
            4 => (0..400_u64).prop_map(Past::Came),
            throttles => Just(Past::Throttled),
        ];
        proptest::collection::vec((0..SECOND, 0..100_u64, what), 0..60)
    }

    /// Calls that come to all that they reserved: nobody waits for what they give back.
    fn gives_nothing_back(past: Vec<(u64, u64, Past)>) -> Vec<(u64, u64, Past)> {
        let past = past.into_iter().map(|(wait, tokens, what)| match what {
            Past::Came(more) => (wait, tokens, Past::Came(tokens.max(more))),
            other => (wait, tokens, other),
        });
        past.collect()
    }

    /// A key's past, up to now.
    fn scheduler(
        limits: Vec<Limit>,
        past: &[(u64, u64, Past)],
        tries: bool,
    ) -> (Scheduler<u64>, u64) {
        let mut account = Account::new(limits, 0);
        if !tries {
            account.learns_nothing();
        }
        let mut scheduler = Scheduler::new(account, Arc::new(Settings::default()));
        let mut now = 0;
        for (wait, tokens, what) in past {
            now += wait;
            scheduler.advance(now);
            if let Entered::Admitted(charge) = scheduler.enter(now, call(*tokens)) {
                match what {
                    Past::UnderWay => {}
                    Past::Came(tokens) => {
                        scheduler.end(now, &charge, End::Came(Amount::call(*tokens)));
                    }
                    Past::Throttled => {
                        let retry_after = None;
                        let throttle = Throttle::Rate {
                            retry_after,
                            unit: None,
                        };
                        scheduler.end_throttled(now, &charge, throttle);
                    }
                }
            }
        }
        scheduler.advance(now);
        (scheduler, now)
    }

    proptest! {
        #[test]
        fn it_goes_at_once_exactly_if_it_is_said_so(
            limits in any_limits(),
            past in past(1),
            tokens in 0..400_u64,
        ) {
            let (mut scheduler, now) = scheduler(limits, &past, true);
            let told = scheduler.newcomer_goes_at(now, Amount::call(tokens));
            match scheduler.enter(now, call(tokens)) {
                Entered::Admitted(_) => prop_assert_eq!(told, Some(now)),
                Entered::Waits(_) => prop_assert!(told > Some(now)),
                Entered::Rejected(_, at) => prop_assert_eq!(told, at),
            }
        }

        #[test]
        fn it_goes_about_when_it_is_said(
            limits in any_limits(),
            // After a throttle it is early: it goes by what becomes of others.
            past in past(0),
            tokens in 0..100_u64,
        ) {
            let two = limits.len() > 1;
            let past = gives_nothing_back(past);
            let (mut scheduler, now) = scheduler(limits, &past, false);
            let queued = scheduler.queue.len();
            let told = scheduler.newcomer_goes_at(now, Amount::call(tokens));
            if let Entered::Waits(place) = scheduler.enter(now, call(tokens)) {
                let mut goes = now;
                while scheduler.answer(place).is_none() {
                    goes = scheduler.wake_at.expect("somebody waits");
                    scheduler.advance(goes);
                }
                let (told, goes) = (told.expect("it is not refused") - now, goes - now);
                if queued == 0 {
                    prop_assert_eq!(told, goes);
                } else {
                    // It is early by what no sum knows: a rest of a window that is too small for the next in
                    // line, a bucket that earns nothing while they wait for another limit.
                    prop_assert!(told - told / 50 <= goes, "{} is after {}", told, goes);
                    let bound = told + told / 2 + 2 * SECOND;
                    prop_assert!(two || goes <= bound, "{} is long before {}", told, goes);
                }
            }
        }
    }

    /// Workers whose calls reserve 2,500 tokens and come to `used` after `takes`, one after the other, by
    /// a bucket of 200,000 tokens a minute that holds ten seconds' worth. What the calls of the second
    /// minute that wait are told, and how long they wait.
    fn told_and_waited(workers: usize, used: u64, takes: u64) -> Vec<(u64, u64)> {
        let limit = Limit::tokens_per_minute(200_000).burst(33_333);
        let mut account = Account::new(vec![limit], 0);
        account.learns_nothing();
        let mut scheduler: Scheduler<u64> = Scheduler::new(account, Arc::new(Settings::default()));
        let (mut waiting, mut under_way) = (Vec::new(), Vec::new());
        let mut seen = Vec::new();
        let (mut now, mut idle) = (0, workers);
        while now < 120 * SECOND {
            for _ in 0..std::mem::take(&mut idle) {
                let told = scheduler
                    .newcomer_goes_at(now, Amount::call(2_500))
                    .unwrap();
                match scheduler.enter(now, call(2_500)) {
                    Entered::Admitted(charge) => under_way.push((now + takes, charge)),
                    Entered::Waits(place) => waiting.push((place, now, told)),
                    Entered::Rejected(..) => unreachable!("nobody is in a hurry"),
                }
            }
            let ends = under_way.iter().map(|(at, _)| *at).min();
            let next = ends.into_iter().chain(scheduler.wake_at).min();
            now = next.expect("calls are under way or wait").max(now);
            scheduler.advance(now);
            while let Some(index) = under_way.iter().position(|(at, _)| *at <= now) {
                let (_, charge) = under_way.swap_remove(index);
                scheduler.end(now, &charge, End::Came(Amount::call(used)));
                idle += 1;
            }
            waiting.retain(|&(place, since, told)| match scheduler.answer(place) {
                None => true,
                Some(answer) => {
                    under_way.push((now + takes, answer.expect("nobody is turned away")));
                    if since > 60 * SECOND {
                        seen.push((told - since, now - since));
                    }
                    false
                }
            });
        }
        seen
    }

    #[test]
    fn calls_that_give_back_most_are_told_what_they_wait() {
        for (workers, used, takes) in [
            (50, 500, 1_400),
            (50, 250, 3_000),
            (50, 2_500, 1_400),
            (80, 1_000, 2_000),
        ] {
            let seen = told_and_waited(workers, used, takes * (SECOND / 1_000));
            let sum = |of: fn(&(u64, u64)) -> u64| seen.iter().map(of).sum::<u64>() as f64;
            let by = sum(|(told, _)| *told) / sum(|(_, waited)| *waited);
            assert!(
                (0.8..1.25).contains(&by),
                "{workers} workers, {used} used: {by} times"
            );
        }
    }
}
