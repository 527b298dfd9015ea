//! `converge` brings hosts to the state that their roles declare: it shows exactly what would
//! change, performs that and nothing else.
//!
//! The library never prints and never reads the environment; the floors and the invariants are
//! in `docs/architecture.md`.

pub mod agent;
pub mod cli;
pub mod config;
pub mod controller;
pub mod engine;
pub mod event;
pub mod host;
pub mod lab;
pub mod log;
pub mod protocol;
pub mod report;
pub mod resource;
pub mod template;
pub mod text;
pub mod value;
