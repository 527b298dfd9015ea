//! One integration binary: every test against the public interface, the lab's included.
#![allow(clippy::unwrap_used, reason = "a helper that fails, fails its test")]
#![allow(clippy::disallowed_methods, reason = "tests read the project's own files")]

mod after_a_kill;
mod ansible_tasks;
mod arguments;
mod bad_input;
mod bad_role;
mod bench;
mod blocks;
mod boolean_words;
mod circles;
mod cli_usage;
mod disk;
mod documents;
mod engine_rules;
mod fleet;
mod floors;
mod foreseen_failures;
mod foretell;
mod fuzz;
mod house;
mod inventory;
mod keywords;
mod kinds_by_name;
mod lab;
mod lab_cases;
mod lab_foretold;
mod lab_kills;
mod lab_mailu;
mod lab_runs;
mod limited_runs;
mod lint;
mod logged;
mod lookups;
mod mail;
mod mail_smtp;
mod patience;
mod played_agents;
mod report_snapshots;
mod resource_cases;
mod run_once;
mod secret_parameters;
mod sent_agents;
mod shown_secrets;
mod template_cases;
mod unforeseeable;
