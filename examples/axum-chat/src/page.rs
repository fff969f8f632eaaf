use crate::App;
use axum::{
    Router,
    http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
    response::IntoResponse,
    routing::get,
};

/// Nothing but what this server sends, and no script or style within the page.
const POLICY: &str = "default-src 'none'; connect-src 'self'; script-src 'self'; style-src 'self'; \
                      img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page and its parts, which are within the program.
pub(crate) fn routes() -> Router<App> {
    let file = |kind, text| get(move || async move { file(kind, text) });
    Router::new()
        .route("/", file("text/html", include_str!("../page/chat.html")))
        .route(
            "/chat.css",
            file("text/css", include_str!("../page/chat.css")),
        )
        .route(
            "/chat.js",
            file("text/javascript", include_str!("../page/chat.js")),
        )
}

fn file(kind: &'static str, text: &'static str) -> impl IntoResponse {
    let headers = [
        (CONTENT_TYPE, format!("{kind}; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, POLICY.to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (headers, text)
}
