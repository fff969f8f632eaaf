/// What a model's tokens cost, per million, in a currency of one's choice.
///
/// No prices are built in: they differ by Region and contract, and they change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    input: f64,
    output: f64,
    cache_read: f64,
    cache_write: f64,
}

impl Price {
    /// The price of a million input tokens and of a million output tokens.
    #[must_use]
    pub const fn new(input: f64, output: f64) -> Self {
        Self {
            input,
            output,
            cache_read: input,
            cache_write: input,
        }
    }

    /// Sets the price of a million tokens read from Bedrock's prompt cache. Default: as input.
    #[must_use]
    pub const fn cache_read(mut self, price: f64) -> Self {
        self.cache_read = price;
        self
    }

    /// Sets the price of a million tokens written to Bedrock's prompt cache. Default: as input.
    #[must_use]
    pub const fn cache_write(mut self, price: f64) -> Self {
        self.cache_write = price;
        self
    }

    /// The price of a call.
    #[must_use]
    pub fn of(&self, usage: &crate::response::Usage) -> f64 {
        let each = [
            (usage.input_tokens, self.input),
            (usage.output_tokens, self.output),
            (usage.cache_read_tokens, self.cache_read),
            (usage.cache_write_tokens, self.cache_write),
        ];
        let sum: f64 = each
            .iter()
            .map(|(tokens, price)| *tokens as f64 * price)
            .sum();
        sum / 1e6
    }
}
