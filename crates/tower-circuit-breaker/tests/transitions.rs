//! Who asked for it is told of every change of state, and why.

mod support;

use std::sync::{Arc, Mutex, OnceLock};

use support::{SECOND, advance, answered, layer, rejected, service};
use tower::{Layer, ServiceExt, service_fn};
use tower_circuit_breaker::{Handle, OpenedBy, State, Transition, Window};

#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<Transition>>>);

impl Told {
    fn push(&self, transition: &Transition) {
        let mut told = self.0.lock().expect("not poisoned");
        told.push(transition.clone());
    }

    fn take(&self) -> Vec<Transition> {
        std::mem::take(&mut self.0.lock().expect("not poisoned"))
    }

    fn reasons(&self) -> Vec<OpenedBy> {
        let told = self.take();
        told.into_iter().filter_map(|one| one.opened_by).collect()
    }

    fn listener(&self) -> impl Fn(&Transition) + use<> {
        let told = self.clone();
        move |transition| told.push(transition)
    }
}

fn states(told: &[Transition]) -> Vec<(State, State)> {
    told.iter().map(|one| (one.from, one.to)).collect()
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn every_change_is_told_in_order_with_its_reason_and_time() {
    let told = Told::default();
    let layer = layer()
        .consecutive_failures(2)
        .on_transition(told.listener())
        .name("models")
        .key_by(|request: &&'static str| *request);
    let (service, mut handle) = service(&layer);
    for answer in ["!failed", "!throttled 30"] {
        assert!(told.take().is_empty());
        answered(&service, &mut handle, answer).await.unwrap_err();
    }
    advance(30).await;
    answered(&service, &mut handle, "fine").await.unwrap();
    let changes = told.take();
    assert_eq!(
        states(&changes),
        [
            (State::Closed, State::Open),
            (State::Open, State::HalfOpen),
            (State::HalfOpen, State::Closed)
        ]
    );
    for one in &changes {
        assert_eq!((one.name, one.key.as_deref()), ("models", Some("call")));
    }
    let in_a_row = OpenedBy::ConsecutiveFailures { failures: 2 };
    assert_eq!(changes[0].opened_by, Some(in_a_row));
    assert_eq!(changes[0].retry_after, Some(30 * SECOND));
    for later in &changes[1..] {
        assert_eq!((later.opened_by, later.retry_after), (None, None));
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn every_reason_has_its_name_and_its_counts() {
    let told = Told::default();
    let layer = layer()
        .failure_rate(0.5, Window::calls(8).minimum(4))
        .slow_calls(SECOND, 0.5, Window::calls(4).minimum(2))
        .on_transition(told.listener());
    let (service, mut handle) = service(&layer);
    for answer in ["fine", "fine", "!failed", "!failed"] {
        let _ = answered(&service, &mut handle, answer).await;
    }
    let rate = OpenedBy::FailureRate {
        failures: 2,
        calls: 4,
    };
    assert_eq!(told.reasons(), [rate]);
    assert_eq!(layer.handle().snapshot().opened_by, Some(rate));
    assert_eq!(rate.to_string(), "2 of 4 calls failed");

    advance(5).await;
    answered(&service, &mut handle, "!throttled")
        .await
        .unwrap_err();
    assert_eq!(told.reasons(), [OpenedBy::Probe]);

    layer.handle().reset();
    assert_eq!(layer.handle().snapshot().opened_by, None);
    let slow = tower::Layer::layer(
        &layer,
        service_fn(|_: &'static str| async {
            tokio::time::sleep(SECOND).await;
            Ok::<_, tower::BoxError>("slow")
        }),
    );
    for _ in 0..2 {
        slow.clone().oneshot("call").await.unwrap();
    }
    let slow = OpenedBy::SlowCalls { slow: 2, calls: 2 };
    assert_eq!(told.reasons(), [slow]);
    assert_eq!(slow.to_string(), "2 of 2 calls were slow");

    layer.handle().reset();
    assert!(!layer.handle().snapshot().exhausted);
    answered(&service, &mut handle, "!exhausted 60")
        .await
        .unwrap_err();
    assert_eq!(told.reasons(), [OpenedBy::Exhausted]);
    assert!(layer.handle().snapshot().exhausted);
    layer.handle().reset();
    layer.handle().force_open();
    assert_eq!(told.reasons(), [OpenedBy::Forced]);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_snapshot_tells_how_many_were_rejected() {
    let layer = layer();
    let (service, mut handle) = service(&layer);
    layer.handle().force_open();
    for rejections in 1..=3 {
        rejected(&service).await;
        assert_eq!(layer.handle().snapshot().rejections, rejections);
    }
    layer.handle().reset();
    assert_eq!(layer.handle().snapshot().rejections, 0);
    answered(&service, &mut handle, "fine").await.unwrap();
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn who_is_told_may_steer_the_circuit_and_is_told_of_that_afterwards() {
    let told = Told::default();
    let steer: Arc<OnceLock<Handle>> = Arc::default();
    let layer = layer().consecutive_failures(1).on_transition({
        let (told, steer) = (told.clone(), Arc::clone(&steer));
        move |transition| {
            if transition.to == State::Open {
                steer.get().expect("it is set").reset();
            }
            told.push(transition);
        }
    });
    assert!(steer.set(layer.handle()).is_ok());
    let (service, mut handle) = service(&layer);
    answered(&service, &mut handle, "!failed")
        .await
        .unwrap_err();
    assert_eq!(
        states(&told.take()),
        [(State::Closed, State::Open), (State::Open, State::Closed)]
    );
    assert_eq!(layer.handle().state(), State::Closed);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_panic_of_who_is_told_ends_there() {
    let told = Told::default();
    let layer = layer().consecutive_failures(1).on_transition({
        let told = told.clone();
        move |transition| {
            told.push(transition);
            panic!("by design");
        }
    });
    let (service, mut handle) = service(&layer);
    let error = answered(&service, &mut handle, "!failed").await;
    assert_eq!(error.unwrap_err().to_string(), "failed");
    rejected(&service).await;
    advance(5).await;
    // A probe that panics is abandoned while its panic unwinds.
    let panics = layer.layer(service_fn(|_: &'static str| async { panic!("by design") }));
    let panicked = tokio::spawn(panics.oneshot("probe")).await;
    assert!(panicked.unwrap_err().is_panic());
    answered(&service, &mut handle, "fine").await.unwrap();
    assert_eq!(
        states(&told.take()),
        [
            (State::Closed, State::Open),
            (State::Open, State::HalfOpen),
            (State::HalfOpen, State::Closed)
        ]
    );
}

#[test]
fn threads_that_change_one_circuit_at_once_tell_a_chain() {
    let told = Told::default();
    let layer = layer().on_transition(told.listener());
    let circuit = layer.handle();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..250 {
                    circuit.force_open();
                    circuit.reset();
                }
            });
        }
    });
    let changes = states(&told.take());
    assert!(changes.len() > 1);
    assert!(changes.iter().all(|(from, to)| from != to));
    assert!(changes.windows(2).all(|pair| pair[0].1 == pair[1].0));
    assert_eq!(changes.last().map(|last| last.1), Some(State::Closed));
}
