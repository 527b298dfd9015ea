//! In which batches a play goes over its hosts, in which order, and when it stops.

use crate::config::fields::Fields;
use crate::text::Diagnostic;
use crate::value::{Node, NodeKind};

/// How a play goes over its hosts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rollout {
    /// The sizes of its batches, the last for all that follow; without any: all hosts at once.
    pub serial: Vec<BatchSize>,
    /// It stops where more of its hosts than this have failed, in percent.
    pub max_fail_percentage: Option<f64>,
    /// It stops where more of its hosts than this have failed.
    pub max_fail: Option<usize>,
    /// It stops where any host has failed.
    pub any_errors_fatal: bool,
    /// Seconds between two batches.
    pub pause: f64,
    /// Whether, and how, the hosts of a batch are asked for their health.
    pub health: Health,
    /// In which order.
    pub order: Order,
}

/// The gate at a host's end of a play: its roles' own checks (`verify/`), tried again while one fails. A
/// host that fails them has failed, so that the batches after its own may not be begun.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Health {
    /// Whether there is one; `None` where there are batches.
    pub asked: Option<bool>,
    /// How often a role's checks are tried again.
    pub retries: i64,
    /// Seconds between tries.
    pub delay: f64,
}

impl Default for Health {
    fn default() -> Self {
        Self { asked: None, retries: 3, delay: 5.0 }
    }
}

/// How many hosts are converged together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum BatchSize {
    /// So many.
    Hosts(usize),
    /// So much of the play's hosts.
    Percent(f64),
}

/// In which order a play comes to its hosts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// As the inventory has them.
    #[default]
    Inventory,
    /// The last first.
    ReverseInventory,
    /// By name.
    Sorted,
    /// By name, the last first.
    ReverseSorted,
}

impl Rollout {
    /// These hosts in batches: Ansible's arithmetic.
    #[must_use]
    pub fn batches<T: Clone>(&self, hosts: &[T]) -> Vec<Vec<T>> {
        let mut batches = Vec::new();
        let mut sizes = self.serial.iter();
        let mut size = sizes.next();
        let mut rest = hosts;
        while !rest.is_empty() {
            let count = size.map_or(0, |size| size.of(hosts.len()));
            let count = if count == 0 { rest.len() } else { count.min(rest.len()) };
            batches.push(rest[..count].to_vec());
            rest = &rest[count..];
            size = sizes.next().or(size);
        }
        batches
    }

    /// The gate at the end of each host's play, if there is one.
    #[must_use]
    pub fn gate(&self) -> Option<Health> {
        let asked = self.health.asked.unwrap_or(!self.serial.is_empty());
        asked.then_some(self.health)
    }

    /// Whether the run of all hosts ends here: the whole of a batch has failed, any host has where
    /// one is enough, or too many of the play's hosts have, whichever batch they were in.
    #[must_use]
    pub fn is_over(&self, batch: Failed, play: Failed) -> bool {
        play.failed > 0
            && (batch.failed >= batch.hosts
                || self.any_errors_fatal
                || self.max_fail.is_some_and(|most| play.failed > most)
                || self.max_fail_percentage.is_some_and(|most| play.percent() > most))
    }
}

/// How many of how many hosts have failed, or could not be reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Failed {
    /// So many.
    pub failed: usize,
    /// Of so many.
    pub hosts: usize,
}

impl Failed {
    #[expect(clippy::cast_precision_loss, reason = "a fleet has fewer hosts than 2^52")]
    fn percent(self) -> f64 {
        self.failed as f64 / self.hosts.max(1) as f64 * 100.0
    }
}

impl BatchSize {
    /// At least one of so many; `0` means all.
    fn of(self, hosts: usize) -> usize {
        match self {
            Self::Hosts(count) => count,
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "a share of the hosts, which is positive and no larger than they are many"
            )]
            Self::Percent(share) => ((share / 100.0 * hosts as f64) as usize).max(1),
        }
    }

    fn read(node: &Node) -> Result<Self, Diagnostic> {
        let wrong = || {
            Diagnostic::new("`serial` takes numbers of hosts and percentages")
                .at(node.span)
                .help("as in `serial: [1, \"10%\", \"100%\"]`")
        };
        match &node.kind {
            NodeKind::Int(count) => usize::try_from(*count).map(Self::Hosts).map_err(|_| wrong()),
            NodeKind::Str(text) => match text.trim().strip_suffix('%') {
                Some(share) => percent(share).map(Self::Percent).ok_or_else(wrong),
                None => text.trim().parse().map(Self::Hosts).map_err(|_| wrong()),
            },
            _ => Err(wrong()),
        }
    }
}

