use super::{
    semconv,
    settings::Settings,
    watch::{Outcome, Scope, Told},
};
use crate::{
    error::ErrorKind, model_id::one_name, operation::Operation, request::Request, response::Usage,
};
use metrics::{
    Counter, Histogram, Label, Unit, counter, describe_counter, describe_histogram, gauge,
    histogram,
};
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, OnceLock, PoisonError, RwLock},
    time::Duration,
};

/// The metrics of all models of one layer.
#[derive(Default)]
pub(super) struct Metered {
    models: RwLock<Models>,
}

#[derive(Default)]
struct Models {
    /// By Region, of which there are a handful; then by operation, then by model.
    series: Vec<(Arc<str>, ByOperation)>,
    /// Models that have a label, each counted once for each operation and Region.
    labelled: usize,
}

type ByOperation = HashMap<&'static str, HashMap<Box<str>, Arc<Series>>>;

/// More Regions than there are have no label of their own: a request may name any.
const MOST_REGIONS: usize = 64;

impl Metered {
    /// The metrics of the model that a request asks, with its own label as long as there are few.
    ///
    /// A call is counted in the layer's Region, since it may come to attempts in several; an attempt in
    /// the one that it goes to.
    pub(super) fn series<I: Operation>(
        &self,
        settings: &Settings,
        scope: Scope,
        request: &Request<I>,
    ) -> Arc<Series> {
        let asked = request.model_id();
        let operation = semconv::operation(I::NAME, asked);
        let model = request.quota_model().map_or("", one_name);
        let region = match scope {
            Scope::Call => &settings.region,
            Scope::Attempt => request.options().region_or(&settings.region),
        };
        let known = self.models.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(series) = known.get(region, operation, model) {
            return series;
        }
        let is_full = known.labelled >= settings.max_models;
        if is_full && let Some(series) = known.get(region, operation, semconv::OTHER) {
            return series;
        }
        drop(known);
        self.make(settings, region, operation, model)
    }

    #[cold]
    fn make(
        &self,
        settings: &Settings,
        region: &Arc<str>,
        operation: &'static str,
        model: &str,
    ) -> Arc<Series> {
        let mut models = self.models.write().unwrap_or_else(PoisonError::into_inner);
        let region = models.labelled_region(region, settings);
        if let Some(series) = models.get(&region, operation, model) {
            return series;
        }
        let model = if models.labelled < settings.max_models || model.is_empty() {
            models.labelled += 1;
            model
        } else {
            semconv::OTHER
        };
        let labelled = models.labelled;
        let series = models.of_region(&region).entry(operation).or_default();
        let series = series
            .entry(model.into())
            .or_insert_with(|| Arc::new(Series::new(settings, &region, operation, model)));
        let series = Arc::clone(series);
        drop(models);
        describe();
        gauge!(semconv::MODELS, semconv::REGION => settings.region.to_string())
            .set(labelled as f64);
        series
    }
}

impl Models {
    fn get(&self, region: &str, operation: &'static str, model: &str) -> Option<Arc<Series>> {
        let mut regions = self.series.iter();
        let (_, series) = regions.find(|(name, _)| **name == *region)?;
        series.get(operation)?.get(model).cloned()
    }

    /// The Region by the label that it has.
    fn labelled_region(&self, region: &Arc<str>, settings: &Settings) -> Arc<str> {
        let is_known = self.series.iter().any(|(name, _)| name == region);
        let has_label = is_known || self.series.len() < MOST_REGIONS || *region == settings.region;
        let other = || Arc::from(semconv::OTHER);
        if has_label {
            Arc::clone(region)
        } else {
            other()
        }
    }

    fn of_region(&mut self, region: &Arc<str>) -> &mut ByOperation {
        let place = self.series.iter().position(|(name, _)| name == region);
        let place = place.unwrap_or_else(|| {
            self.series.push((Arc::clone(region), ByOperation::new()));
            self.series.len() - 1
        });
        &mut self.series[place].1
    }
}

/// The metrics of one operation of one model. Each is registered when it is first told.
pub(super) struct Series {
    labels: Vec<Label>,
    /// Whether a model is asked for an answer.
    is_inference: bool,
    old_names: bool,
    call: ByOutcome,
    old_call: ByOutcome,
    first_chunk: OnceLock<Histogram>,
    between_chunks: OnceLock<Histogram>,
    attempt: ByOutcome,
    tokens: OnceLock<Tokens>,
}

type ByOutcome = [OnceLock<Histogram>; ErrorKind::COUNT + 2];

struct Tokens {
    input: Counter,
    output: Counter,
    cache_read: Counter,
    cache_write: Counter,
    input_each: Histogram,
    output_each: Histogram,
    /// By the old names: input and output.
    old: Option<[Histogram; 2]>,
}

impl Series {
    fn new(settings: &Settings, region: &str, operation: &'static str, model: &str) -> Self {
        let mut labels = vec![
            Label::from_static_parts(semconv::OPERATION, operation),
            Label::from_static_parts(semconv::PROVIDER, semconv::AWS_BEDROCK),
            Label::new(semconv::REGION, region.to_owned()),
        ];
        if !model.is_empty() {
            labels.push(Label::new(semconv::MODEL, model.to_owned()));
        }
        Self {
            labels,
            is_inference: ["chat", "text_completion", "embeddings"].contains(&operation),
            old_names: settings.old_names,
            call: ByOutcome::default(),
            old_call: ByOutcome::default(),
            first_chunk: OnceLock::new(),
            between_chunks: OnceLock::new(),
            attempt: ByOutcome::default(),
            tokens: OnceLock::new(),
        }
    }

