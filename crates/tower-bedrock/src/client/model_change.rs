use crate::{
    error::{Error, ErrorKind},
    model_id::{base_model, one_name},
    operation::Operation,
    request::Request,
};

/// Why a call must not go to `model`, which an interceptor put in the place of the request's, if it
/// must not.
///
/// Quota and circuit were asked for what the request [counts as](Request::stands_for). The call may
/// go to that; and to an ARN that does not say its model, where the caller said what counts.
pub(super) fn refusal<I: Operation>(request: &Request<I>, model: Option<&str>) -> Option<Error> {
    let named = request.model_id();
    if model.map(one_name) == named.map(one_name) {
        return None;
    }
    if let (Some(model), Some(counts_as)) = (model, request.options().stands_for()) {
        // What an ARN stands for may be found out by a layer; of any other name the caller says it.
        let is_told = named.is_some_and(|named| base_model(named).is_some());
        if one_name(model) == one_name(counts_as) || (is_told && base_model(model).is_none()) {
            return None;
        }
    }
    let name = |model: Option<&str>| model.map_or("none".to_owned(), |model| format!("`{model}`"));
    Some(Error::new(
        ErrorKind::Invalid,
        format!(
            "an interceptor changed the model from {} to {}, and the call counts as one of {}; say \
             by `Request::stands_for` what it counts as",
            name(named),
            name(model),
            name(request.quota_model()),
        ),
    ))
}
