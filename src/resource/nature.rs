//! What a task of a kind is: what the engine does with it hinges on that, never on a kind's name.

/// What a task of a kind is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// It has an end state: what differs from it is changed, and the host's memory keeps that.
    Change,
    /// It has no end state, so that something else must say when it has been done: a guard.
    Act,
    /// It asks something that must be so, and changes nothing.
    Gate,
    /// It looks, whatever it finds, and changes nothing.
    Look,
    /// It steers the run itself: the engine does it, and no host is looked at.
    Steer(Steer),
}

impl Nature {
    /// It never has anything to do on a host.
    #[must_use]
    pub const fn observes(self) -> bool {
        matches!(self, Self::Gate | Self::Look)
    }
}

/// What a task that steers the run asks of the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steer {
    /// To set variables from here on.
    SetFacts,
    /// To end the host's run unless expressions hold.
    Assert,
    /// To end the host's run with a message.
    Fail,
    /// To say something.
    Say,
    /// To run handlers now, or to end the run well.
    Order,
}