    pub(super) fn end(&self, scope: Scope, told: &Told<'_>) {
        match scope {
            Scope::Call => self.call(told),
            Scope::Attempt => {
                let duration = semconv::ATTEMPT_DURATION;
                self.time(&self.attempt, duration, &told.outcome, told.took);
                if self.is_inference {
                    // Nothing is told of what failed, and the series is there from the first call on.
                    self.tokens().add(told.usage);
                }
            }
        }
    }

    fn call(&self, told: &Told<'_>) {
        let (outcome, took) = (&told.outcome, told.took);
        if self.is_inference {
            self.time(&self.call, semconv::DURATION, outcome, took);
        }
        if self.old_names || !self.is_inference {
            self.time(&self.old_call, semconv::OPERATION_DURATION, outcome, took);
        }
        if let Some(first) = told.first_chunk {
            self.histogram(&self.first_chunk, semconv::TIME_TO_FIRST_CHUNK)
                .record(first);
        }
        if let Some(between) = told.between_chunks {
            self.histogram(&self.between_chunks, semconv::TIME_PER_OUTPUT_CHUNK)
                .record(between);
        }
    }

    fn time(
        &self,
        handles: &ByOutcome,
        metric: &'static str,
        outcome: &Outcome<'_>,
        took: Duration,
    ) {
        let (at, error) = match outcome {
            Outcome::Answered => (ErrorKind::COUNT, None),
            Outcome::Cancelled => (ErrorKind::COUNT + 1, Some(semconv::CANCELLED)),
            Outcome::Failed(error) => (error.kind() as usize, Some(error.kind().as_str())),
        };
        let handle = handles[at].get_or_init(|| {
            let mut labels = self.labels.clone();
            labels.extend(error.map(|error| Label::from_static_parts(semconv::ERROR, error)));
            histogram!(metric, labels)
        });
        handle.record(took);
    }

    fn histogram<'a>(
        &self,
        handle: &'a OnceLock<Histogram>,
        metric: &'static str,
    ) -> &'a Histogram {
        handle.get_or_init(|| histogram!(metric, self.labels.clone()))
    }

    fn tokens(&self) -> &Tokens {
        self.tokens.get_or_init(|| {
            let with = |key: &'static str, value: &'static str| {
                let mut labels = self.labels.clone();
                labels.push(Label::from_static_parts(key, value));
                labels
            };
            let labels = || with(semconv::TOKEN_MODALITY, "unknown");
            let old = |kind| histogram!(semconv::TOKEN_USAGE, with(semconv::TOKEN_TYPE, kind));
            Tokens {
                input: counter!(semconv::USAGE_INPUT, labels()),
                output: counter!(semconv::USAGE_OUTPUT, labels()),
                cache_read: counter!(semconv::USAGE_CACHE_READ, labels()),
                cache_write: counter!(semconv::USAGE_CACHE_WRITE, labels()),
                input_each: histogram!(semconv::INPUT_PER_OPERATION, self.labels.clone()),
                output_each: histogram!(semconv::OUTPUT_PER_OPERATION, self.labels.clone()),
                old: self.old_names.then(|| [old("input"), old("output")]),
            }
        })
    }
}

impl Tokens {
    fn add(&self, usage: Option<Usage>) {
        let Some(usage) = usage else {
            self.input.increment(0);
            return;
        };
        let (input, output) = (usage.prompt_tokens(), usage.output_tokens);
        self.input.increment(input);
        self.output.increment(output);
        self.cache_read.increment(usage.cache_read_tokens);
        self.cache_write.increment(usage.cache_write_tokens);
        self.input_each.record(input as f64);
        self.output_each.record(output as f64);
        if let Some([old_input, old_output]) = &self.old {
            old_input.record(input as f64);
            old_output.record(output as f64);
        }
    }
}

/// Says the units, from which exporters make a part of the name.
fn describe() {
    describe_counter!(
        semconv::MOVES,
        Unit::Count,
        "Calls that went on to another Region."
    );
    for (metric, text) in [
        (
            semconv::DURATION,
            "Calls, from the call to its result or to the end of its stream.",
        ),
        (
            semconv::OPERATION_DURATION,
            "Calls, from the call to its result.",
        ),
        (
            semconv::TIME_TO_FIRST_CHUNK,
            "From the call to the first event of its stream.",
        ),
        (
            semconv::TIME_PER_OUTPUT_CHUNK,
            "From one event of a stream to the next, the average of each stream.",
        ),
    ] {
        describe_histogram!(metric, Unit::Seconds, text);
    }
    for (metric, text) in [
        (
            semconv::USAGE_INPUT,
            "Input tokens, those of the prompt cache included.",
        ),
        (semconv::USAGE_OUTPUT, "Output tokens."),
        (
            semconv::USAGE_CACHE_READ,
            "Input tokens out of the prompt cache.",
        ),
        (
            semconv::USAGE_CACHE_WRITE,
            "Input tokens into the prompt cache.",
        ),
    ] {
        describe_counter!(metric, Unit::Count, text);
    }
}

impl fmt::Debug for Metered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metered").finish_non_exhaustive()
    }
}

impl fmt::Debug for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Series")
            .field("labels", &self.labels)
            .finish_non_exhaustive()
    }
}
