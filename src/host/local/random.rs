//! The one door to randomness: run ids, salts, keys.

use super::super::HostError;
use rustix::rand::{GetRandomFlags, getrandom};

/// Bytes from the kernel's generator (getrandom(2)).
///
/// # Errors
/// If the kernel gives none.
pub fn bytes<const N: usize>() -> Result<[u8; N], HostError> {
    let mut bytes = [0; N];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match getrandom(rest, GetRandomFlags::empty()) {
            Ok(length) => filled += length,
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => {
                return Err(HostError::failed(format!("the kernel gives no randomness: {errno}")));
            }
        }
    }
    Ok(bytes)
}

/// This many random bytes as lowercase hexadecimal digits, two a byte.
///
/// # Errors
/// As [`bytes`].
pub fn hex<const N: usize>() -> Result<String, HostError> {
    Ok(bytes::<N>()?.iter().map(|byte| format!("{byte:02x}")).collect())
}
