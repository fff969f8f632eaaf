//! The program's arguments.

use std::{fmt::Display, path::PathBuf, str::FromStr, time::Duration};

use bedrock_sim::{Latency, Meter, Model, ScriptEntry};
use clap::{Parser, ValueEnum};
use serde_json::{Map, Value};

/// The models that are served, without quotas, when no `--model` is given.
pub(crate) const DEFAULT_MODELS: &[&str] = &[
    "anthropic.claude-3-haiku-20240307-v1:0",
    "anthropic.claude-3-5-sonnet-20240620-v1:0",
    "anthropic.claude-3-7-sonnet-20250219-v1:0",
    "anthropic.claude-haiku-4-5-20251001-v1:0",
    "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "us.anthropic.claude-3-7-sonnet-20250219-v1:0",
    "us.anthropic.claude-haiku-4-5-20251001-v1:0",
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "amazon.nova-micro-v1:0",
    "amazon.nova-lite-v1:0",
    "amazon.nova-pro-v1:0",
    "us.amazon.nova-micro-v1:0",
    "us.amazon.nova-lite-v1:0",
    "us.amazon.nova-pro-v1:0",
];

/// A local Amazon Bedrock that any AWS SDK can be pointed at
#[derive(Parser)]
#[command(version, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Where to listen; port 0 picks a free port
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub(crate) listen: String,

    /// A model to serve and its quotas, ID[,KEY=VALUE]…; repeat it for more models. Keys: tpm
    /// (tokens per minute), rpm (requests per minute), tpd (tokens per day), burst (how much of a
    /// minute's quota a full bucket holds, such as 10s), burndown (quota tokens per output token),
    /// max-tokens (the most a request may ask for). Default: a set of models without quotas
    #[arg(long = "model", value_name = "SPEC", value_parser = model)]
    pub(crate) models: Vec<Model>,

    /// What answers and random faults are drawn from
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,

    /// How quotas per minute are metered
    #[arg(long, value_enum, default_value_t = MeterName::Bucket)]
    meter: MeterName,

    /// Multiplies all latency; 0 answers at once
    #[arg(long, value_name = "NUMBER", default_value_t = 1.0, value_parser = factor)]
    latency_factor: f64,

    /// The time to the first output token
    #[arg(long, value_name = "TIME", default_value = "200ms", value_parser = duration)]
    first_token: Duration,

    /// The time for each further output token
    #[arg(long, value_name = "TIME", default_value = "5ms", value_parser = duration)]
    per_token: Duration,

    /// A fault, KIND[,KEY=VALUE]…, with the keys of a fault in a script, such as
    /// `throttling,rate=0.1` or `model_timeout,times=2`; repeat it for more
    #[arg(long = "fault", value_name = "SPEC", value_parser = fault)]
    pub(crate) faults: Vec<ScriptEntry>,

    /// A JSON file of faults, as in POST /_sim/script
    #[arg(long, value_name = "FILE")]
    pub(crate) script: Option<PathBuf>,

    /// A word that guardrails block; repeat it for more
    #[arg(long = "guardrail-word", value_name = "WORD")]
    pub(crate) guardrail_words: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum MeterName {
    Bucket,
    Fixed,
    Sliding,
}

impl Arguments {
    pub(crate) fn meter(&self) -> Meter {
        match self.meter {
            MeterName::Bucket => Meter::Bucket,
            MeterName::Fixed => Meter::FixedMinute,
            MeterName::Sliding => Meter::SlidingMinute,
        }
    }

    pub(crate) fn latency(&self) -> Latency {
        Latency::new(self.first_token, self.per_token).factor(self.latency_factor)
    }
}

fn model(spec: &str) -> Result<Model, String> {
    let (id, keys) = split(spec)?;
    if id.is_empty() || id.contains('=') {
        return Err("a model begins with its id: ID,tpm=200000,…".into());
    }
    keys.into_iter().try_fold(Model::new(id), |model, (key, value)| {
        Ok(match key {
            "tpm" => model.tokens_per_minute(number(key, value)?),
            "rpm" => model.requests_per_minute(number(key, value)?),
            "tpd" => model.tokens_per_day(number(key, value)?),
            "burndown" => model.burndown(number(key, value)?),
            "burst" => model.burst(duration(value).map_err(|why| format!("`{key}`: {why}"))?),
            "max-tokens" => match number(key, value)? {
                0 => return Err("`max-tokens` is at least 1".into()),
                tokens => model.max_tokens(tokens),
            },
            _ => {
                return Err(format!(
                    "unknown key `{key}`; the keys are tpm, rpm, tpd, burst, burndown, max-tokens"
                ));
            }
        })
    })
}

fn fault(spec: &str) -> Result<ScriptEntry, String> {
    let (kind, keys) = split(spec)?;
    let mut members = Map::new();
    members.insert("fault".into(), kind.into());
    for (key, value) in keys {
        let texts = [
            "model",
            "operation",
            "message",
            "exception",
            "prompt",
            "text",
            "stop_reason",
        ];
        let value = if texts.contains(&key) {
            value.into()
        } else {
            serde_json::from_str(value).map_err(|_| format!("`{key}={value}` is not a number"))?
        };
        members.insert(key.into(), value);
    }
    let fault: ScriptEntry =
        serde_json::from_value(Value::Object(members)).map_err(|why| why.to_string())?;
    fault.validate().map_err(|why| why.to_string())?;
    Ok(fault)
}

type Pairs<'a> = Vec<(&'a str, &'a str)>;

/// What stands before the first comma, and the pairs after it.
fn split(spec: &str) -> Result<(&str, Pairs<'_>), String> {
    let mut parts = spec.split(',').map(str::trim);
    let head = parts.next().unwrap_or_default();
    let pairs = parts.map(|part| {
        part.split_once('=')
            .ok_or_else(|| format!("`{part}` is not of the form KEY=VALUE"))
    });
    Ok((head, pairs.collect::<Result<_, _>>()?))
}

fn number<T: FromStr<Err: Display>>(key: &str, value: &str) -> Result<T, String> {
    let digits = value.replace('_', "");
    digits
        .parse()
        .map_err(|why| format!("`{key}={value}` is not a number of tokens or requests: {why}"))
}

fn factor(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|factor: &f64| factor.is_finite() && *factor >= 0.0)
        .ok_or_else(|| "it is a number, 0 or more".into())
}

/// A whole or decimal number of ms, s, m or h.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        _ => return Err(format!("`{text}` needs a unit: 200ms, 10s, 1m or 1h")),
    };
    let amount: f64 = digits
        .parse()
        .map_err(|_| format!("`{text}` is not a duration such as 200ms or 10s"))?;
    Duration::try_from_secs_f64(amount * unit)
        .map_err(|_| format!("`{text}` is not a duration such as 200ms or 10s"))
}
