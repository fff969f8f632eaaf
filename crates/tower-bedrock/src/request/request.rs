use super::{
    Attempts, CacheUse, Conversation, Options, Priority, contents::Contents, customized::Customized,
};
use crate::{estimate::Estimate, operation::Operation, wire::EncodeError};
use aws_sdk_bedrockruntime::config;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use std::{borrow::Cow, fmt, num::NonZeroU32, ops::Deref, sync::Arc};
use tokio::time::{Duration, Instant};

/// An SDK input and what its caller wants done about it.
///
/// Made from the input with `into()` or [`Request::new`], then refined by chaining. Layers and
/// the leaf read the options; Bedrock sees the input alone. It derefs to the input, none of whose
/// own methods it hides.
///
/// # Clone
///
/// The input is shared, and so is what it was serialized to, so a clone copies no prompt. `Debug`
/// shows the options and not the input.
pub struct Request<I> {
    contents: Arc<Contents<I>>,
    options: Options,
}

impl<I> Request<I> {
    /// A request with the default options: no deadline, no tenant, cached, normal priority.
    #[must_use]
    pub fn new(input: I) -> Self {
        Self {
            contents: Arc::new(Contents::new(input)),
            options: Options::default(),
        }
    }

    /// Gives up at `deadline` with [`ErrorKind::DeadlineExceeded`](crate::ErrorKind): no attempt
    /// starts or goes on past it. Default: none.
    #[must_use]
    pub fn deadline(mut self, deadline: Instant) -> Self {
        self.options.deadline = Some(deadline);
        self
    }

