//! (placeholder until the real one lands)
use super::{
    Action, Group, Host, HostError, Package, PackageRequest, Performed, Probe, ProbeAnswer, Stat,
    Transaction, Unit, User, View,
};
use crate::value::{Known, Map};
use std::path::Path;
/// Facts.
pub const FACT_NAMES: &[&str] = &[];
/// Random.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], HostError> {
    no()
}
/// Local.
#[derive(Default)]
pub struct Local;
impl Local {
    /// New.
    #[must_use]
    pub fn new() -> Self {
        Self
    }
}
fn no<T>() -> Result<T, HostError> {
    Err(HostError::failed("not there yet"))
}
impl View for Local {
    fn stat(&self, _: &Path) -> Result<Known<Stat>, HostError> {
        no()
    }
    fn read(&self, _: &Path) -> Result<Known<Vec<u8>>, HostError> {
        no()
    }
    fn user(&self, _: &str) -> Result<Known<Option<User>>, HostError> {
        no()
    }
    fn group(&self, _: &str) -> Result<Known<Option<Group>>, HostError> {
        no()
    }
    fn package(&self, _: &str) -> Result<Known<Package>, HostError> {
        no()
    }
    fn interrupted_packages(&self) -> Result<Known<Option<String>>, HostError> {
        no()
    }
    fn simulate(&self, _: &[PackageRequest]) -> Result<Known<Transaction>, HostError> {
        no()
    }
    fn unit(&self, _: &str) -> Result<Known<Unit>, HostError> {
        no()
    }
    fn probe(&self, _: &Probe) -> Result<Known<ProbeAnswer>, HostError> {
        no()
    }
    fn facts(&self) -> Result<Map, HostError> {
        no()
    }
}
impl Host for Local {
    fn perform(&mut self, _: &Action) -> Result<Performed, HostError> {
        no()
    }
    fn view(&self) -> &dyn View {
        self
    }
}
