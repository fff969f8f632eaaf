//! Who goes before whom.

use super::*;

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_small_call_does_not_overtake_a_large_one_that_waits() {
    let layer = layer(tokens_an_hour(60));
    let (mut service, _handle) = service(&layer);
    let mut first = task::spawn(service.call(tokens(30)));
    let mut large = task::spawn(service.call(tokens(60)));
    let mut small = task::spawn(service.call(tokens(1)));
    assert_pending!(first.poll());
    assert_pending!(large.poll());
    assert_pending!(small.poll());
    let usage = layer.handle().snapshot(&"").expect("it was used");
    assert_eq!((usage.queued, usage.pending_tokens), (2, 30));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn keys_do_not_wait_for_each_other() {
    let layer = one_an_hour();
    let (mut service, mut handle) = service(&layer);
    let mut calls: Vec<_> = ["a", "b", "a", "c"]
        .map(|key| {
            task::spawn(service.call(Request {
                key,
                ..Request::default()
            }))
        })
        .into();
    for call in &mut calls {
        assert_pending!(call.poll());
    }
    for key in ["a", "b", "c", "a"] {
        let (request, _) = soon(handle.next_request()).await.expect("the call comes");
        assert_eq!(request.key, key);
        // The clock moves on by itself only once all calls that can go have gone.
        for call in &mut calls {
            if call.is_woken() {
                let _ = call.poll();
            }
        }
        tokio::time::advance(HOUR / 3 + HOUR / 1000).await;
        for call in &mut calls {
            if call.is_woken() {
                let _ = call.poll();
            }
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_higher_priority_goes_first_until_the_lower_has_aged() {
    let layer = one_an_hour().aging(5 * HOUR);
    let (service, mut handle) = service(&layer);
    let call = |name, priority| {
        tokio::spawn(service.clone().oneshot(Request {
            name,
            priority,
            ..Request::default()
        }))
    };
    let mut calls = vec![call(0, Priority::Normal)];
    tokio::task::yield_now().await;
    calls.push(call(100, Priority::Low));
    tokio::task::yield_now().await;
    let mut order = Vec::new();
    for name in 1..20 {
        calls.push(call(name, Priority::High));
        let (request, reply) = soon(handle.next_request()).await.expect("the call comes");
        order.push(request.name);
        reply.send_response("fine");
    }
    assert_eq!(order[0], 0);
    // It came at 0, and so goes before those of two steps above that came after 10: the first
    // two of them came at 0, and then one came each hour.
    assert_eq!(order.iter().position(|name| *name == 100), Some(13));
    calls.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn tenants_take_turns() {
    let layer = one_an_hour();
    let (service, mut handle) = service(&layer);
    let call = |tenant| {
        tokio::spawn(service.clone().oneshot(Request {
            tenant,
            ..Request::default()
        }))
    };
    let calls: Vec<_> = (0..9).map(|n| call(u64::from(n >= 6))).collect();
    let mut order = Vec::new();
    for _ in 0..7 {
        let (request, reply) = soon(handle.next_request()).await.expect("the call comes");
        order.push(request.tenant);
        reply.send_response("fine");
    }
    assert_eq!(order, [0, 0, 1, 0, 1, 0, 1]);
    calls.iter().for_each(tokio::task::JoinHandle::abort);
}
