use super::*;

fn time(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

const SPAN: FaultSpan = FaultSpan {
    from: Duration::from_secs(100),
    to: Duration::from_secs(200),
};

/// A call whose model takes a second, and its way nothing.
fn call(began: f64, took: f64, region: Option<usize>) -> Ended {
    Ended {
        began: time(began),
        took: time(took),
        conversation: None,
        told: region.map(|region| Told {
            region,
            model: Duration::from_secs(1),
            ..Told::default()
        }),
    }
}

#[test]
fn the_first_ten_may_find_out_that_a_region_is_down() {
    let mut calls: Vec<_> = (0..10).map(|_| call(100.0, 9.0, Some(1))).collect();
    calls.push(call(99.0, 20.0, Some(0)));
    calls.push(call(101.0, 3.0, Some(1)));
    let down =
        |calls: &[Ended]| Down::new(&Run::of(calls.to_vec(), Vec::new()), SPAN, Duration::ZERO);
    assert_eq!((down(&calls).late, down(&calls).longest_extra_s), (0, 2.0));
    calls.push(call(150.0, 3.5, Some(1)));
    // A call that failed took all of its time for nothing.
    calls.push(call(150.0, 2.2, None));
    assert_eq!((down(&calls).late, down(&calls).longest_extra_s), (2, 2.5));
}

#[test]
fn traffic_is_back_by_what_it_was() {
    let second = |from: u32, to: u32| (from..to).map(|at| time(f64::from(at) + 0.5));
    let mut sent: Vec<_> = second(40, 100).collect();
    // One in ten while it is down, and for fifteen seconds after.
    sent.extend(second(100, 215).step_by(10));
    sent.extend(second(215, 300));
    let ended = vec![call(0.0, 300.0, Some(0))];
    let down = Down::new(&Run::of(ended, vec![sent]), SPAN, Duration::ZERO);
    assert!((down.probes_percent - 10.0).abs() < 1e-9, "{down:?}");
    assert_eq!(down.back_after_s, Some(15.0));
}

#[test]
fn a_turn_has_moved_if_the_one_before_it_was_elsewhere() {
    let turn = |began: f64, conversation, region, written| Ended {
        conversation: Some(conversation),
        told: Some(Told {
            region,
            written,
            ..Told::default()
        }),
        ..call(began, 1.0, None)
    };
    let ended = vec![
        turn(0.0, 0, 0, 10),
        turn(0.0, 1, 1, 10),
        turn(4.0, 0, 1, 30),
        // Ended out of order.
        turn(2.0, 0, 0, 5),
        turn(3.0, 1, 1, 5),
    ];
    let run = Run::of(ended, Vec::new());
    let large = Large {
        ok: 5,
        makespan_s: None,
        written: 40,
    };
    let chat = Chat::new(&run, Some(large));
    assert!((chat.moved_percent - 33.333).abs() < 1e-9, "{chat:?}");
    assert_eq!((chat.written, chat.written_x_large), (60, Some(1.5)));
}
