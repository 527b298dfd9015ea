//! Observations by process or connection.

use super::super::{HostError, Probe, ProbeAnswer};
use super::{connect, http, login, smtp};
use std::time::{Duration, Instant};

/// Makes the observation; that nobody answers is an answer.
///
/// # Errors
/// If it cannot be made at all.
pub(super) fn ask(probe: &Probe) -> Result<ProbeAnswer, HostError> {
    Ok(match probe {
        Probe::Command(command) => ProbeAnswer::Command(login::run(command)?),
        Probe::Http(request) => ProbeAnswer::Http(http::exchange(request)?),
        Probe::Smtp(dialogue) => ProbeAnswer::Smtp(smtp::hold(dialogue)?),
        Probe::Connect { host, port, timeout_ms } => {
            let deadline = Instant::now() + Duration::from_millis(*timeout_ms);
            let connected = connect::connect(host, *port, deadline).map(drop);
            ProbeAnswer::Connect(connected.map_err(|why| match why {
                connect::Unreached::Resolve(words) => words,
                connect::Unreached::Connect(error) => connect::words(&error),
            }))
        }
    })
}
