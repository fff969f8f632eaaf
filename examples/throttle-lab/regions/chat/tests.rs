use super::*;
use crate::regions::part::Part;

/// What the turns of one conversation with a simulator came to.
fn turns(number: usize, turns: usize) -> Vec<Told> {
    let scenario = Part::Chat.scenario();
    let told = in_virtual_time(async {
        let simulator = Simulator::new().model(server::model(&scenario));
        let client = Client::from_conf(simulator.sdk_config().build());
        let mut conversation = Conversation::new(&scenario, number);
        let mut all = Vec::new();
        for _ in 0..turns {
            let output = send(client.clone(), conversation.turn()).await.unwrap();
            let answered = Answered { region: 0, output };
            all.push(Told::of(&answered));
            conversation.answered(&answered.output);
        }
        all
    });
    told.unwrap()
}

#[test]
fn each_turn_reads_all_that_the_last_one_wrote_and_writes_the_rest() {
    let turns = turns(3, 20);
    assert_eq!(turns[0].read, 0);
    assert!(turns[0].written >= SYSTEM + 500, "{:?}", turns[0]);
    for two in turns.windows(2) {
        assert_eq!(two[1].read, two[0].read + two[0].written);
        // The answer before, what the user adds, and what messages cost on top.
        let most = two[0].output + 1_500 + 8;
        assert!((500..=most).contains(&two[1].written), "{two:?}");
        assert_eq!(two[1].input, 0);
    }
}

#[test]
fn a_conversation_is_the_same_each_time_and_no_other_is() {
    let scenario = Part::Chat.scenario();
    let first = |number| Conversation::new(&scenario, number).turn();
    assert_eq!(first(0), first(0));
    assert_ne!(first(0).messages(), first(1).messages());
    assert_eq!(first(0).system(), first(1).system());
}

#[test]
fn a_turn_that_was_lost_is_begun_anew() {
    let mut conversation = Conversation::new(&Part::Chat.scenario(), 0);
    conversation.turn();
    conversation.lost();
    assert_eq!(conversation.turn().messages().len(), 1);
}
