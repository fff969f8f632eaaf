use crate::wire::ServiceError;

/// The connection goes down without a reply.
#[derive(Debug)]
pub(crate) struct Reset;

/// Why a call gets no answer of a model.
pub(crate) enum Refusal {
    Error(ServiceError),
    Reset,
}

impl From<ServiceError> for Refusal {
    fn from(error: ServiceError) -> Self {
        Self::Error(error)
    }
}
