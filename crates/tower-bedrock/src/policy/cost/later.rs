//! What a stream comes to, at its end.

use super::{
    forecast::Forecast,
    settle::{charged, failed},
    token_cost::TokenCost,
};
use crate::{
    error::ErrorKind,
    response::{End, OnEnd},
};
use tower_quota::{Reservation, Settle};

/// The reservation of a stream that is being read. Dropped with the stream it counts as what it
/// reserved.
pub(super) struct Later {
    pub(super) cost: TokenCost,
    pub(super) forecast: Forecast,
    pub(super) reservation: Reservation,
}

impl OnEnd for Later {
    fn end(self: Box<Self>, end: &mut End) {
        let Self {
            cost,
            forecast,
            reservation,
        } = *self;
        let Some(drawn) = &forecast.0 else {
            reservation.settle(0);
            return;
        };
        let usage = end.usage;
        let settle = match &mut end.result {
            Ok(()) => {
                drawn.learn(usage);
                usage.map_or(Settle::Reserved, |usage| {
                    Settle::Used(charged(usage, drawn.rates.burndown))
                })
            }
            Err(error) => match error.kind() {
                ErrorKind::Throttled | ErrorKind::Exhausted => {
                    cost.throttles(drawn, error);
                    failed(error)
                }
                // The model was at work, whatever it failed with.
                _ => Settle::Reserved,
            },
        };
        cost.record(drawn, usage, &settle, Some(end.timing));
        match settle {
            Settle::Used(tokens) => reservation.settle(tokens),
            Settle::Throttled(throttle) => {
                let retry_after = reservation.throttled(throttle);
                if let Err(error) = &mut end.result {
                    error.suggest_retry_after(retry_after);
                }
            }
            // Settled and not kept: the server let it in, which is evidence that the limits hold.
            _ => {
                let tokens = reservation.tokens();
                reservation.settle(tokens);
            }
        }
    }
}
