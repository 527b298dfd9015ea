//! Whether another program holds an fcntl(2) lock, as package managers do, and waiting until it
//! lets go.

use super::super::HostError;
use rustix::fs::{CWD, FlockOperation, Mode, OFlags, fcntl_lock, openat};
use std::path::Path;
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(250);

/// Whether another process holds a write lock on a file. Asked by taking a read lock for an
/// instant: `/proc/locks` names devices that `stat` does not know on layered file systems.
pub(super) fn is_held(path: &Path) -> bool {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let Ok(file) = openat(CWD, path, flags, Mode::empty()) else { return false };
    fcntl_lock(&file, FlockOperation::NonBlockingLockShared).is_err()
}

/// Waits until nobody holds it.
///
/// # Errors
/// If somebody still does after this time.
pub(super) fn wait_for(path: &Path, patience: Duration, who: &str) -> Result<(), HostError> {
    let end = Instant::now() + patience;
    while is_held(path) {
        if Instant::now() >= end {
            return Err(HostError::Failed {
                message: format!("{who} is still running after {} s", patience.as_secs()),
                notes: vec![format!("it holds {}", path.display())],
                help: None,
            });
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    /// Holds a write lock for a second, and says so.
    const HOLDER: &str = "use Fcntl; $| = 1; open(my $f, '+<', $ARGV[0]) or die; \
        my $l = pack('s s x4 q q i', F_WRLCK, 0, 0, 0, 0); fcntl($f, F_SETLK, $l) or die; print 'x'; sleep 1";

    #[test]
    fn a_lock_is_seen_and_waited_for() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(!is_held(file.path()) && !is_held(Path::new("/no/such/lock")));
        let mut holder = std::process::Command::new("perl")
            .args(["-e", HOLDER])
            .arg(file.path())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        holder.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        assert!(is_held(file.path()));
        assert!(wait_for(file.path(), Duration::ZERO, "perl").is_err());
        wait_for(file.path(), Duration::from_secs(20), "perl").unwrap();
        holder.wait().unwrap();
    }
}
