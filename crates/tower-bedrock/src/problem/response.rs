use super::Problem;
use http::{
    HeaderValue, Response,
    header::{CONTENT_TYPE, RETRY_AFTER},
};

impl<B: From<String>> From<Problem> for Response<B> {
    fn from(problem: Problem) -> Self {
        let body = serde_json::to_string(&problem).expect("a problem has nothing but texts");
        let mut response = Self::new(body.into());
        *response.status_mut() = problem.status;
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/problem+json");
        headers.insert(CONTENT_TYPE, json);
        if let Some(seconds) = problem.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}
