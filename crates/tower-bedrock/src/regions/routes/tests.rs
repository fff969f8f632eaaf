use super::{MOST, Route, Routes};
use crate::regions::settings::{PrefixRule, Settings};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

const US: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const EU: &str = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0";
const PROFILE: &str = "arn:aws:bedrock:us-east-1:1:application-inference-profile/a1b2c3";

fn settings() -> Settings {
    let names = ["us-east-1", "us-west-2", "eu-west-1"];
    let mut settings = Settings::new(names.into_iter().map(Into::into).collect());
    settings.prefixes.push(PrefixRule {
        region: "eu-west-1".into(),
        from: "us.".into(),
        to: "eu.".into(),
    });
    settings
}

fn keys(route: &Route, model: usize) -> Vec<&str> {
    let model = &route.models[model];
    model
        .regions
        .iter()
        .map(|region| &*model.place(region).key)
        .collect()
}

#[test]
fn a_region_has_its_own_key_and_id_of_a_model() {
    let (routes, settings) = (Routes::default(), settings());
    let route = routes.get(&settings, US, None);
    let expected = [
        format!("us-east-1/{US}"),
        format!("us-west-2/{US}"),
        format!("eu-west-1/{EU}"),
    ];
    assert_eq!(keys(&route, 0), expected);
    let ids = [0, 1, 2].map(|region| route.models[0].place(region).id.as_deref());
    assert_eq!(ids, [None, None, Some(EU)]);
    assert!(Arc::ptr_eq(&route, &routes.get(&settings, US, None)));
    // One quota, however the model is spelled.
    let arn = format!("arn:aws:bedrock:us-east-1:1:inference-profile/{US}");
    let spelled = routes.get(&settings, &arn, None);
    assert_eq!(keys(&spelled, 0), [&*expected[0], &*expected[2]]);
    assert_eq!(spelled.models[0].number, route.models[0].number);
}

#[test]
fn what_an_arn_stands_for_is_what_it_counts_as() {
    let (routes, mut settings) = (Routes::default(), settings());
    settings.models = Some(Box::new(|region: &str, id: &str| {
        (id == PROFILE && region == "us-west-2").then(|| PROFILE.replace("us-east-1", region))
    }));
    let known = routes.get(&settings, PROFILE, Some(US));
    assert_eq!(
        keys(&known, 0),
        [format!("us-east-1/{US}"), format!("us-west-2/{US}")]
    );
    let place = known.models[0].place(1);
    assert!(place.id.as_deref().unwrap().contains(":us-west-2:"));
    assert_eq!(&*place.quota_model, US);
    // Until it is known what that is, and apart from it.
    let unknown = routes.get(&settings, PROFILE, None);
    assert_eq!(keys(&unknown, 0)[0], format!("us-east-1/{PROFILE}"));
    assert!(Arc::ptr_eq(
        &known,
        &routes.get(&settings, PROFILE, Some(US))
    ));
}

#[test]
fn other_models_come_after_the_one_that_is_asked() {
    let (routes, mut settings) = (Routes::default(), settings());
    for other in ["us.small", "us.smaller"] {
        settings.others.push((US.into(), other.into()));
    }
    settings.others.push(("us.small".into(), US.into()));
    let route = routes.get(&settings, US, None);
    assert_eq!(route.models.len(), 3);
    let others = [
        "us-east-1/us.small",
        "us-west-2/us.small",
        "eu-west-1/eu.small",
    ];
    assert_eq!(keys(&route, 1), others);
    let ids = [0, 2].map(|region| route.models[1].place(region).id.as_deref());
    assert_eq!(ids, [Some("us.small"), Some("eu.small")]);
    // Of one model alone, and not on and on.
    assert_eq!(routes.get(&settings, "us.small", None).models.len(), 2);
    assert_eq!(routes.get(&settings, PROFILE, Some(US)).models.len(), 3);
    assert_eq!(routes.get(&settings, "us.smaller", None).models.len(), 1);
}

#[test]
fn a_model_that_may_go_nowhere_has_no_region() {
    let (routes, settings) = (Routes::default(), settings());
    assert!(
        routes.get(&settings, "jp.a.b", None).models[0]
            .regions
            .is_empty()
    );
}

#[test]
fn the_users_closure_is_asked_once_and_a_flood_of_ids_is_bounded() {
    let (routes, mut settings) = (Routes::default(), settings());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    settings.models = Some(Box::new(move |_: &str, _: &str| {
        count.fetch_add(1, Ordering::Relaxed);
        None
    }));
    let used = routes.get(&settings, US, None);
    routes.get(&settings, US, None);
    assert_eq!(asked.load(Ordering::Relaxed), 3);
    for number in 0..3 * MOST {
        routes.get(&settings, &number.to_string(), None);
    }
    let known = routes.known.lock().unwrap();
    assert!(known.count <= MOST && known.by_id.len() == known.count);
    drop(known);
    assert!(Arc::ptr_eq(&used, &routes.get(&settings, US, None)));
}
