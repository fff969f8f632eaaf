//! The program itself.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::process::{Output, Stdio};

use aws_sdk_bedrockruntime::Client;
use bedrock_sim::Simulator;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

mod fronts;
use fronts::{CLAUDE, max_tokens, user};

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bedrock-sim"));
    command
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Starts the program and gives a client once it says where it listens.
async fn start(arguments: &[&str]) -> (Child, Client) {
    let mut child = program(arguments)
        .args(["--listen", "127.0.0.1:0", "--latency-factor", "0"])
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.next_line().await.unwrap().unwrap();
    let url = line.strip_prefix("listening on ").unwrap();
    let config = Simulator::new()
        .sdk_config()
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(url)
        .build();
    (child, Client::from_conf(config))
}

async fn refused(arguments: &[&str]) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = program(arguments).output().await.unwrap();
    assert!(!status.success(), "{arguments:?}");
    assert!(stdout.is_empty());
    String::from_utf8(stderr).unwrap()
}

#[tokio::test]
async fn flags_make_models_quotas_and_faults() {
    let spec = format!("{CLAUDE},tpm=1000,rpm=60,tpd=100000,burndown=5,burst=60s,max-tokens=500");
    let script = std::env::temp_dir().join(format!("bedrock-sim-{}.json", std::process::id()));
    std::fs::write(&script, r#"[{"fault": "model_error"}]"#).unwrap();
    let (_child, client) = start(&[
        "--model",
        &spec,
        "--seed",
        "7",
        "--meter",
        "sliding",
        "--fault",
        "service_unavailable,times=1,retry_after_ms=1500",
        "--script",
        script.to_str().unwrap(),
    ])
    .await;
    std::fs::remove_file(&script).unwrap();
    let call = async |tokens| {
        client
            .converse()
            .model_id(CLAUDE)
            .messages(user("hello"))
            .inference_config(max_tokens(tokens))
            .send()
            .await
            .map_err(aws_sdk_bedrockruntime::error::SdkError::into_service_error)
    };
    assert!(call(10).await.unwrap_err().is_model_error_exception());
    assert!(
        call(10)
            .await
            .unwrap_err()
            .is_service_unavailable_exception()
    );
    assert!(call(501).await.unwrap_err().is_validation_exception());
    call(10).await.unwrap();
    let twice = (call(500).await, call(500).await);
    assert!(twice.0.is_ok() && twice.1.unwrap_err().is_throttling_exception());
}

#[tokio::test]
async fn without_models_a_default_set_is_served() {
    let (_child, client) = start(&[]).await;
    for (id, served) in [
        (CLAUDE, true),
        ("amazon.nova-micro-v1:0", true),
        ("nobody.knows", false),
    ] {
        let answer = client
            .converse()
            .model_id(id)
            .messages(user("hello"))
            .send()
            .await;
        assert_eq!(answer.is_ok(), served, "{id}");
    }
}

#[tokio::test]
async fn a_bad_flag_is_explained() {
    for (arguments, message) in [
        (&["--model", "m,tmp=1"][..], "unknown key `tmp`"),
        (&["--model", "m,tpm=lots"], "`tpm=lots` is not a number"),
        (&["--model", "m,burst=10"], "needs a unit"),
        (&["--model", "m,tpm"], "`tpm` is not of the form KEY=VALUE"),
        (&["--model", "tpm=1"], "begins with its id"),
        (&["--model", "m,max-tokens=0"], "at least 1"),
        (&["--fault", "flood"], "unknown variant `flood`"),
        (&["--fault", "throttling,rate=2"], "`rate` is from 0 to 1"),
        (&["--fault", "throttling,often=2"], "unknown field `often`"),
        (&["--latency-factor=-1"], "0 or more"),
        (&["--meter", "hourglass"], "hourglass"),
        (
            &["--script", "/does/not/exist.json"],
            "/does/not/exist.json",
        ),
        (&["--nonsense"], "--nonsense"),
        (&["--listen=nowhere"], "nowhere"),
    ] {
        let stderr = refused(arguments).await;
        assert!(stderr.contains(message), "{arguments:?}: {stderr}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn it_stops_in_order_on_a_signal() {
    for signal in ["-TERM", "-INT"] {
        let (mut child, _client) = start(&[]).await;
        let id = child.id().unwrap().to_string();
        let sent = Command::new("kill")
            .args([signal, &id])
            .status()
            .await
            .unwrap();
        assert!(sent.success());
        assert!(child.wait().await.unwrap().success());
    }
}
