//! What is kept of a stream that is being read.

use super::{EventStream, StreamLimits, StreamTerms, event::EventDetails};
use crate::{
    record::Record,
    response::{Head, Reply},
};
use aws_sdk_bedrockruntime::types::ConverseStreamOutput as Event;
use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::{
    body::SdkBody,
    event_stream::{Header, HeaderValue, Message},
};

/// A stream of one event as the leaf answers with it, and its record.
async fn answered() -> (EventStream<Event>, Record<SdkBody>) {
    let header = |name: &'static str, value: &'static str| {
        Header::new(name, HeaderValue::String(value.into()))
    };
    let message = Message::new(r#"{"role":"assistant"}"#.as_bytes())
        .add_header(header(":message-type", "event"))
        .add_header(header(":event-type", "messageStart"));
    let mut bytes = vec![];
    write_message_to(&message, &mut bytes).unwrap();
    let (record, reader) = Record::new(SdkBody::from(bytes), 1 << 20);
    let response = http::Response::new(SdkBody::from_body_1_x(reader));
    let response = HttpResponse::try_from(response).unwrap();
    let head = Head {
        record: Some(record.clone()),
        ..Head::default()
    };
    let receiver = Event::receiver(response).unwrap();
    let terms = StreamTerms::new(StreamLimits::new());
    let stream = EventStream::answered(receiver, head, terms).await.unwrap();
    (stream, record)
}

#[tokio::test]
async fn nothing_is_kept_of_a_stream_that_nobody_shares() {
    let (mut stream, record) = answered().await;
    // Until its reader begins somebody may.
    assert!(record.join().is_some());
    stream.recv().await.unwrap();
    assert!(record.join().is_none());
}

#[tokio::test]
async fn a_shared_stream_is_kept_as_long_as_somebody_holds_its_share() {
    let (mut stream, record) = answered().await;
    let share = stream.shared();
    stream.recv().await.unwrap();
    assert!(record.join().is_some());
    drop(share);
    assert!(record.join().is_none());
    assert!(stream.shared().is_none());
}
