//! The one setting of the machine that the lab raises, and leaves raised.

use super::LabError;
use super::error::io;

/// Each systemd, dbus and journal of each host takes several; the default of 128 is used up by
/// about 25 hosts.
const WATCHERS: u32 = 8192;

/// Allows as many inotify instances as all hosts need (inotify(7)).
pub(super) fn raise() -> Result<(), LabError> {
    let path = "/proc/sys/fs/inotify/max_user_instances";
    let text = std::fs::read_to_string(path).map_err(io("read", path))?;
    if text.trim().parse().is_ok_and(|now: u32| now >= WATCHERS) {
        return Ok(());
    }
    std::fs::write(path, WATCHERS.to_string()).map_err(io("write", path))
}
