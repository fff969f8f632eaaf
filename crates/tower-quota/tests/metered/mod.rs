//! A server with a quota, the way to it, what there is to do, and who does it.
#![allow(dead_code)]

pub(crate) mod client;
pub(crate) mod neighbour;
pub(crate) mod network;
pub(crate) mod outcome;
pub(crate) mod server;
pub(crate) mod subject;
pub(crate) mod wire;
pub(crate) mod workload;
