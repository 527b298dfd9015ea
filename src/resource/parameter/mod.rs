//! Types of parameters that several kinds share.

mod bytes;
mod conditions;
mod list;
mod numbers;
mod scalar;
mod seconds;

pub(super) use bytes::Bytes;
pub(super) use conditions::Conditions;
pub(super) use list::List;
pub(super) use numbers::Numbers;
pub(super) use scalar::Scalar;
pub(super) use seconds::Seconds;

/// What a parameter is that is true unless a task says otherwise.
pub(super) const fn yes() -> bool {
    true
}
