//! Broken disks, made inside a host.

use super::{Host, LabError};

/// A copy of the folder on a tmpfs that is then filled up, and mounted over the original.
const FILL: &str = r#"
set -eu
kib=$(du -sk --apparent-size "$1" | cut -f1)
new=$(mktemp -d /run/full.XXXXXX)
mount -t tmpfs -o "size=$((kib + 256))k,mode=$(stat -c %a "$1")" full "$new"
cp -a "$1/." "$new/"
chown --reference="$1" "$new"
# Until even a block of one byte does not fit.
dd if=/dev/zero of="$new/.filler" bs=4k 2>/dev/null || true
dd if=/dev/zero of="$new/.filler" bs=1 oflag=append conv=notrunc 2>/dev/null || true
mount --bind "$new" "$1"
umount "$new"
rmdir "$new"
"#;

const READ_ONLY: &str = r#"
set -eu
mount --bind "$1" "$1"
mount -o remount,bind,ro "$1"
"#;

pub(super) fn fill_disk(host: &Host<'_>, folder: &str) -> Result<(), LabError> {
    script(host, FILL, folder)
}

pub(super) fn read_only(host: &Host<'_>, folder: &str) -> Result<(), LabError> {
    script(host, READ_ONLY, folder)
}

pub(super) fn heal(host: &Host<'_>, folder: &str) -> Result<(), LabError> {
    script(host, r#"umount --lazy "$1""#, folder)
}

fn script(host: &Host<'_>, script: &str, folder: &str) -> Result<(), LabError> {
    let output = host.run(["sh", "-c", script, "fault", folder])?;
    if output.success() {
        return Ok(());
    }
    Err(LabError::Command {
        command: format!("a broken disk at {folder}"),
        status: output.status.to_string(),
        stderr: output.stderr,
    })
}
