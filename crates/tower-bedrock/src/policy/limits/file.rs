//! Reads a table of quotas from TOML.

use super::{ModelQuota, Quotas, QuotasError, did_you_mean::did_you_mean, quotas::Models};
use std::{borrow::Cow, fs, ops::Range, path::Path};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

const TOKENS_PER_MINUTE: &str = "tokens_per_minute";
const REQUESTS_PER_MINUTE: &str = "requests_per_minute";
const TOKENS_PER_DAY: &str = "tokens_per_day";
const LIMITS: [&str; 3] = [TOKENS_PER_MINUTE, REQUESTS_PER_MINUTE, TOKENS_PER_DAY];

type Key<'t> = Spanned<Cow<'t, str>>;
type Value<'t> = Spanned<DeValue<'t>>;

/// From a file, with the feature `toml`.
#[cfg_attr(docsrs, doc(cfg(feature = "toml")))]
impl Quotas {
    /// Reads a table from TOML.
    ///
    /// ```
    /// let quotas = tower_bedrock::policy::Quotas::from_toml(r#"
    ///     [models."us.anthropic.claude-sonnet-4-5-20250929-v1:0"]
    ///     tokens_per_minute = 200_000
    ///     requests_per_minute = 200
    ///
    ///     [regions.eu-west-1.models."eu.amazon.nova-micro-v1:0"]
    ///     tokens_per_minute = 4_000_000
    ///     tokens_per_day = 1_000_000_000
    /// "#)?;
    /// # Ok::<_, tower_bedrock::policy::QuotasError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If it is not TOML, has members that are not known, limits that are not whole numbers, models
    /// without a limit, or ids and Regions that cannot be; the first such place is told.
    pub fn from_toml(text: &str) -> Result<Self, QuotasError> {
        let root = DeTable::parse(text).map_err(|error| {
            let at = error.span().unwrap_or(text.len()..text.len());
            let reason = syntax(error.message(), text.get(at.clone()).unwrap_or_default());
            QuotasError::at(text, &at, reason)
        })?;
        Reader { text }.quotas(root.get_ref())
    }

    /// Reads a table from a TOML file, at once: in an async program do so before it serves, or on
    /// a thread that may block.
    ///
    /// # Errors
    ///
    /// As [`from_toml`](Self::from_toml), and if the file cannot be read or is not UTF-8.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, QuotasError> {
        let path = path.as_ref();
        let text = read(path).map_err(|error| error.in_file(path))?;
        Self::from_toml(&text).map_err(|error| error.in_file(path))
    }
}

fn read(path: &Path) -> Result<String, QuotasError> {
    let bytes = fs::read(path).map_err(QuotasError::unreadable)?;
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(&error.as_bytes()[..good]);
        QuotasError::at(
            &text,
            &(good..good),
            "not UTF-8; save the file in that encoding",
        )
    })
}

/// The parser's words, or better ones where it cannot know what is meant.
fn syntax(message: &str, at: &str) -> String {
    match message {
        "duplicate key" => format!("`{at}` is there twice; keep one of them"),
        // Numbers are all that it could be.
        _ if message.starts_with("string values must be quoted") && !at.is_empty() => {
            format!("`{at}` is not a whole number; write it like 200_000")
        }
        _ => format!("not TOML: {}", message.replace('\n', ", ")),
    }
}

struct Reader<'t> {
    text: &'t str,
}

