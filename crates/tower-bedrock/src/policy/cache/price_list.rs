use super::price::Price;
use crate::model_id::PrefixTable;

/// The prices of models, by the beginnings of their ids.
///
/// ```
/// use tower_bedrock::policy::{Price, PriceList};
///
/// let prices = PriceList::new()
///     .model("anthropic.claude-sonnet-4-5", Price::new(3.0, 15.0).cache_read(0.3).cache_write(3.75))
///     .model("amazon.nova-micro", Price::new(0.035, 0.14));
///
/// let sonnet = prices.get("us.anthropic.claude-sonnet-4-5-20250929-v1:0");
/// assert_eq!(sonnet, prices.get("anthropic.claude-sonnet-4-5"));
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PriceList {
    entries: PrefixTable<Price>,
}

impl PriceList {
    /// A table without prices.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the price of the models whose ids begin with `prefix`; the longest prefix wins. An
    /// inference profile has its model's price, unless a prefix fits the profile's own id or ARN.
    #[must_use]
    pub fn model(mut self, prefix: impl Into<Box<str>>, price: Price) -> Self {
        self.entries.set(prefix.into().into_string().into(), price);
        self
    }

    /// The price of a model, by its id, its profile's or an ARN.
    #[must_use]
    pub fn get(&self, model_id: &str) -> Option<Price> {
        self.entries.get(model_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_counts_whatever_the_order() {
        let [short, long, own] = [1.0, 2.0, 3.0].map(|price| Price::new(price, price));
        let profile = "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc";
        let entries = [
            ("anthropic.", short),
            ("anthropic.claude-opus", long),
            (profile, own),
        ];
        for order in [[0, 1, 2], [1, 0, 2], [2, 1, 0]] {
            let prices = order.iter().fold(PriceList::new(), |prices, &index| {
                prices.model(entries[index].0, entries[index].1)
            });
            assert_eq!(prices.get("eu.anthropic.claude-opus-5"), Some(long));
            assert_eq!(prices.get("anthropic.claude-sonnet-5"), Some(short));
            assert_eq!(prices.get(profile), Some(own));
            assert_eq!(prices.get("amazon.nova"), None);
            let changed = prices.model("anthropic.", own);
            assert_eq!(changed.get("anthropic.claude-sonnet-5"), Some(own));
        }
    }
}