    /// Gives up `timeout` from now, over all attempts together. Default: never.
    ///
    /// A timeout too far off for the clock to name is the same as none.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.deadline = Instant::now().checked_add(timeout);
        self
    }

    /// Waits for no attempt longer than `wait` from now: for its turn of the quota, an open circuit, or the
    /// pause before a retry. An attempt that has begun goes on. Default: the
    /// [stack's](crate::StackLayer::max_wait).
    ///
    /// A call that joins another caller's, through a cache, waits as long as that one may and fails as it
    /// does, since an attempt may have begun for both; [`timeout`](Self::timeout) ends it by itself.
    ///
    /// A wait too far off for the clock to name is the same as none.
    #[must_use]
    pub fn max_wait(mut self, wait: Duration) -> Self {
        self.options.start_by = Instant::now().checked_add(wait);
        self.options.has_own_max_wait = true;
        self
    }

    /// Sets what layers set for all requests.
    pub(crate) fn wait_at_most(&mut self, wait: Duration) {
        if !self.options.has_own_max_wait {
            self.options.start_by = Instant::now().checked_add(wait);
        }
    }

    /// Has the leaf hand the HTTP response along with the answer.
    pub(crate) fn hand_raw_response_along(&mut self) {
        self.options.raw = true;
    }

    /// Has the [deadline](Self::deadline) hold for a stream up to its end, and not only up to its first
    /// event. Default: the first event is in time.
    #[must_use]
    pub fn whole_stream(mut self) -> Self {
        self.options.whole_stream = true;
        self
    }

    /// Names whose request this is. Tenants share no cached answers, and take turns at the quota.
    /// Default: nobody's.
    #[must_use]
    pub fn tenant(mut self, tenant: impl Into<Arc<str>>) -> Self {
        self.options.tenant = Some(tenant.into());
        self
    }

    /// Sets how a cache may take part. Default: [`CacheUse::Use`], and [`CacheUse::Bypass`] for a request
    /// that is [customized](Self::customize).
    #[must_use]
    pub fn cache(mut self, cache: CacheUse) -> Self {
        self.options.cache = Some(cache);
        self
    }

    /// Sets how long a cache may answer with what comes of this request, in the place of its own
    /// time. Default: the cache's.
    #[must_use]
    pub fn cache_for(mut self, ttl: Duration) -> Self {
        self.options.cache_for = Some(ttl);
        self
    }

    /// Sets who goes first where calls queue. Default: [`Priority::Normal`].
    #[must_use]
    pub fn priority(mut self, priority: Priority) -> Self {
        self.options.priority = priority;
        self
    }

    /// Sets how many attempts a retry layer may make, the first included. Default: the layer's.
    #[must_use]
    pub fn max_attempts(mut self, attempts: NonZeroU32) -> Self {
        self.options.max_attempts = Some(attempts);
        self
    }

    /// Says how many input tokens the request has, cached parts included, as `CountTokens` counts
    /// them. A quota layer reserves so many then. Default: it estimates them.
    #[must_use]
    pub fn input_tokens(mut self, tokens: u64) -> Self {
        self.options.input_tokens = Some(tokens);
        self
    }

    /// Has a [`CountTokensLayer`](crate::CountTokensLayer), if there is one, ask Bedrock for the
    /// exact number of input tokens. Default: not.
    #[must_use]
    pub fn count_tokens(mut self) -> Self {
        self.options.count_tokens = true;
        self
    }

    /// Says which model or system profile an ARN in the input stands for, such as
    /// `us.anthropic.claude-sonnet-4-5-20250929-v1:0`: the call then counts as one of it, in its
    /// quota and its circuit. Default: what a
    /// [`ResolveProfilesLayer`](crate::ResolveProfilesLayer) knows.
    #[must_use]
    pub fn stands_for(mut self, model: impl Into<Arc<str>>) -> Self {
        self.options.stands_for = Some(model.into());
        self
    }

    /// Sends the request to `region` and to no other one: one of those that the stack's
    /// [`Regions`](crate::Regions) list. Default: the stack chooses.
    ///
    /// A cache may answer with what came from another Region, unless
    /// [`share_answers`](crate::Regions::share_answers) says otherwise.
    ///
    /// A Region that is not listed fails the call with [`ErrorKind::Invalid`](crate::ErrorKind), and so
    /// does one that is not the client's where there is one client alone.
    #[must_use]
    pub fn region(mut self, region: impl Into<Arc<str>>) -> Self {
        self.options.region = Some(region.into());
        self
    }

    /// Changes the client's configuration for this request, as `customize().config_override(config)` does
    /// of an SDK call: its timeouts, say, or an interceptor of this one call. Default: no change.
    ///
    /// ```
    /// use aws_sdk_bedrockruntime::config::{self, timeout::TimeoutConfig};
    /// use std::time::Duration;
    ///
    /// # use aws_sdk_bedrockruntime::operation::converse::ConverseInput;
    /// # use tower_bedrock::Request;
    /// # fn example(input: ConverseInput) -> Request<ConverseInput> {
    /// let read_timeout = TimeoutConfig::builder().read_timeout(Duration::from_secs(20)).build();
    /// Request::new(input).customize(config::Builder::new().timeout_config(read_timeout))
    /// # }
    /// ```
    ///
    /// No layer can tell what a configuration makes of an answer, so a cache takes no part unless
    /// [`cache`](Self::cache) says so; the answer is then one to the input as it is, for all who ask the
    /// same. Retries stay the layers'. Interceptors see and change the input as those of the client do
    /// ([`Bedrock`](crate::Bedrock)). A `config` with another Region than the client's fails the call, since
    /// its quota is another one. Called once more, it replaces what was there.
    #[must_use]
    pub fn customize(mut self, config: impl Into<config::Builder>) -> Self {
        self.options.customized = Some(Customized::new(config.into()));
        self
    }

    /// Says which conversation the request is a turn of, by a key that is the same for all of its turns, such as
    /// the id of a chat. Default: none.
    ///
    /// Bedrock's [prompt caches] are per Region, so with [`Regions`](crate::Regions) the turns stay where the prompt
    /// is cached, unless they wait there for longer than it costs to [leave](crate::Regions::conversation_patience).
    /// It makes no difference to prompts that are not cached. A key is its tenant's own, and a hash of it is kept.
    ///
    /// [prompt caches]: https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
    #[must_use]
    pub fn conversation(mut self, key: impl AsRef<[u8]>) -> Self {
        self.options.conversation = Some(Conversation::named(key.as_ref()));
        self
    }

    /// Has the [conversation](Self::conversation) found by how the prompt begins, for whoever has no key of it.
    ///
    /// A cache point in the messages is taken for one that moves on with the turns: the conversation is then what
    /// tools, system and the first message say. With one in the tools or the system alone, it is what is before the
    /// first of them, which other conversations may have in common; without one, what tools and system say. So it
    /// is of a body of InvokeModel with `cache_control` in it, by its bytes. Other requests stay as they are.
    #[must_use]
    pub fn conversation_of_prompt(mut self) -> Self
    where
        I: Operation,
    {
        let found = self.contents.input().conversation();
        self.options.conversation = found.or(self.options.conversation);
        self
    }

    /// Has the call noted what its attempts come to, from here on inwards.
    pub(crate) fn note_attempts(&mut self) -> Arc<Attempts> {
        let attempts = Arc::default();
        self.options.attempts = Some(Arc::clone(&attempts));
        attempts
    }

    /// Sends it to this Region, for one attempt.
    pub(crate) fn send_to(&mut self, region: Arc<str>) {
        self.options.region = Some(region);
    }

    /// Leaves it to whoever has one Region only.
    pub(crate) fn go_anywhere(&mut self) {
        self.options.region = None;
    }

    /// Asks `model` in the place of the input's, for one attempt; `stands_for` is what that one stands
    /// for. No prompt is copied.
    pub(crate) fn ask_model(&mut self, model: Arc<str>, stands_for: Option<Arc<str>>) {
        self.options.model = Some(model);
        self.options.stands_for = stands_for;
    }

    /// The model, inference profile or ARN that is asked, in full.
    pub(crate) fn model_id(&self) -> Option<&str>
    where
        I: Operation,
    {
        let input = self.contents.input();
        self.options.model().or_else(|| input.model_id())
    }

    /// What the call counts as: what its ARN stands for, else what it names.
    pub(crate) fn quota_model(&self) -> Option<&str>
    where
        I: Operation,
    {
        self.options.stands_for().or_else(|| self.model_id())
    }

    /// The input as one more attempt has it, copied only where that asks another model.
    pub(crate) fn for_attempt(&self) -> Cow<'_, I>
    where
        I: Operation,
    {
        let mut input = Cow::Borrowed(self.contents.for_attempt());
        if let Some(model) = self.options.model() {
            input.to_mut().set_model(model);
        }
        input
    }

    /// The part of it that an SDK needs which is handed the bytes.
    pub(crate) fn outline(&self) -> I
    where
        I: Operation,
    {
        let mut outline = self.contents.input().outline();
        if let Some(model) = self.options.model() {
            outline.set_model(model);
        }
        outline
    }

    /// Notes for further attempts what the SDK added to the input that is `sent`.
    pub(crate) fn complete(&self, sent: &I)
    where
        I: Operation,
    {
        self.contents.complete(sent);
    }

    /// The HTTP request of the input, made once for all clones.
    pub(crate) fn encoded(&self) -> Result<&Arc<HttpRequest>, EncodeError>
    where
        I: Operation,
    {
        self.contents.encoded()
    }

    /// The HTTP request to send. It copies no prompt if this is the last clone, or others had it made.
    pub(crate) fn into_sent(self) -> Result<Arc<HttpRequest>, EncodeError>
    where
        I: Operation,
    {
        if let Some(model) = self.options.model() {
            return self.contents.encoded_for(model);
        }
        let share = |contents: Arc<Contents<I>>| contents.encoded().cloned();
        Arc::try_unwrap(self.contents).map_or_else(share, Contents::into_encoded)
    }

    /// What the request is likely to cost of `model`, estimated once for all clones.
    pub(crate) fn estimated(&self, model: &str) -> Estimate
    where
        I: Operation,
    {
        self.contents.estimate(model)
    }

    /// What the caller wants done about the input.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The SDK input, copied only if a clone of this request is still alive.
    #[must_use]
    pub fn into_input(self) -> I
    where
        I: Clone,
    {
        Arc::try_unwrap(self.contents)
            .map_or_else(|shared| shared.input().clone(), Contents::into_input)
    }
}

impl<I> From<I> for Request<I> {
    fn from(input: I) -> Self {
        Self::new(input)
    }
}

impl<I> Deref for Request<I> {
    type Target = I;

    fn deref(&self) -> &I {
        self.contents.input()
    }
}

impl<I> Clone for Request<I> {
    fn clone(&self) -> Self {
        Self {
            contents: Arc::clone(&self.contents),
            options: self.options.clone(),
        }
    }
}

impl<I> fmt::Debug for Request<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
