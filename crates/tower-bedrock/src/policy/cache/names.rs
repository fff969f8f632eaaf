use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// The names of models or of tenants with their tags, each once, so that entries share them.
#[derive(Default)]
pub(super) struct Names {
    known: Mutex<HashMap<Arc<str>, Arc<str>>>,
}

/// So many are known at most: of more, all are forgotten and learned anew.
const MOST: usize = 1024;

/// A name, and the tag by which its answers are found.
#[derive(Debug, Clone)]
pub(super) struct Name {
    pub(super) name: Arc<str>,
    pub(super) tag: Arc<str>,
}

impl Names {
    /// The shared name, with the tag that `tag` makes of one that is new.
    pub(super) fn get(&self, name: &str, tag: impl FnOnce(&str) -> String) -> Name {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((name, tag)) = known.get_key_value(name) {
            return Name {
                name: Arc::clone(name),
                tag: Arc::clone(tag),
            };
        }
        if known.len() >= MOST {
            known.clear();
        }
        let new = Name {
            name: Arc::from(name),
            tag: Arc::from(tag(name)),
        };
        known.insert(Arc::clone(&new.name), Arc::clone(&new.tag));
        new
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Names").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_its_tag_are_made_once() {
        let names = Names::default();
        let made = |name: &str| names.get(name, |name| format!("tenant:{name}"));
        let (first, again) = (made("acme"), made("acme"));
        assert_eq!(&*first.tag, "tenant:acme");
        assert!(Arc::ptr_eq(&first.tag, &again.tag) && Arc::ptr_eq(&first.name, &again.name));
        for other in 0..=MOST {
            made(&other.to_string());
        }
        assert!(names.known.lock().unwrap().len() <= MOST);
        assert_eq!(made("acme").tag, first.tag);
    }
}
