use std::io;

use aws_sdk_bedrockruntime::{
    Client,
    operation::converse::ConverseInput,
    types::{ContentBlock, ConversationRole, InferenceConfiguration, Message},
};
use bedrock_sim::Simulator;
use fastrand::Rng;

use crate::{
    run,
    scenario::{Scenario, Span},
    server,
    strategy::sdk::send,
};

/// The calls that every strategy makes.
pub(crate) struct Batch {
    pub(crate) prompts: Vec<ConverseInput>,
    /// What all of them are charged in the end, in tokens of quota.
    pub(crate) charge: u64,
}

impl Batch {
    /// Draws the calls from the seed, and has a simulator without quotas say what they come to: it
    /// gives the same answer to the same request.
    pub(crate) fn draw(scenario: &Scenario) -> io::Result<Self> {
        let prompts: Vec<_> = Prompts::new(scenario, "lab").take(scenario.calls).collect();
        let charge = run::in_virtual_time(async {
            let simulator = Simulator::new()
                .seed(scenario.seed)
                .model(server::model(scenario));
            let client = Client::from_conf(simulator.sdk_config().build());
            for prompt in &prompts {
                send(client.clone(), prompt.clone())
                    .await
                    .expect("without a quota every call is answered");
            }
            let usage = simulator.usage();
            usage
                .model(server::model_id(scenario.burndown))
                .map_or(0, |usage| usage.settled)
        })?;
        Ok(Self { prompts, charge })
    }

    /// What a call is charged on average.
    pub(crate) fn mean_charge(&self) -> f64 {
        self.charge as f64 / self.prompts.len() as f64
    }
}

/// Distinct requests without end.
pub(crate) struct Prompts {
    rng: Rng,
    sender: &'static str,
    number: u64,
    model: &'static str,
    tokens: Span,
    max_tokens: i32,
}

impl Prompts {
    pub(crate) fn new(scenario: &Scenario, sender: &'static str) -> Self {
        Self {
            rng: server::rng(scenario.seed, sender),
            sender,
            number: 0,
            model: server::model_id(scenario.burndown),
            tokens: scenario.input_tokens,
            max_tokens: i32::try_from(scenario.max_tokens).unwrap_or(i32::MAX),
        }
    }

    /// A text of so many tokens at four characters each, of which no two are the same.
    fn text(&mut self, tokens: u64) -> String {
        let length = usize::try_from(tokens * 4).expect("a prompt fits into memory");
        let mut text = format!("{} {}:", self.sender, self.number);
        while text.len() < length {
            text.push(' ');
            text.push_str(self.rng.choice(WORDS).copied().unwrap_or_default());
        }
        text.truncate(length);
        text
    }
}

impl Iterator for Prompts {
    type Item = ConverseInput;

    fn next(&mut self) -> Option<ConverseInput> {
        self.number += 1;
        // As many between 100 and 200 as between 500 and 1,000: most prompts are short.
        let (low, high) = (self.tokens.min as f64, self.tokens.max as f64);
        let tokens = low * (high / low).powf(self.rng.f64());
        let text = self.text(tokens.round() as u64);
        let message = Message::builder()
            .role(ConversationRole::User)
            .content(ContentBlock::Text(text))
            .build();
        let limits = InferenceConfiguration::builder().max_tokens(self.max_tokens);
        let input = ConverseInput::builder()
            .model_id(self.model)
            .messages(message.expect("a message has a role and content"))
            .inference_config(limits.build())
            .build();
        Some(input.expect("nothing else is required"))
    }
}

const WORDS: &[&str] = &[
    "after",
    "answer",
    "because",
    "between",
    "bridge",
    "carry",
    "cloud",
    "complete",
    "contract",
    "customer",
    "describe",
    "document",
    "during",
    "engine",
    "every",
    "example",
    "figure",
    "garden",
    "history",
    "invoice",
    "language",
    "letter",
    "measure",
    "message",
    "minute",
    "number",
    "office",
    "people",
    "please",
    "question",
    "reason",
    "report",
    "season",
    "sentence",
    "service",
    "summary",
    "system",
    "through",
    "translate",
    "weather",
    "which",
    "window",
    "without",
    "words",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::scenario::Name;

    fn texts(seed: u64, sender: &'static str) -> Vec<String> {
        let scenario = Scenario {
            seed,
            ..Scenario::named(Name::Requests)
        };
        let prompts = Prompts::new(&scenario, sender).take(1_000);
        prompts
            .map(|prompt| {
                let content = &prompt.messages()[0].content()[0];
                content.as_text().unwrap().clone()
            })
            .collect()
    }

    #[test]
    fn no_two_prompts_are_the_same() {
        let mut all = texts(1, "lab");
        all.extend(texts(1, "neighbour"));
        let distinct: BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
    }

    #[test]
    fn the_seed_decides_the_prompts() {
        assert_eq!(texts(1, "lab"), texts(1, "lab"));
        assert_ne!(texts(1, "lab"), texts(2, "lab"));
    }

    #[test]
    fn prompts_are_as_long_as_the_scenario_says() {
        let lengths: Vec<_> = texts(1, "lab").iter().map(String::len).collect();
        assert!(lengths.iter().all(|length| (400..=4_000).contains(length)));
        assert!(lengths.iter().any(|length| *length < 500));
        assert!(lengths.iter().any(|length| *length > 3_500));
    }

    #[test]
    fn the_charge_counts_output_by_the_burndown() {
        let charge = |burndown| {
            let scenario = Scenario {
                calls: 100,
                burndown,
                ..Scenario::named(Name::Tokens)
            };
            Batch::draw(&scenario).unwrap().charge
        };
        assert_eq!(charge(5), charge(5));
        // An answer has 108 tokens on average. Each model draws its own.
        let more = (charge(5) - charge(1)) / 100;
        assert!((4 * 90..4 * 126).contains(&more), "{more}");
    }
}
