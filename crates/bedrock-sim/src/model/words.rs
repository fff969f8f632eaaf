//! What answers are made of.

/// With a space each of them is exactly one token by the estimate.
pub(crate) const WORDS: &[&str] = &[
    "the", "and", "sea", "was", "red", "old", "oak", "for", "sun", "had", "not", "set", "far",
    "off", "one", "day", "may", "see", "how", "big", "sky", "can", "get", "its", "own", "way",
    "low", "fog", "hid", "all", "her", "his", "map", "led", "out", "two", "new", "era", "yet",
    "few", "ask", "why", "men", "dig", "dry", "mud", "fox", "ran", "hid", "ice", "ten", "ago",
];
