//! What is told of an ARN: by the quotas, by the request, by nobody.

use super::*;

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn what_an_arn_stands_for_gives_its_burndown_maximum_and_body_format() {
    let nova = "us.amazon.nova-lite-v1:0";
    let sim = Simulator::new();
    let monitor = Monitor::new();
    let quotas = Quotas::new()
        .profile(TEAM_A, MODEL)
        .profile(TEAM_B, nova)
        .profile("my-imported-titan", "amazon.titan-embed-text-v2:0");
    let cost = TokenCost::new("us-east-1").monitored_by(monitor.clone());
    let layer = StackLayer::new("us-east-1").quota(cost.layer(quotas));
    let stack = layer.layer(bedrock(&sim));
    let mut without_maximum = prompt("hello");
    without_maximum.model_id = Some(TEAM_A.to_owned());
    without_maximum.inference_config = None;
    stack
        .clone()
        .oneshot(Request::new(without_maximum).input_tokens(0))
        .await
        .expect("answered");
    let used = monitor.snapshot(KEY).expect("it was called");
    let usage = used.usage;
    assert_eq!(used.reserved_tokens, 64_000);
    assert_eq!(
        used.charged_tokens,
        usage.input_tokens + 5 * usage.output_tokens
    );

    // By the name Nova has for its limit, which Claude does not have.
    let body = r#"{"max_tokens": 9, "inferenceConfig": {"maxTokens": 70}}"#;
    let echo = service_fn(|_: Request<InvokeModelInput>| {
        let output = InvokeModelOutput::builder()
            .body(Blob::new("{}"))
            .content_type("x");
        let response = output.build().map(Response::new);
        ready(Ok::<_, Error>(
            response.expect("all that is required is given"),
        ))
    });
    let stack = layer.layer(echo);
    for (name, key, tokens) in [
        (TEAM_B, "us-east-1/us.amazon.nova-lite-v1:0", 70),
        (
            "my-imported-titan",
            "us-east-1/amazon.titan-embed-text-v2:0",
            0,
        ),
    ] {
        let request = invoke(name, body).input_tokens(0);
        stack
            .clone()
            .oneshot(request)
            .await
            .expect("it is answered");
        let used = monitor.snapshot(key).expect("it was called");
        assert_eq!(used.reserved_tokens, tokens, "{name}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_request_may_say_itself_what_it_stands_for() {
    let sim = sim(|model| model);
    let layer = StackLayer::new("us-east-1").quotas(Quotas::new().profile(TEAM_A, "other.model"));
    let stack = layer.layer(bedrock(&sim));
    let request = converse(TEAM_A, "hello").stands_for(ARN);
    stack.oneshot(request).await.expect("it is answered");
    assert_eq!(keys(&layer), [Arc::from(KEY)]);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn an_arn_of_which_nothing_is_known_is_warned_of_once_with_what_to_add() {
    let sim = sim(|model| model);
    let told = Arc::new(Mutex::new(vec![]));
    let monitor = Monitor::new().on_advice({
        let told = Arc::clone(&told);
        move |advice| {
            told.lock()
                .expect("whole")
                .push((advice.reason, advice.to_string()));
        }
    });
    let quotas = Quotas::new().profile(TEAM_B, MODEL);
    let quota = TokenCost::new("us-east-1")
        .monitored_by(monitor.clone())
        .layer(quotas);
    let stack = StackLayer::new("us-east-1")
        .quota(quota)
        .layer(bedrock(&sim));
    for (n, name) in [TEAM_A, MODEL, TEAM_A, ARN, TEAM_B, TEAM_A]
        .iter()
        .enumerate()
    {
        let request = converse(name, &format!("prompt {n}"));
        stack
            .clone()
            .oneshot(request)
            .await
            .expect("it is answered");
    }
    let told = told.lock().expect("whole");
    assert_eq!(told.len(), 1, "{told:?}");
    let (reason, text) = &told[0];
    assert_eq!(*reason, Reason::UnknownModel);
    assert_eq!(
        *text,
        format!(
            "us-east-1/{TEAM_A}: nothing says which model this is, so it has a quota of its own, \
             and the burndown and maximum of an unknown model; if it shares a model's quota, add \
             the model or system profile behind it to the quotas: in the file [profiles] \
             \"{TEAM_A}\" = \"us.anthropic.…\", in code Quotas::profile"
        )
    );
    // It can be asked for at any time, too.
    let advice = monitor.advice();
    assert_eq!(advice.len(), 1);
    assert_eq!(advice[0].to_string(), *text);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn who_gives_an_arn_tables_of_its_own_is_not_warned() {
    let sim = sim(|model| model);
    let monitor = Monitor::new();
    let quota = TokenCost::new("us-east-1")
        .monitored_by(monitor.clone())
        .burndown(policy::Burndown::standard().with(TEAM_A, 5))
        .layer(Quotas::new());
    let stack = StackLayer::new("us-east-1")
        .quota(quota)
        .layer(bedrock(&sim));
    stack
        .oneshot(converse(TEAM_A, "hello"))
        .await
        .expect("it is answered");
    assert_eq!(monitor.advice(), []);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn tokens_are_counted_for_what_an_arn_stands_for() {
    let sim = Simulator::new();
    let counting = CountTokensLayer::new(bedrock(&sim)).all();
    let counts = counting.handle();
    let names = ResolveProfilesLayer::new(Profiles::new().with(TEAM_A, MODEL));
    let service = names.layer(counting.layer(bedrock(&sim)));
    service
        .oneshot(converse(TEAM_A, "hello"))
        .await
        .expect("it is answered");
    assert_eq!(counts.snapshot().counted, 1);
    // Counting has a quota of its own, of one name as well.
    let request = ConverseTokensRequest::builder().build();
    let count = |id: &str| {
        let input = CountTokensInput::builder()
            .model_id(id)
            .input(Count::Converse(request.clone()));
        Request::new(input.build().expect("all that is required is given"))
    };
    let layer = StackLayer::new("us-east-1");
    let stack = layer.layer(bedrock(&sim));
    for id in [MODEL, ARN] {
        let _ = stack.clone().oneshot(count(id)).await;
    }
    assert_eq!(keys(&layer), [Arc::from(format!("{KEY}/CountTokens"))]);
}
