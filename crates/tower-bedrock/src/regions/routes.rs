//! Where may calls of a model go, and by which id and key?

use super::{ahead::Ahead, model_map, set::Set, settings::Settings};
use crate::{model_id::one_name, policy::model_key};
use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::BuildHasher,
    sync::{Arc, Mutex, PoisonError},
};

/// Nobody calls so many models. But ids may come from outside, and what is known of them must not fill the
/// memory.
const MOST: usize = 1024;

/// The Regions that serve a model, and the other models that may answer in its place.
#[derive(Debug)]
pub(crate) struct Route {
    /// What the ARN in the request stands for, if it is one.
    stands_for: Option<Arc<str>>,
    /// The model that is asked, then others.
    pub(crate) models: Box<[Model]>,
}

/// One model, in all Regions.
#[derive(Debug)]
pub(crate) struct Model {
    /// The same number for all of its names; it is what tells its prompt caches from others'.
    pub(crate) number: u64,
    /// Where it may go.
    pub(crate) regions: Set,
    /// By the place in the list of Regions.
    places: Box<[Option<Place>]>,
}

/// One model in one Region.
#[derive(Debug)]
pub(crate) struct Place {
    /// Of its circuit and its quota: `"region/model"`.
    pub(crate) key: Arc<str>,
    /// Its id there, if that is not the one in the request.
    pub(crate) id: Option<Arc<str>>,
    /// What it counts as.
    pub(crate) quota_model: Arc<str>,
    pub(super) ahead: Mutex<Ahead>,
}

impl Model {
    /// The place in a Region where it [may go](Self::regions).
    pub(crate) fn place(&self, region: usize) -> &Place {
        let place = self.places[region].as_ref();
        place.expect("only Regions that it may go to are asked for")
    }
}

/// The routes of the models that were called.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    known: Mutex<Known>,
    numbers: RandomState,
}

#[derive(Debug, Default)]
struct Known {
    /// By the id in the request; of an ARN there may be several.
    by_id: HashMap<Box<str>, Vec<Arc<Route>>>,
    count: usize,
}

impl Routes {
    /// The route of requests that name `id`, which stands for `stands_for`.
    pub(crate) fn get(
        &self,
        settings: &Settings,
        id: &str,
        stands_for: Option<&str>,
    ) -> Arc<Route> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(route) = known.get(id, stands_for) {
            return Arc::clone(route);
        }
        // The user's closure is asked outside of the lock.
        drop(known);
        let route = Arc::new(self.route(settings, id, stands_for));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.add(id, &route);
        route
    }

    fn route(&self, settings: &Settings, id: &str, stands_for: Option<&str>) -> Route {
        let name = stands_for.unwrap_or(one_name(id));
        let others = settings.others.iter();
        // Whoever lists other models may have written either.
        let is_of_it = |model: &str| one_name(model) == one_name(id) || one_name(model) == name;
        let others = others.filter(|(model, _)| is_of_it(model));
        let asked = self.model(settings, id, stands_for, true);
        let others = others.map(|(_, other)| self.model(settings, other, None, false));
        Route {
            stands_for: stands_for.map(Arc::from),
            models: std::iter::once(asked).chain(others).collect(),
        }
    }

    fn model(
        &self,
        settings: &Settings,
        id: &str,
        stands_for: Option<&str>,
        is_asked: bool,
    ) -> Model {
        let place = |region: &Arc<str>| {
            let sent = model_map::id_in(settings, region, id)?;
            // An ARN stands for the same model, whichever Region it is of.
            let is_arn = one_name(&sent).starts_with("arn:");
            let quota_model = stands_for.filter(|_| is_arn).unwrap_or(&sent);
            Some(Place {
                key: model_key(region, quota_model),
                quota_model: quota_model.into(),
                id: (!is_asked || sent != id).then(|| sent.into()),
                ahead: Mutex::default(),
            })
        };
        let places: Box<[_]> = settings.names.iter().map(place).collect();
        let served = places.iter().enumerate();
        let regions = served.filter_map(|(region, place)| place.as_ref().map(|_| region));
        Model {
            number: self.numbers.hash_one(stands_for.unwrap_or(one_name(id))),
            regions: regions.collect(),
            places,
        }
    }
}

impl Known {
    fn get(&self, id: &str, stands_for: Option<&str>) -> Option<&Arc<Route>> {
        let mut routes = self.by_id.get(id)?.iter();
        routes.find(|route| route.stands_for.as_deref() == stands_for)
    }

    fn add(&mut self, id: &str, route: &Arc<Route>) {
        if self.count >= MOST {
            // Those that no call is using now.
            for routes in self.by_id.values_mut() {
                routes.retain(|route| Arc::strong_count(route) > 1);
            }
            self.by_id.retain(|_, routes| !routes.is_empty());
            self.count = self.by_id.values().map(Vec::len).sum();
        }
        let is_known = self.get(id, route.stands_for.as_deref()).is_some();
        if self.count < MOST && !is_known {
            let routes = self.by_id.entry(id.into()).or_default();
            routes.push(Arc::clone(route));
            self.count += 1;
        }
    }
}

#[cfg(test)]
mod tests;
