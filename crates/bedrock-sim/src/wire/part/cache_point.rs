use crate::model::Item;
use crate::wire::check::{JsonField, ServiceError};

/// The cache point that a `cachePoint` block or a `cache_control` member sets: 5 minutes long, or 1
/// hour.
pub(crate) fn read(point: &JsonField<'_>, kind: &'static str) -> Result<Item, ServiceError> {
    point.require("type")?.one_of(&[kind])?;
    let ttl_seconds = match point.get("ttl")? {
        Some(ttl) if ttl.one_of(&["5m", "1h"])? == "1h" => 3_600,
        _ => 300,
    };
    Ok(Item::CachePoint { ttl_seconds })
}
