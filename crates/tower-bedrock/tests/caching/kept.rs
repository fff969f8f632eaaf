//! Which answers are kept.

use bedrock_sim::{ScriptedAnswer, StopReason};
use tower::Layer;
use tower_bedrock::{CacheStatus, policy::CachePolicy};

use crate::common::{bedrock, prompt, simulator};
use crate::support::{BYPASSED, KEPT, MIB, NOT_KEPT, count, invoke, policy, twice, warm};

async fn ending_in(reason: StopReason, policy: CachePolicy) -> [Option<CacheStatus>; 2] {
    let sim = simulator();
    sim.script([ScriptedAnswer::new().stop_reason(reason).times(2)]);
    let service = policy.layer(MIB).layer(bedrock(&sim));
    twice(&service, prompt("hello")).await
}

#[tokio::test(start_paused = true)]
async fn complete_answers_alone_are_kept() {
    for reason in [StopReason::EndTurn, StopReason::StopSequence] {
        assert_eq!(ending_in(reason, policy()).await, KEPT, "{reason:?}");
    }
    for reason in [
        StopReason::MaxTokens,
        StopReason::ToolUse,
        StopReason::ModelContextWindowExceeded,
        StopReason::GuardrailIntervened,
        StopReason::ContentFiltered,
        StopReason::MalformedModelOutput,
        StopReason::MalformedToolUse,
    ] {
        assert_eq!(ending_in(reason, policy()).await, NOT_KEPT, "{reason:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_user_may_have_more_kept_and_never_a_refusal() {
    for reason in [
        StopReason::MaxTokens,
        StopReason::ModelContextWindowExceeded,
    ] {
        let asked = ending_in(reason, policy().truncated(true)).await;
        assert_eq!(asked, KEPT, "{reason:?}");
        let other = ending_in(reason, policy().tool_use(true)).await;
        assert_eq!(other, NOT_KEPT, "{reason:?}");
    }
    let reason = StopReason::ToolUse;
    assert_eq!(ending_in(reason, policy().tool_use(true)).await, KEPT);
    assert_eq!(ending_in(reason, policy().truncated(true)).await, NOT_KEPT);
    for reason in [StopReason::GuardrailIntervened, StopReason::ContentFiltered] {
        let policy = policy().truncated(true).tool_use(true);
        assert_eq!(ending_in(reason, policy).await, NOT_KEPT, "{reason:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn any_temperature_is_cached_unless_the_user_says_otherwise() {
    let sim = simulator();
    let all = policy().layer(MIB).layer(bedrock(&sim));
    let certain = policy().sampled(false).layer(MIB).layer(bedrock(&sim));
    for temperature in [None, Some(1.0), Some(0.01)] {
        assert_eq!(twice(&all, warm(temperature)).await, KEPT);
        assert_eq!(twice(&certain, warm(temperature)).await, BYPASSED);
    }
    assert_eq!(twice(&certain, warm(Some(0.0))).await, KEPT);
    assert_eq!(twice(&all, invoke("")).await, KEPT);
    assert_eq!(twice(&certain, invoke("")).await, BYPASSED);
    assert_eq!(
        twice(&certain, invoke(r#","temperature":0.5"#)).await,
        BYPASSED
    );
    assert_eq!(twice(&certain, invoke(r#","temperature":0"#)).await, KEPT);
    assert_eq!(twice(&certain, count()).await, KEPT);
}
