//! AWS is asked what an ARN stands for.

use super::*;

/// A layer that asks AWS for application profiles: of each how often, and answered with what.
fn asking<F>(
    answer: impl Fn(usize) -> F + Send + Sync + 'static,
) -> (ResolveProfilesLayer, Arc<AtomicUsize>)
where
    F: Future<Output = Result<Vec<String>, BoxError>> + Send + 'static,
{
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let layer = ResolveProfilesLayer::new(Profiles::new()).ask(move |arn| {
        assert!(arn.contains(":application-inference-profile/"), "{arn}");
        answer(count.fetch_add(1, Ordering::Relaxed))
    });
    (layer, asked)
}

/// What `GetInferenceProfile` says of a profile that was made of [`MODEL`].
fn models() -> Result<Vec<String>, BoxError> {
    let arn = |region: &&str| {
        format!(
            "arn:aws:bedrock:{region}::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0"
        )
    };
    Ok(["us-east-1", "us-east-2", "us-west-2"]
        .iter()
        .map(arn)
        .collect())
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn aws_is_asked_once_for_each_application_profile_whoever_waits() {
    let sim = sim(|model| model);
    let (names, asked) = asking(|_| async {
        tokio::time::sleep(SECOND).await;
        models()
    });
    let layer = StackLayer::new("us-east-1").resolve_profiles(names);
    let stack = layer.layer(bedrock(&sim));
    // The one that asks is dropped while it waits, and the others get the answer all the same.
    let dropped = stack.clone().oneshot(converse(TEAM_A, "dropped"));
    assert!(timeout(SECOND / 2, dropped).await.is_err());
    let calls = (0..20).map(|n| {
        let name = [TEAM_A, TEAM_A, MODEL, ARN][n % 4];
        stack
            .clone()
            .oneshot(converse(name, &format!("prompt {n}")))
    });
    let start = Instant::now();
    for answer in join_all(calls).await {
        answer.expect("it is answered");
    }
    assert_eq!(start.elapsed(), SECOND / 2);
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    assert_eq!(keys(&layer), [Arc::from(KEY)]);
    stack
        .clone()
        .oneshot(converse(TEAM_B, "hello"))
        .await
        .expect("it is answered");
    assert_eq!(asked.load(Ordering::Relaxed), 2);
    assert_eq!(keys(&layer), [Arc::from(KEY)]);
    // What is told is not asked for, whichever was given first.
    for order in [true, false] {
        let (names, asked) = asking(|_| ready(models()));
        let quotas = Quotas::new().profile(TEAM_A, MODEL);
        let layer = StackLayer::new("us-east-1");
        let layer = match order {
            true => layer.quotas(quotas).resolve_profiles(names),
            false => layer.resolve_profiles(names).quotas(quotas),
        };
        let stack = layer.layer(bedrock(&sim));
        stack
            .oneshot(converse(TEAM_A, "hello"))
            .await
            .expect("it is answered");
        assert_eq!(asked.load(Ordering::Relaxed), 0);
        assert_eq!(keys(&layer), [Arc::from(KEY)]);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_failure_to_ask_fails_no_call_and_is_remembered_for_a_while() {
    let sim = sim(|model| model);
    let (names, asked) = asking(|n| async move {
        match n {
            0 => Err("access denied".into()),
            1 => Ok(vec!["one.model".to_owned(), "another.model".to_owned()]),
            2 => panic!("for a test"),
            _ => models(),
        }
    });
    let layer = StackLayer::new("us-east-1").resolve_profiles(names.pause(MINUTE));
    let stack = layer.layer(bedrock(&sim));
    let own = format!("us-east-1/{TEAM_A}");
    for failures in 1..=3 {
        for n in 0..5 {
            let request = converse(TEAM_A, &format!("prompt {failures} {n}"));
            stack
                .clone()
                .oneshot(request)
                .await
                .expect("it is answered");
        }
        assert_eq!(asked.load(Ordering::Relaxed), failures);
        assert_eq!(keys(&layer), [Arc::from(own.as_str())]);
        tokio::time::advance(MINUTE).await;
    }
    stack
        .oneshot(converse(TEAM_A, "hello"))
        .await
        .expect("it is answered");
    assert!(keys(&layer).contains(&KEY.into()));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn an_answer_that_takes_long_holds_up_the_first_calls_alone() {
    let sim = sim(|model| model);
    let (names, asked) = asking(|_| async {
        tokio::time::sleep(MINUTE).await;
        models()
    });
    let layer = StackLayer::new("us-east-1").resolve_profiles(names.patience(2 * SECOND));
    let stack = layer.layer(bedrock(&sim));
    let start = Instant::now();
    stack
        .clone()
        .oneshot(converse(TEAM_A, "one"))
        .await
        .expect("it is answered");
    assert_eq!(start.elapsed(), 2 * SECOND);
    stack
        .clone()
        .oneshot(converse(TEAM_A, "two"))
        .await
        .expect("it is answered");
    assert_eq!(start.elapsed(), 2 * SECOND);
    assert_eq!(keys(&layer), [Arc::from(format!("us-east-1/{TEAM_A}"))]);
    tokio::time::sleep(MINUTE).await;
    stack
        .oneshot(converse(TEAM_A, "three"))
        .await
        .expect("it is answered");
    assert!(keys(&layer).contains(&KEY.into()));
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}
