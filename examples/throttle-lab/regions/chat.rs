use std::{io, sync::Arc, time::Duration};

use aws_sdk_bedrockruntime::{
    Client,
    operation::converse::{ConverseInput, ConverseOutput},
    types::{
        CachePointBlock, CachePointType, ContentBlock, ConversationRole, InferenceConfiguration,
        Message, SystemContentBlock,
    },
};
use bedrock_sim::Simulator;
use fastrand::Rng;
use tokio::time::{Instant, sleep_until};

use super::{
    ended::Told,
    plan::Plan,
    run::Work,
    way::{Answered, Way},
};
use crate::{
    batch::Prompts, run::in_virtual_time, scenario::Scenario, server, strategy::sdk::send,
};

/// What conversations ask for, of the quotas of all Regions together.
const LOAD: f64 = 0.8;
/// In tokens; the same for all conversations.
const SYSTEM: u64 = 2_000;

/// How often the conversations go on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    conversations: usize,
    turns: usize,
    /// From turn to turn, on average.
    every: Duration,
}

impl Load {
    pub(super) const fn conversations(&self) -> usize {
        self.conversations
    }
}

/// Has a simulator without quotas say what all turns come to, and spreads them over as much time as
/// makes that the load.
pub(super) fn load(plan: &Plan) -> io::Result<Load> {
    let scenario = &plan.scenario;
    let conversations = scenario.workers;
    let turns = scenario.calls.div_ceil(conversations);
    let charge = in_virtual_time(async {
        let simulator = Simulator::new()
            .seed(scenario.seed)
            .model(server::model(scenario));
        let client = Client::from_conf(simulator.sdk_config().build());
        let mut charge = 0;
        for number in 0..conversations {
            let mut conversation = Conversation::new(scenario, number);
            for _ in 0..turns {
                let answer = send(client.clone(), conversation.turn()).await;
                let output = answer.expect("without a quota every call is answered");
                let answered = Answered { region: 0, output };
                charge += Told::of(&answered).charge(scenario.burndown);
                conversation.answered(&answered.output);
            }
        }
        charge
    })?;
    let large = &plan.places(Way::Large)[0].scenario.quota;
    let seconds = charge as f64 / (LOAD * large.tpm.unwrap_or(u64::MAX) as f64 / 60.0);
    Ok(Load {
        conversations,
        turns,
        every: Duration::from_secs_f64(seconds / turns as f64),
    })
}

/// Holds one conversation: each turn comes some time after the one before began, but not before its
/// answer.
pub(super) async fn hold(work: Arc<Work>, plan: Plan, load: Load, number: usize) {
    let mut conversation = Conversation::new(&plan.scenario, number);
    let begins = load
        .every
        .mul_f64(number as f64 / load.conversations as f64);
    let mut next = Instant::now() + begins;
    for _ in 0..load.turns {
        sleep_until(next).await;
        next = Instant::now() + load.every.mul_f64(0.5 + conversation.rng.f64());
        match work.make(conversation.turn(), Some(number)).await {
            Some(answered) => conversation.answered(&answered.output),
            None => conversation.lost(),
        }
    }
}

/// A conversation whose cache points move on with it.
struct Conversation {
    scenario: Scenario,
    system: String,
    prompts: Prompts,
    rng: Rng,
    /// What the user and the model said in turn.
    said: Vec<String>,
}

impl Conversation {
    fn new(scenario: &Scenario, number: usize) -> Self {
        let of = |number: u64| Scenario {
            seed: scenario.seed.wrapping_add(number << 32),
            ..scenario.clone()
        };
        let number = number as u64 + 1;
        Self {
            scenario: scenario.clone(),
            system: Prompts::new(scenario, "system").text(SYSTEM),
            prompts: Prompts::new(&of(number), "chat"),
            rng: server::rng(of(number).seed, "turns"),
            said: Vec::new(),
        }
    }

    /// What the user says next, with all that was said before.
    fn turn(&mut self) -> ConverseInput {
        let span = self.scenario.input_tokens;
        let tokens = self.rng.u64(span.min..=span.max);
        self.said.push(self.prompts.text(tokens));
        let limit = self.scenario.max_tokens(span.max);
        let limits =
            InferenceConfiguration::builder().max_tokens(i32::try_from(limit).unwrap_or(i32::MAX));
        let input = ConverseInput::builder()
            .model_id(server::model_id(&self.scenario))
            .system(SystemContentBlock::Text(self.system.clone()))
            .system(SystemContentBlock::CachePoint(cache_point()))
            .set_messages(Some(self.messages()))
            .inference_config(limits.build())
            .build();
        input.expect("nothing else is required")
    }

    fn messages(&self) -> Vec<Message> {
        let last = self.said.len() - 1;
        let message = |(index, text): (usize, &String)| {
            let is_user = index % 2 == 0;
            let mut message = Message::builder()
                .role(if is_user {
                    ConversationRole::User
                } else {
                    ConversationRole::Assistant
                })
                .content(ContentBlock::Text(text.clone()));
            // One to write up to here, and the last turn's, to read up to there.
            if is_user && index + 2 >= last {
                message = message.content(ContentBlock::CachePoint(cache_point()));
            }
            message.build().expect("a message has a role and content")
        };
        self.said.iter().enumerate().map(message).collect()
    }

    fn answered(&mut self, output: &ConverseOutput) {
        let message = output.output().and_then(|output| output.as_message().ok());
        let text = message.and_then(|message| message.content()[0].as_text().ok());
        self.said
            .push(text.expect("the simulator writes text").clone());
    }

    /// The user begins the turn anew.
    fn lost(&mut self) {
        self.said.pop();
    }
}

fn cache_point() -> CachePointBlock {
    let point = CachePointBlock::builder().r#type(CachePointType::Default);
    point.build().expect("nothing else is required")
}

#[cfg(test)]
mod tests;
