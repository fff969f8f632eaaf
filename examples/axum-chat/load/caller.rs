use super::outcome::{Outcome, Outcomes};
use eventsource_stream::Eventsource;
use futures_util::StreamExt;
use reqwest::{Client, Response, header::ACCEPT};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

/// All who ask, each one question after the other.
pub(super) struct Callers {
    tasks: JoinSet<Outcomes>,
    enough: CancellationToken,
}

impl Callers {
    pub(super) fn start(url: &str, callers: u64) -> reqwest::Result<Self> {
        let client = Client::builder().build()?;
        let enough = CancellationToken::new();
        let mut tasks = JoinSet::new();
        for caller in 0..callers {
            let (client, url) = (client.clone(), format!("{url}/chat"));
            tasks.spawn(ask(client, url, caller, callers, enough.clone()));
        }
        Ok(Self { tasks, enough })
    }

    /// What is under way goes on.
    pub(super) fn ask_no_more(&self) {
        self.enough.cancel();
    }

    pub(super) async fn finish(mut self) -> Outcomes {
        let mut all = Outcomes::default();
        while let Some(outcomes) = self.tasks.join_next().await {
            all.join(outcomes.expect("a caller does not panic"));
        }
        all
    }
}

async fn ask(
    client: Client,
    url: String,
    caller: u64,
    callers: u64,
    enough: CancellationToken,
) -> Outcomes {
    let mut outcomes = Outcomes::default();
    // They do not come all at once.
    let begin = Duration::from_millis(2000 * caller / callers);
    if enough
        .run_until_cancelled(tokio::time::sleep(begin))
        .await
        .is_none()
    {
        return outcomes;
    }
    let streams = caller.is_multiple_of(2);
    for question in 0_u64.. {
        if enough.is_cancelled() {
            break;
        }
        // One in ten asks what another one of the tenant has asked.
        let prompt = if question % 10 == 9 {
            format!("What is {} squared?", question % 100)
        } else {
            format!("What is {caller} times {question}?")
        };
        let accept = if streams {
            "text/event-stream"
        } else {
            "application/json"
        };
        let asked = Instant::now();
        let sent = client
            .post(&url)
            .header(ACCEPT, accept)
            .header("x-tenant", format!("tenant-{}", caller % 20))
            .json(&json!({ "prompt": prompt }))
            .send();
        let (outcome, cached) = match sent.await {
            Err(error) => (Outcome::Unreachable(causes(&error)), false),
            Ok(response) if !response.status().is_success() => (refused(response).await, false),
            Ok(response) if streams => read(response).await,
            Ok(response) => match response.json::<Value>().await {
                Ok(answer) => (Outcome::Answered, answer["cached"] == true),
                Err(_) => (Outcome::BrokenUntold, false),
            },
        };
        outcomes.cached += u64::from(cached);
        outcomes.add(outcome, asked.elapsed(), enough.is_cancelled());
    }
    outcomes
}

async fn read(response: Response) -> (Outcome, bool) {
    let mut events = response.bytes_stream().eventsource();
    while let Some(Ok(event)) = events.next().await {
        match event.event.as_str() {
            "done" => {
                let account = serde_json::from_str::<Value>(&event.data).unwrap_or_default();
                return (Outcome::Answered, account["cached"] == true);
            }
            "error" => return (Outcome::BrokenAndTold, false),
            _ => {}
        }
    }
    (Outcome::BrokenUntold, false)
}

async fn refused(response: Response) -> Outcome {
    let status = response.status().as_u16();
    let problem = response.json::<Value>().await.unwrap_or_default();
    let kind = problem["type"].as_str().unwrap_or_default();
    let kind = kind.rsplit('#').next().unwrap_or_default();
    Outcome::Refused(format!("{status} {kind}"))
}

fn causes(error: &dyn std::error::Error) -> String {
    let chain = std::iter::successors(Some(error), |&cause| cause.source());
    chain.last().map_or_else(String::new, ToString::to_string)
}
