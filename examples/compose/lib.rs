//! Compositions of the layers with a hyper client, an axum router and tower's own layers. Each file is one, and
//! can be read alone; `tests/` asks each of them as a user would.

pub mod balance;
pub mod boxed;
pub mod buffer;
pub mod client;
pub mod grpc;
pub mod limit_and_timeout;
pub mod server;
