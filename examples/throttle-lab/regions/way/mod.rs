//! What an application may do that has several Regions.

mod failover;
mod regions;
mod round_robin;
mod stack;

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use aws_sdk_bedrockruntime::{
    config,
    operation::converse::{ConverseInput, ConverseOutput},
};
use clap::ValueEnum;
use serde::Serialize;

use super::plan::{Place, Plan};

/// Makes one call, or says why it could not.
pub(super) type Caller = Arc<dyn Fn(Call) -> Answer + Send + Sync>;
type Answer = Pin<Box<dyn Future<Output = Result<Answered, String>> + Send>>;

/// What is asked, and in which conversation.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) input: ConverseInput,
    pub(super) conversation: Option<usize>,
}

/// The answer, and the number of the Region that gave it.
pub(super) struct Answered {
    pub(super) region: usize,
    pub(super) output: ConverseOutput,
}

/// Who decides which Region a call is sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Way {
    /// There is one Region, with the sum of the quotas and no faults, under the stack.
    Large,
    /// A stack for each Region, and calls go to them in turn.
    RoundRobin,
    /// The SDK's standard retries in the first Region; what fails there is tried in the next.
    Failover,
    /// The SDK's standard retries, and calls go to the Regions in turn.
    SdkRoundRobin,
    /// One stack over `Regions`, which chooses.
    Regions,
}

/// What a client of a Region is made of.
pub(super) struct Client {
    pub(super) place: Place,
    pub(super) config: config::Builder,
}

impl Way {
    /// The way over the Regions of [`Plan::places`].
    pub(super) fn caller(self, plan: &Plan, clients: Vec<Client>) -> Caller {
        let one_by_one = |caller: fn(&Plan, usize, Client) -> Caller, clients: Vec<Client>| {
            let clients = clients.into_iter().enumerate();
            let callers = clients.map(|(region, client)| caller(plan, region, client));
            callers.collect()
        };
        match self {
            Self::Large | Self::RoundRobin => {
                round_robin::caller(one_by_one(stack::caller, clients))
            }
            Self::Failover => failover::caller(one_by_one(failover::sdk, clients)),
            Self::SdkRoundRobin => round_robin::caller(one_by_one(failover::sdk, clients)),
            Self::Regions => regions::caller(plan, clients),
        }
    }

    pub(super) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name())
    }
}
