//! Types of parameters that several kinds share.

mod bytes;
mod list;
mod seconds;

pub(super) use bytes::Bytes;
pub(super) use list::List;
pub(super) use seconds::Seconds;
