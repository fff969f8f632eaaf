//! What an app that has the same dependencies can rely on.

use std::fs;
use std::path::Path;

/// The part of a manifest that is about `quick_cache`.
fn about_quick_cache(manifest: &Path) -> Option<String> {
    let manifest = fs::read_to_string(manifest).ok()?;
    let at = manifest.find("quick_cache")?;
    // A line, or a table up to the next one.
    let rest = &manifest[at..];
    let is_table = rest.starts_with("quick_cache]");
    let end = if is_table { "\n[" } else { "\n" };
    Some(rest.split(end).next().unwrap_or(rest).to_owned())
}

/// Some of its features exclude others: `sharded-lock` does not compile beside `parking_lot`, which it has by
/// default, so an app that also depends on it would not compile.
#[test]
fn quick_cache_is_asked_for_no_feature() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifests = [own.join("Cargo.toml"), own.join("../../Cargo.toml")];
    let found: Vec<_> = manifests
        .iter()
        .filter_map(|path| about_quick_cache(path))
        .collect();
    assert!(!found.is_empty());
    for asked in &found {
        let asked = asked.replace("default-features = false", "");
        assert!(!asked.contains("features"), "{asked}");
    }
    assert!(
        found
            .iter()
            .any(|asked| asked.contains("default-features = false"))
    );
}
