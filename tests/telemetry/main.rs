//! What a stack tells: spans as OpenTelemetry gets them, metrics as Prometheus gets them, and that the
//! guides name what there is.

mod books;
mod dashboard;
mod names;
mod outcomes;
mod spans;
mod traced;
