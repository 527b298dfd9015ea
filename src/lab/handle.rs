//! The handle on a lab that is up.

use std::path::PathBuf;
use std::sync::Mutex;

use super::boot::Machine;
use super::claim::Owner;
use super::inventory::publish;
use super::state::{HostState, LabState};
use super::teardown::down;
use super::{Instance, LabError};

/// A lab that is up. Dropping it brings it down, unless it was told to stay.
#[derive(Debug)]
pub struct Lab {
    pub(super) instance: Instance,
    pub(super) state: LabState,
    publishing: Mutex<()>,
    /// None where the lab outlives this handle.
    owner: Option<Owner>,
}

impl Lab {
    pub(super) fn new(instance: Instance, state: LabState, owner: Option<Owner>) -> Self {
        Self { instance, state, publishing: Mutex::new(()), owner }
    }

    /// A handle on a lab that is up already; dropping the handle leaves it up.
    pub fn attach(name: &str) -> Result<Self, LabError> {
        let instance = Instance::new(name)?;
        let state = LabState::load(&instance)?;
        Ok(Self::new(instance, state, None))
    }

    /// Lets the lab outlive this handle.
    #[must_use]
    pub fn stay(mut self) -> Self {
        if let Some(owner) = self.owner.take() {
            owner.renounce(&self.instance);
        }
        self
    }

    /// What the lab consists of.
    pub fn state(&self) -> &LabState {
        &self.state
    }

    /// The path of the inventory.
    pub fn inventory(&self) -> &PathBuf {
        &self.state.inventory
    }

    /// The path of the configuration for `ssh -F`.
    pub fn ssh_config(&self) -> &PathBuf {
        &self.state.ssh_config
    }

    /// Brings the lab down, as dropping it does, and says whether that worked.
    pub fn down(mut self) -> Result<(), LabError> {
        self.owner = None;
        down(&self.instance)
    }

    pub(super) fn machine(&self, host: &HostState) -> Machine {
        Machine {
            instance: self.instance.clone(),
            name: host.name.clone(),
            base: self.state.bases[&host.family].clone(),
            binary: self.state.binary.clone(),
        }
    }

    /// Writes the files that name the hosts' inits, which change at each boot.
    pub(super) fn publish(&self) -> Result<(), LabError> {
        let _one_at_a_time = self.publishing.lock();
        let mut state = self.state.clone();
        state.refresh_pids(&self.instance)?;
        publish(&state, &self.instance)
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if self.owner.is_some() {
            // Nobody is left to tell; `list` still shows what could not be removed.
            let _ = down(&self.instance);
        }
    }
}
