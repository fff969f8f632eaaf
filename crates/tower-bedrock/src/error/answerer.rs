//! Who answered: Bedrock, or something on the way to it.

use super::told::shortened;
use aws_smithy_runtime_api::{client::orchestrator::HttpResponse, http::Headers};

/// A header's text is another's, and ends up in an error's.
const LONGEST: usize = 64;

/// Whether Bedrock answered: its answers have an id, its errors a type as well.
pub(super) fn is_bedrock(headers: &Headers) -> bool {
    headers.get("x-amzn-requestid").is_some() || headers.get("x-amzn-errortype").is_some()
}

/// What to say of an answer that is not Bedrock's. Of its body nothing: that is a page for a person,
/// and may hold what was sent.
pub(super) fn message(answer: &HttpResponse) -> String {
    let status = answer.status().as_u16();
    let headers = answer.headers();
    if let 300..400 = status {
        let host = headers.get("location").and_then(host).unwrap_or_default();
        let to = if host.is_empty() { "" } else { " to " };
        return format!(
            "redirected with status {status}{to}{host}, and no redirect is followed; correct the \
             endpoint, or what stands before it"
        );
    }
    let server = headers.get("server").map(printable).unwrap_or_default();
    let server = if server.is_empty() {
        server
    } else {
        format!(", server {server}")
    };
    format!(
        "answered by something in between (a proxy, a gateway), not by Bedrock: status {status}{server}"
    )
}

/// The host alone: a location may have a token in its path or query.
fn host(location: &str) -> Option<String> {
    let uri: http::Uri = location.parse().ok()?;
    uri.host().map(printable)
}

fn printable(text: &str) -> String {
    let ascii: String = text.chars().filter(|c| matches!(c, ' '..='~')).collect();
    shortened(&ascii, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;

    fn said(status: u16, name: &'static str, value: &str) -> String {
        let status = StatusCode::try_from(status).unwrap();
        let mut answer = HttpResponse::new(status, SdkBody::from("the prompt"));
        answer.headers_mut().insert(name, value.to_owned());
        message(&answer)
    }

    #[test]
    fn a_server_is_named_in_short() {
        let between =
            "answered by something in between (a proxy, a gateway), not by Bedrock: status 403";
        assert_eq!(said(403, "date", "today"), between);
        assert_eq!(said(403, "server", " "), between);
        assert_eq!(
            said(403, "server", "squid/6.1"),
            format!("{between}, server squid/6.1")
        );
        let long = said(403, "server", &"x".repeat(300));
        assert_eq!(long, format!("{between}, server {}…", "x".repeat(LONGEST)));
    }

    #[test]
    fn a_redirect_tells_the_host_alone() {
        let to = |location| said(307, "location", location);
        let secret = to("https://user:pass@login.example/path?token=secret");
        assert!(secret.starts_with("redirected with status 307 to login.example, and"));
        for nowhere in ["/login?token=secret", "", "::"] {
            assert!(
                to(nowhere).starts_with("redirected with status 307, and"),
                "{nowhere}"
            );
        }
    }
}
