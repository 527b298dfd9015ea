//! The command line: arguments in, an exit code out. Only here is the environment read, the
//! terminal looked at and a question asked.

pub mod exit_code;
pub mod lab;
