//! What the quota layer asks of a [`TokenCost`], before and after a call.

use super::{
    forecast::{Drawn, Forecast},
    later::Later,
    settle::{charged, failed},
    token_cost::TokenCost,
};
use crate::{
    error::{Error, ErrorKind},
    operation::Operation,
    policy::model_key::key,
    request::{Priority, Request},
    response::{Reply, Timing, Usage},
};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;
use tower_quota::{Ask, Cost, Reservation, Settle};

impl<I: Operation> Cost<Request<I>, I::Response, Error> for TokenCost {
    type Key = Arc<str>;
    type Context = Forecast;

    fn ask(&self, request: &Request<I>) -> (Ask<Arc<str>>, Forecast) {
        let (ask, forecast) = match request.quota_model() {
            Some(model) if I::DRAWS_TOKENS => {
                let drawn = Drawn::of(model, request, &self.shared);
                if drawn.rates.is_news_of_an_unknown_model() {
                    self.shared.settings.monitor.unknown(&drawn.rates.key);
                }
                let mut ask = Ask::new(Arc::clone(&drawn.rates.key)).tokens(drawn.reserved_tokens);
                let region = request.options().region_or(self.shared.region());
                if let Some(region) = self.shared.limited(region) {
                    ask = ask.within(Arc::clone(region));
                }
                (ask, Forecast(Some(drawn)))
            }
            _ => (Ask::new(key(self.shared.region(), request)), Forecast(None)),
        };
        let options = request.options();
        let mut ask = ask.priority(match options.priority() {
            Priority::Low => tower_quota::Priority::Low,
            Priority::Normal => tower_quota::Priority::Normal,
            Priority::High => tower_quota::Priority::High,
        });
        if let Some(tenant) = options.tenant() {
            ask = ask.tenant(tenant);
        }
        if let Some(deadline) = options.deadline() {
            ask = ask.deadline(deadline);
        }
        if let Some(start) = options.start_by() {
            ask = ask.max_wait(start.saturating_duration_since(Instant::now()));
        }
        (ask, forecast)
    }

    fn settle(&self, forecast: &Forecast, result: &mut Result<I::Response, Error>) -> Settle {
        if I::Response::STREAMS && result.is_ok() {
            return Settle::Later;
        }
        let Some(drawn) = &forecast.0 else {
            return match result {
                Ok(_) => Settle::Used(0),
                Err(error) => failed(error),
            };
        };
        let usage = result.as_ref().ok().and_then(|ok| ok.meta().usage());
        let settle = match result {
            Ok(_) => {
                drawn.learn(usage);
                usage.map_or(Settle::Reserved, |usage| {
                    Settle::Used(charged(usage, drawn.rates.burndown))
                })
            }
            Err(error) => {
                self.throttles(drawn, error);
                failed(error)
            }
        };
        self.record(drawn, usage, &settle, None);
        settle
    }

    fn later(
        &self,
        forecast: Forecast,
        result: &mut Result<I::Response, Error>,
        mut reservation: Reservation,
    ) {
        let Ok(Some(ends)) = result.as_ref().map(Reply::ends) else {
            return;
        };
        // The first event is there.
        reservation.confirmed();
        if let Some(drawn) = &forecast.0 {
            drawn.rates.answered();
        }
        ends.add(Box::new(Later {
            cost: self.clone(),
            forecast,
            reservation,
        }));
    }

    fn throttled(&self, error: &mut Error, retry_after: Duration) {
        error.suggest_retry_after(retry_after);
    }
}

impl TokenCost {
    /// Notes an error that may be a throttle, and says in it what is known of throttles before it.
    pub(super) fn throttles(&self, drawn: &Drawn, error: &mut Error) {
        if error.kind() != ErrorKind::Throttled {
            return;
        }
        let patience = self.shared.settings.patience;
        if let Some((time, is_over)) = drawn.rates.throttled(patience, Instant::now()) {
            // Before that too: it may be the last attempt of its caller.
            error.explain_throttles(&drawn.rates.key, time, drawn.without_max_tokens());
            if is_over {
                error.give_up(time);
            }
        }
    }

    /// Tells the monitor of a call that has ended.
    pub(super) fn record(
        &self,
        drawn: &Drawn,
        usage: Option<Usage>,
        settle: &Settle,
        timing: Option<Timing>,
    ) {
        let mut record = drawn.record(usage, settle);
        record.first_event = timing.map(|timing| timing.to_first_event);
        record.between_events = timing.and_then(|timing| timing.between_events());
        let monitor = &self.shared.settings.monitor;
        monitor.record(&drawn.rates.key, record);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Response;
    use aws_sdk_bedrockruntime::{
        operation::converse::{ConverseInput, ConverseOutput},
        types::{InferenceConfiguration, StopReason},
    };
    use proptest::prelude::*;

    const MODEL: &str = "us.anthropic.claude-opus-4-1-20250805-v1:0";

    fn request(max_tokens: Option<i32>) -> Request<ConverseInput> {
        let limits = InferenceConfiguration::builder().set_max_tokens(max_tokens);
        let input = ConverseInput::builder()
            .model_id(MODEL)
            .inference_config(limits.build());
        Request::new(input.build().unwrap())
    }

    fn response() -> Response<ConverseOutput> {
        let output = ConverseOutput::builder().stop_reason(StopReason::EndTurn);
        Response::new(output.build().unwrap())
    }

    proptest! {
        #[test]
        fn a_call_reserves_and_settles_by_the_published_rules(
            input in 0_u64..1 << 40,
            max_tokens in prop::option::of(0..i32::MAX),
            reported in prop::option::of((0_u64..1 << 40, 0_u64..1 << 30, 0_u64..1 << 40, 0_u64..1 << 40)),
        ) {
            let cost = TokenCost::new("us-east-1");
            let (ask, forecast) = Cost::<_, Response<ConverseOutput>, _>::ask(
                &cost,
                &request(max_tokens).input_tokens(input),
            );
            prop_assert_eq!(ask.tokens, input + max_tokens.map_or(32_000, |n| n as u64));
            prop_assert_eq!(&*ask.key, format!("us-east-1/{MODEL}"));

            let (answer, settled) = match reported {
                None => (response(), Settle::Reserved),
                Some((input, output, read, write)) => {
                    let mut usage = crate::Usage::new(input, output);
                    usage.cache_read_tokens = read;
                    usage.cache_write_tokens = write;
                    (response().with_usage(usage), Settle::Used(input + write + 5 * output))
                }
            };
            let settle = Cost::<Request<ConverseInput>, _, _>::settle(&cost, &forecast, &mut Ok(answer));
            prop_assert_eq!(settle, settled);
        }
    }
}