impl Reader<'_> {
    fn quotas(&self, root: &DeTable<'_>) -> Result<Quotas, QuotasError> {
        let mut quotas = Quotas::new();
        for (key, value) in in_order(root) {
            match &**key.get_ref() {
                "models" => quotas.models = self.models(self.table(key, value)?)?,
                "regions" => {
                    for (region, value) in in_order(self.table(key, value)?) {
                        let models = self.region(region, value)?;
                        quotas
                            .regions
                            .insert(region.get_ref().as_ref().into(), models);
                    }
                }
                _ => return Err(self.unknown(key, &["models", "regions"])),
            }
        }
        Ok(quotas)
    }

    fn region(&self, region: &Key<'_>, value: &Value<'_>) -> Result<Models, QuotasError> {
        if !is_region(region.get_ref()) {
            let reason = format!(
                "`{}` is not an AWS Region; write it like us-east-1",
                shown(region)
            );
            return Err(self.error(region.span(), reason));
        }
        let mut models = Models::new();
        for (key, value) in in_order(self.table(region, value)?) {
            match &**key.get_ref() {
                "models" => models = self.models(self.table(key, value)?)?,
                _ => return Err(self.unknown(key, &["models"])),
            }
        }
        Ok(models)
    }

    fn models(&self, table: &DeTable<'_>) -> Result<Models, QuotasError> {
        let entries = in_order(table).into_iter();
        entries.map(|(id, value)| self.model(id, value)).collect()
    }

    fn model(
        &self,
        id: &Key<'_>,
        value: &Value<'_>,
    ) -> Result<(Box<str>, ModelQuota), QuotasError> {
        let name = id.get_ref();
        if name.is_empty() {
            return Err(self.error(id.span(), "a model id is empty; write it as requests do"));
        }
        if name.contains(|c: char| c.is_whitespace() || c.is_control()) {
            let reason = format!(
                "model id `{}` has spaces; write it as requests do",
                shown(id)
            );
            return Err(self.error(id.span(), reason));
        }
        let mut quota = ModelQuota::new();
        for (key, value) in in_order(self.table(id, value)?) {
            quota = match &**key.get_ref() {
                TOKENS_PER_MINUTE => quota.tokens_per_minute(self.number(key, value)?),
                REQUESTS_PER_MINUTE => quota.requests_per_minute(self.number(key, value)?),
                TOKENS_PER_DAY => quota.tokens_per_day(self.number(key, value)?),
                // Without quotes the dots of an id make a table of each of its parts.
                _ if value.get_ref().is_table() => {
                    let reason = format!(
                        "put the whole model id in quotes: \"{name}.{}…\"",
                        shown(key)
                    );
                    return Err(self.error(id.span(), reason));
                }
                _ => return Err(self.unknown(key, &LIMITS)),
            };
        }
        if quota == ModelQuota::new() {
            let reason = format!(
                "model `{name}` has no limit; set {}, or leave the model out",
                one_of(&LIMITS)
            );
            return Err(self.error(id.span(), reason));
        }
        Ok((name.as_ref().into(), quota))
    }

    fn number(&self, key: &Key<'_>, value: &Value<'_>) -> Result<u64, QuotasError> {
        let (is, but) = match value.get_ref() {
            DeValue::Integer(number) => {
                match i64::from_str_radix(number.as_str(), number.radix()) {
                    Ok(number) => match u64::try_from(number) {
                        Ok(number) => return Ok(number),
                        Err(_) => ("negative", "write a whole number, 0 or more"),
                    },
                    Err(_) if number.as_str().starts_with('-') => {
                        ("negative", "write a whole number, 0 or more")
                    }
                    Err(_) => ("too large", "the largest number is 9223372036854775807"),
                }
            }
            DeValue::Float(_) => ("not a whole number", "write it like 200_000"),
            DeValue::String(_) => ("a string", "write a number without quotes, like 200_000"),
            other => (kind(other), "write a whole number like 200_000"),
        };
        Err(self.error(value.span(), format!("`{}` is {is}; {but}", shown(key))))
    }

    fn table<'v, 't>(
        &self,
        key: &Key<'_>,
        value: &'v Value<'t>,
    ) -> Result<&'v DeTable<'t>, QuotasError> {
        value.get_ref().as_table().ok_or_else(|| {
            let (name, is) = (shown(key), kind(value.get_ref()));
            let reason = format!("`{name}` is {is}, where a table is expected");
            self.error(key.span(), reason)
        })
    }

    fn unknown(&self, key: &Key<'_>, known: &[&str]) -> QuotasError {
        let short = match &**key.get_ref() {
            "tpm" => Some(TOKENS_PER_MINUTE),
            "rpm" | "calls_per_minute" => Some(REQUESTS_PER_MINUTE),
            "tpd" => Some(TOKENS_PER_DAY),
            _ => None,
        };
        let meant = short.filter(|name| known.contains(name));
        let name = shown(key);
        let reason = match meant.or_else(|| did_you_mean(key.get_ref(), known)) {
            Some(meant) => format!("unknown member `{name}`; did you mean `{meant}`?"),
            None => format!("unknown member `{name}`; expected {}", one_of(known)),
        };
        self.error(key.span(), reason)
    }

    fn error(&self, at: Range<usize>, reason: impl Into<Box<str>>) -> QuotasError {
        QuotasError::at(self.text, &at, reason)
    }
}

/// The first mistake in the file is the one to tell.
fn in_order<'v, 't>(table: &'v DeTable<'t>) -> Vec<(&'v Key<'t>, &'v Value<'t>)> {
    let mut members: Vec<_> = table.iter().collect();
    members.sort_unstable_by_key(|(key, _)| key.span().start);
    members
}

/// The key's text, in one line whatever it holds.
fn shown(key: &Key<'_>) -> String {
    key.get_ref().escape_debug().to_string()
}

/// Parts of small letters and at last a number, as in `us-gov-west-1`.
fn is_region(name: &str) -> bool {
    let mut parts = name.rsplit('-');
    let number = parts.next().unwrap_or_default();
    let letters = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    !number.is_empty()
        && number.bytes().all(|b| b.is_ascii_digit())
        && parts.clone().count() >= 2
        && parts.all(letters)
}

fn one_of(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