/// `serial`: one size or a list of them.
pub(super) fn serial(node: &Node) -> Result<Vec<BatchSize>, Diagnostic> {
    match &node.kind {
        NodeKind::Null => Ok(Vec::new()),
        NodeKind::List(items) => items.iter().map(BatchSize::read).collect(),
        _ => BatchSize::read(node).map(|size| vec![size]),
    }
}

/// `max_fail_percentage`, with or without its sign.
pub(super) fn max_fail(node: &Node) -> Result<f64, Diagnostic> {
    let found = match &node.kind {
        #[expect(clippy::cast_precision_loss, reason = "a percentage")]
        NodeKind::Int(share) => Some(*share as f64),
        NodeKind::Float(share) => Some(*share),
        NodeKind::Str(text) => percent(text.trim().trim_end_matches('%')),
        _ => None,
    };
    found.filter(|share| (0.0..=100.0).contains(share)).ok_or_else(|| {
        Diagnostic::new("`max_fail_percentage` takes a number from 0 to 100")
            .at(node.span)
            .help("as in `max_fail_percentage: 25`")
    })
}

/// `max_fail`.
pub(super) fn max_fail_hosts(node: &Node) -> Result<usize, Diagnostic> {
    let found = match &node.kind {
        NodeKind::Int(most) => usize::try_from(*most).ok(),
        NodeKind::Str(text) => text.trim().parse().ok(),
        _ => None,
    };
    found.ok_or_else(|| {
        Diagnostic::new("`max_fail` takes a number of hosts")
            .at(node.span)
            .help("as in `max_fail: 2`; a share of them is `max_fail_percentage: 25`")
    })
}

/// `pause`, and `delay` of `health`.
pub(super) fn seconds(node: &Node, key: &str) -> Result<f64, Diagnostic> {
    let found = match &node.kind {
        #[expect(clippy::cast_precision_loss, reason = "seconds are few")]
        NodeKind::Int(seconds) => Some(*seconds as f64),
        NodeKind::Float(seconds) => Some(*seconds),
        NodeKind::Str(text) => text.trim().parse().ok(),
        _ => None,
    };
    found.filter(|seconds: &f64| (0.0..=86_400.0).contains(seconds)).ok_or_else(|| {
        Diagnostic::new(format!("`{key}` takes seconds, a day's at most"))
            .at(node.span)
            .help(format!("as in `{key}: 30`"))
    })
}

/// `health`: true, false, or how often and how fast its checks are tried again.
pub(super) fn health(node: Node) -> Result<Health, Diagnostic> {
    let mut health = Health { asked: Some(true), ..Health::default() };
    if let NodeKind::Bool(asked) = node.kind {
        return Ok(Health { asked: Some(asked), ..health });
    }
    let mut fields = Fields::of(node, "`health`", &["retries", "delay"])?;
    if let Some(node) = fields.take("retries") {
        let retries = match &node.kind {
            NodeKind::Int(retries) => u32::try_from(*retries).ok(),
            _ => None,
        };
        let wrong = || {
            Diagnostic::new("`retries` takes a number of further tries")
                .at(node.span)
                .help("as in `health: {retries: 5, delay: 10}`")
        };
        health.retries = i64::from(retries.ok_or_else(wrong)?);
    }
    if let Some(node) = fields.take("delay") {
        health.delay = seconds(&node, "delay")?;
    }
    Ok(health)
}

fn percent(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|share: &f64| share.is_finite() && *share >= 0.0)
}

/// `order`.
pub(super) fn order(node: &Node) -> Result<Order, Diagnostic> {
    match node.as_str() {
        Some("inventory") => Ok(Order::Inventory),
        Some("reverse_inventory") => Ok(Order::ReverseInventory),
        Some("sorted") => Ok(Order::Sorted),
        Some("reverse_sorted") => Ok(Order::ReverseSorted),
        Some("shuffle") => Err(Diagnostic::new("`order: shuffle` is not supported")
            .at(node.span)
            .help("a run has no randomness: a dry run could not foretell it")),
        _ => Err(Diagnostic::new(
            "`order` takes `inventory`, `reverse_inventory`, `sorted` or `reverse_sorted`",
        )
        .at(node.span)
        .help("as in `order: sorted`")),
    }
}

impl Order {
    /// Hosts that stand as the inventory has them, in this order.
    pub fn apply<T>(self, hosts: &mut [T], name: impl Fn(&T) -> String) {
        match self {
            Self::Inventory => {}
            Self::ReverseInventory => hosts.reverse(),
            Self::Sorted => hosts.sort_by_key(|host| name(host)),
            Self::ReverseSorted => {
                hosts.sort_by_key(|host| name(host));
                hosts.reverse();
            }
        }
    }
}
