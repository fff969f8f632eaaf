use std::{io, time::Duration};

use aws_sdk_bedrockruntime::{
    Client,
    operation::converse::ConverseInput,
    types::{ContentBlock, ConversationRole, InferenceConfiguration, Message},
};
use bedrock_sim::{Latency, Simulator};
use fastrand::Rng;
use tokio::time::Instant;

use crate::{run, scenario::Scenario, server, strategy::sdk::send};

/// The calls that every strategy makes.
pub(crate) struct Batch {
    pub(crate) prompts: Vec<ConverseInput>,
    /// What each of them costs.
    pub(crate) costs: Vec<Cost>,
    /// What the neighbour's calls cost: its first ones, as many as there are prompts at most.
    pub(crate) neighbours: Vec<Cost>,
    /// What all prompts are charged in the end, in tokens of quota.
    pub(crate) charge: u64,
}

/// What a call takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cost {
    /// Tokens of quota at admission.
    pub(crate) reserved: u64,
    /// Tokens of quota in the end.
    pub(crate) charged: u64,
    /// From admission to the answer.
    pub(crate) time: Duration,
}

impl Batch {
    /// Draws the calls from the seed, and has a simulator without quotas say what they come to: it
    /// gives the same answer to the same request.
    pub(crate) fn draw(scenario: &Scenario) -> io::Result<Self> {
        let prompts: Vec<_> = Prompts::new(scenario, "lab").take(scenario.calls).collect();
        let costs = costs_of(scenario, &prompts)?;
        let charge = costs.iter().map(|cost| cost.charged).sum();
        let mut batch = Self {
            prompts,
            costs,
            neighbours: Vec::new(),
            charge,
        };
        if let Some(neighbour) = scenario.neighbour {
            let number = neighbour.calls(scenario, batch.mean_charge());
            let prompts = Prompts::new(scenario, "neighbour").take(number.min(scenario.calls));
            batch.neighbours = costs_of(scenario, &prompts.collect::<Vec<_>>())?;
        }
        Ok(batch)
    }

    /// What a call is charged on average.
    pub(crate) fn mean_charge(&self) -> f64 {
        self.charge as f64 / self.prompts.len() as f64
    }
}

/// Makes the calls one by one, with nothing between them and the model.
fn costs_of(scenario: &Scenario, prompts: &[ConverseInput]) -> io::Result<Vec<Cost>> {
    run::in_virtual_time(async {
        let simulator = Simulator::new()
            .seed(scenario.seed)
            .latency(Latency::new(scenario.first_token, scenario.per_token))
            .model(server::model(scenario));
        let client = Client::from_conf(simulator.sdk_config().build());
        let mut costs = Vec::new();
        for prompt in prompts {
            let sent = Instant::now();
            let answer = send(client.clone(), prompt.clone())
                .await
                .expect("without a quota every call is answered");
            let usage = answer.usage().expect("an answer says its tokens");
            let limit = prompt
                .inference_config()
                .and_then(|config| config.max_tokens);
            let [input, output, longest] =
                [usage.input_tokens, usage.output_tokens, limit.unwrap_or(0)]
                    .map(i32::unsigned_abs)
                    .map(u64::from);
            costs.push(Cost {
                reserved: input + longest,
                charged: input + output * scenario.burndown,
                time: sent.elapsed(),
            });
        }
        costs
    })
}

/// Distinct requests without end.
pub(crate) struct Prompts {
    rng: Rng,
    sender: &'static str,
    number: u64,
    scenario: Scenario,
}

impl Prompts {
    pub(crate) fn new(scenario: &Scenario, sender: &'static str) -> Self {
        Self {
            rng: server::rng(scenario.seed, sender),
            sender,
            number: 0,
            scenario: scenario.clone(),
        }
    }

    /// A text of so many tokens at four characters each, of which no two are the same.
    pub(crate) fn text(&mut self, tokens: u64) -> String {
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
        let span = self.scenario.input_tokens;
        let (low, high) = (span.min as f64, span.max as f64);
        let tokens = (low * (high / low).powf(self.rng.f64())).round() as u64;
        let text = self.text(tokens);
        let longest = self.scenario.max_tokens(tokens);
        let message = Message::builder()
            .role(ConversationRole::User)
            .content(ContentBlock::Text(text))
            .build();
        let limits = InferenceConfiguration::builder()
            .max_tokens(i32::try_from(longest).unwrap_or(i32::MAX));
        let input = ConverseInput::builder()
            .model_id(server::model_id(&self.scenario))
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
    fn a_call_reserves_its_longest_answer_and_is_charged_its_own() {
        let costs = |name, calls| {
            let scenario = Scenario {
                calls,
                ..Scenario::named(name)
            };
            Batch::draw(&scenario).unwrap().costs
        };
        for cost in costs(Name::Agents, 20) {
            assert!((33_254..=33_324).contains(&cost.reserved), "{cost:?}");
            assert!((1_270..=1_524).contains(&cost.charged), "{cost:?}");
            // 300 ms, and 25 ms for each but the first of 16 to 200 tokens.
            let answer = (cost.time.as_millis() - 300) / 25 + 1;
            assert!((16..=200).contains(&answer), "{cost:?}");
        }
        let all = costs(Name::Over10, 200);
        let sum = |of: fn(&Cost) -> u64| all.iter().map(of).sum::<u64>() as f64;
        let over = sum(|cost| cost.reserved) / sum(|cost| cost.charged);
        assert!((9.5..10.5).contains(&over), "{over}");
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
