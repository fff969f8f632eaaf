//! What goes wrong before a model is asked, as raw HTTP shows it.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::time::Duration;

use bedrock_sim::{Fault, Model, Server, Simulator};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

const CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

struct Answer {
    status: u16,
    head: String,
    body: Value,
}

impl Answer {
    fn code(&self) -> &str {
        let line = self
            .head
            .lines()
            .find_map(|line| line.strip_prefix("x-amzn-errortype: "));
        line.map_or("", |code| code.split(':').next().unwrap())
    }
}

async fn send(server: &Server, method: &str, path: &str, signed: bool, body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    let authorization = if signed {
        "authorization: anything\r\n"
    } else {
        ""
    };
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: sim\r\nconnection: close\r\n{authorization}content-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.to_owned(),
        body: serde_json::from_str(body).unwrap_or_default(),
    }
}

async fn served() -> (Simulator, Server) {
    let simulator = Simulator::new()
        .model(Model::new(CLAUDE).max_tokens(100))
        .model(Model::new("meta.llama3-8b-instruct-v1:0"));
    let server = simulator.serve("127.0.0.1:0").await.unwrap();
    (simulator, server)
}

fn hello() -> Value {
    json!({"messages": [{"role": "user", "content": [{"text": "hello"}]}]})
}

#[tokio::test]
async fn without_authorization_every_operation_is_forbidden() {
    let (_, server) = served().await;
    for path in [
        "converse",
        "converse-stream",
        "invoke",
        "invoke-with-response-stream",
        "count-tokens",
    ] {
        let path = format!("/model/{CLAUDE}/{path}");
        let answer = send(
            &server,
            "POST",
            &path,
            false,
            hello().to_string().as_bytes(),
        )
        .await;
        assert_eq!(
            (answer.status, answer.code()),
            (403, "MissingAuthenticationTokenException")
        );
        assert_eq!(answer.body["message"], "Missing Authentication Token");
        assert!(answer.head.contains("x-amzn-requestid: "));
    }
    let usage = send(&server, "GET", "/_sim/usage", false, b"").await;
    assert_eq!(usage.status, 200);
    assert_eq!(usage.body["models"][CLAUDE]["admitted"], 0);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_named_so() {
    let (_, server) = served().await;
    for path in [
        "/",
        "/model",
        "/model/x/talk",
        "/models",
        "/%ff",
        "/model//converse/x",
    ] {
        let answer = send(&server, "POST", path, true, b"{}").await;
        assert_eq!(
            (answer.status, answer.code()),
            (404, "UnknownOperationException"),
            "{path}"
        );
    }
    let answer = send(
        &server,
        "GET",
        &format!("/model/{CLAUDE}/converse"),
        true,
        b"",
    )
    .await;
    assert_eq!(
        (answer.status, answer.code()),
        (405, "UnknownOperationException")
    );
    assert!(answer.head.contains("allow: POST"));
}

#[tokio::test]
async fn an_unknown_model_is_an_invalid_identifier() {
    let (_, server) = served().await;
    for id in ["anthropic.claude-1", "%20", "a%2Fb", "arn%3Aaws%3Abedrock"] {
        let path = format!("/model/{id}/converse");
        let answer = send(&server, "POST", &path, true, hello().to_string().as_bytes()).await;
        assert_eq!(
            (answer.status, answer.code()),
            (400, "ValidationException"),
            "{id}"
        );
        assert_eq!(
            answer.body["message"],
            "The provided model identifier is invalid."
        );
    }
}

#[tokio::test]
async fn a_body_is_checked_before_the_quota() {
    let (simulator, server) = served().await;
    let user = json!({"role": "user", "content": [{"text": "hello"}]});
    let assistant = json!({"role": "assistant", "content": [{"text": "hello"}]});
    let converse = [
        ("{", "SerializationException", "could not parse"),
        ("[]", "SerializationException", "can not be converted"),
        ("", "SerializationException", "could not parse"),
        (r#"{"messages": "x"}"#, "SerializationException", "STRING_VALUE can not be converted to List"),
        ("{}", "ValidationException", "messages"),
        (r#"{"messages": []}"#, "ValidationException", "must start with a user message"),
        (&json!({"messages": [assistant]}).to_string(), "ValidationException", "must start with a user message"),
        (&json!({"messages": [user, user]}).to_string(), "ValidationException", "must alternate"),
        (&json!({"messages": [{"role": "user", "content": []}]}).to_string(), "ValidationException", "messages.0 is empty"),
        (&json!({"messages": [{"role": "user", "content": [{"text": " "}]}]}).to_string(), "ValidationException", "is blank"),
        (&json!({"messages": [{"role": "judge", "content": [{"text": "x"}]}]}).to_string(), "ValidationException", "enum value set"),
        (&json!({"messages": [{"role": "user", "content": [{"smell": "x"}]}]}).to_string(), "ValidationException", "no known field"),
        (&json!({"messages": [user], "inferenceConfig": {"maxTokens": 0}}).to_string(), "ValidationException", "greater than or equal to 1"),
        (&json!({"messages": [user], "inferenceConfig": {"maxTokens": 101}}).to_string(), "ValidationException", "model limit of 100"),
        (&json!({"messages": [user], "inferenceConfig": {"temperature": 2}}).to_string(), "ValidationException", "less than or equal to 1"),
        (&json!({"messages": [user], "toolConfig": {"tools": []}}).to_string(), "ValidationException", "toolConfig.tools"),
        (&json!({"messages": [{"role": "user", "content": [{"toolResult": {"toolUseId": "t", "content": []}}]}]}).to_string(), "ValidationException", "toolConfig field must be defined"),
    ];
    for (body, code, message) in converse {
        for operation in ["converse", "converse-stream"] {
            let path = format!("/model/{CLAUDE}/{operation}");
            let answer = send(&server, "POST", &path, true, body.as_bytes()).await;
            assert_eq!((answer.status, answer.code()), (400, code), "{body}");
            assert!(
                answer.body["message"].as_str().unwrap().contains(message),
                "{body}: {}",
                answer.body
            );
        }
    }
    let version = "bedrock-2023-05-31";
    let invoke = [
        ("{", "not valid JSON"),
        ("{}", "required key [anthropic_version] not found"),
        (r#"{"anthropic_version": "1"}"#, "enum value set"),
        (&json!({"anthropic_version": version}).to_string(), "required key [max_tokens] not found"),
        (&json!({"anthropic_version": version, "max_tokens": 1}).to_string(), "required key [messages] not found"),
        (&json!({"anthropic_version": version, "max_tokens": 1, "messages": []}).to_string(), "at least one message"),
        (&json!({"anthropic_version": version, "max_tokens": 1, "messages": [{"role": "assistant", "content": "x"}]}).to_string(), "first message"),
        (&json!({"anthropic_version": version, "max_tokens": 1, "messages": [{"role": "user", "content": ""}]}).to_string(), "non-empty"),
        (&json!({"anthropic_version": version, "max_tokens": 1, "tools": [{"name": ""}]}).to_string(), "tools.0.name: String should have"),
        (&json!({"anthropic_version": version, "max_tokens": "1"}).to_string(), "expected type: Integer"),
    ];
    for (body, message) in invoke {
        let answer = send(
            &server,
            "POST",
            &format!("/model/{CLAUDE}/invoke"),
            true,
            body.as_bytes(),
        )
        .await;
        assert_eq!(
            (answer.status, answer.code()),
            (400, "ValidationException"),
            "{body}"
        );
        assert!(
            answer.body["message"].as_str().unwrap().contains(message),
            "{body}: {}",
            answer.body
        );
    }
    let path = "/model/meta.llama3-8b-instruct-v1:0/invoke";
    let answer = send(&server, "POST", path, true, br#"{"prompt": "x"}"#).await;
    assert_eq!((answer.status, answer.code()), (400, "ValidationException"));
    assert!(
        answer.body["message"]
            .as_str()
            .unwrap()
            .contains("use Converse")
    );
    assert!(
        simulator
            .usage()
            .models
            .values()
            .all(|usage| usage.admitted + usage.throttled == 0)
    );
}

#[tokio::test]
async fn a_body_over_25_megabytes_is_too_long() {
    let (_, server) = served().await;
    let path = format!("/model/{CLAUDE}/invoke");
    let answer = send(&server, "POST", &path, true, &vec![b' '; 25_000_001]).await;
    assert_eq!((answer.status, answer.code()), (400, "ValidationException"));
    assert!(
        answer.body["message"]
            .as_str()
            .unwrap()
            .contains("25000000")
    );
}

#[tokio::test]
async fn the_controls_script_report_and_reset() {
    let (simulator, server) = served().await;
    let script = json!([{"fault": "throttling", "times": 2}]).to_string();
    let path = format!("/model/{CLAUDE}/converse");
    let answer = send(&server, "POST", "/_sim/script", false, script.as_bytes()).await;
    assert_eq!((answer.status, &answer.body["faults"]), (200, &json!(1)));
    let answer = send(&server, "POST", &path, true, hello().to_string().as_bytes()).await;
    assert_eq!((answer.status, answer.code()), (429, "ThrottlingException"));
    let answer = send(&server, "POST", "/_sim/reset", false, b"").await;
    assert_eq!(answer.status, 200);
    let answer = send(&server, "POST", &path, true, hello().to_string().as_bytes()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(simulator.usage().model(CLAUDE).unwrap().admitted, 1);

    for (bad, message) in [
        ("nonsense", "expected"),
        (r#"[{"fault": "flood"}]"#, "unknown variant `flood`"),
        (
            r#"[{"fault": "throttling", "tmies": 2}]"#,
            "unknown field `tmies`",
        ),
        (
            r#"[{"fault": "throttling", "rate": 2}]"#,
            "`rate` is from 0 to 1",
        ),
        (r#"{"fault": "throttling"}"#, "unknown field `fault`"),
    ] {
        let answer = send(&server, "POST", "/_sim/script", false, bad.as_bytes()).await;
        assert_eq!(answer.status, 400, "{bad}");
        assert!(
            answer.body["message"].as_str().unwrap().contains(message),
            "{}",
            answer.body
        );
    }
}

#[tokio::test]
async fn a_caller_that_hangs_up_settles_its_call() {
    let (simulator, server) = served().await;
    simulator.script([Fault::hang(), Fault::hang().at(2)]);
    for operation in ["converse", "converse-stream"] {
        let mut stream = TcpStream::connect(server.addr()).await.unwrap();
        let body = hello().to_string();
        let head = format!(
            "POST /model/{CLAUDE}/{operation} HTTP/1.1\r\nhost: sim\r\nauthorization: x\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let in_flight = async |calls| {
            while simulator.usage().model(CLAUDE).unwrap().in_flight != calls {
                tokio::task::yield_now().await;
            }
        };
        let patience = Duration::from_secs(20);
        tokio::time::timeout(patience, in_flight(1)).await.unwrap();
        drop(stream);
        tokio::time::timeout(patience, in_flight(0)).await.unwrap();
    }
}

#[tokio::test]
async fn a_server_stops_when_it_is_shut_down_or_dropped() {
    let (_, server) = served().await;
    let address = server.addr();
    assert_eq!(server.url(), format!("http://{address}"));
    server.shutdown().await;
    TcpStream::connect(address).await.unwrap_err();

    let (_, server) = served().await;
    let address = server.addr();
    drop(server);
    let refused = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), refused)
        .await
        .unwrap();
}
