//! Layers of variables, weakest first.

use crate::config::Role;
use crate::text::Span;
use crate::value::{Key, Node};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Where a variable was set. The order of the kinds is the order of precedence, weakest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LayerKind {
    /// `defaults/main.yml` of this role.
    RoleDefault(Arc<str>),
    /// `vars:` of this group in the inventory file.
    GroupInline(Arc<str>),
    /// `group_vars/` of this group.
    GroupFile(Arc<str>),
    /// At the host, in the inventory file.
    HostInline,
    /// `host_vars/` of the host.
    HostFile,
    /// `vars:` of a play.
    PlayVar,
    /// `vars_prompt:` of a play.
    PlayPrompt,
    /// `vars_files:` of a play.
    PlayVarsFile,
    /// `vars/main.yml` of this role.
    RoleVar(Arc<str>),
    /// `vars:` of this role where a play or another role names it.
    RoleUseVar(Arc<str>),
    /// `vars:` of a block.
    BlockVar,
    /// `vars:` of a task, or of the task that included the role or file.
    TaskVar,
    /// `set_fact`, while running.
    Runtime,
    /// `register`; for people to read, the value is the task's name.
    Registered,
    /// What stands right beside this role in a play.
    RoleParam(Arc<str>),
    /// `-e` on the command line, where every process can read it.
    Extra,
    /// `-e @FILE`: as strong as `-e`.
    ExtraFile,
}

impl LayerKind {
    /// Whether it is set at a task, for what stands in it or comes after it.
    #[must_use]
    pub const fn is_at_a_task(&self) -> bool {
        matches!(self, Self::BlockVar | Self::TaskVar | Self::Runtime | Self::Registered)
    }

    /// How strong it is: of two layers the one with the higher rank wins, of equal ones the later.
    #[must_use]
    pub const fn rank(&self) -> u8 {
        match self {
            Self::RoleDefault(_) => 0,
            Self::GroupInline(_) => 1,
            Self::GroupFile(_) => 2,
            Self::HostInline => 3,
            Self::HostFile => 4,
            Self::PlayVar => 5,
            Self::PlayPrompt => 6,
            Self::PlayVarsFile => 7,
            Self::RoleVar(_) => 8,
            Self::RoleUseVar(_) => 9,
            Self::BlockVar => 10,
            Self::TaskVar => 11,
            Self::Runtime | Self::Registered => 12,
            Self::RoleParam(_) => 13,
            Self::Extra | Self::ExtraFile => 14,
        }
    }
}

/// As `converge explain` names it.
impl std::fmt::Display for LayerKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::RoleDefault(role) => write!(f, "default of role {role}"),
            Self::GroupInline(group) => write!(f, "group {group} in the inventory"),
            Self::GroupFile(group) => write!(f, "group_vars of {group}"),
            Self::HostInline => f.write_str("host in the inventory"),
            Self::HostFile => f.write_str("host_vars"),
            Self::PlayVar => f.write_str("vars of the play"),
            Self::PlayPrompt => f.write_str("vars_prompt of the play"),
            Self::PlayVarsFile => f.write_str("vars_files of the play"),
            Self::RoleVar(role) => write!(f, "vars of role {role}"),
            Self::RoleUseVar(role) => write!(f, "vars where role {role} is named"),
            Self::BlockVar => f.write_str("vars of a block"),
            Self::TaskVar => f.write_str("vars of a task"),
            Self::Runtime => f.write_str("set_fact of a task"),
            Self::Registered => f.write_str("result of the task"),
            Self::RoleParam(role) => write!(f, "parameter of role {role}"),
            Self::Extra => f.write_str("-e"),
            Self::ExtraFile => f.write_str("-e @file"),
        }
    }
}

/// One setting of one variable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// Where from.
    pub kind: LayerKind,
    /// The place of its name.
    pub span: Span,
    /// The value as written.
    pub node: Arc<Node>,
}

/// Every variable with every layer that set it, weakest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Layers(IndexMap<Arc<str>, Vec<Layer>>);

impl Layers {
    /// Adds a setting: above those of its own rank, below stronger ones.
    pub fn add(&mut self, name: Arc<str>, layer: Layer) {
        let layers = self.0.entry(name).or_default();
        let at = layers.partition_point(|other| other.kind.rank() <= layer.kind.rank());
        layers.insert(at, layer);
    }

    /// Adds a mapping's entries as settings of one kind.
    pub fn add_entries(&mut self, kind: &LayerKind, entries: &[(Key, Node)]) {
        for (key, node) in entries {
            let node = Arc::new(node.clone());
            self.add(key.name.as_str().into(), Layer { kind: kind.clone(), span: key.span, node });
        }
    }

    /// Adds what a role brings with it: its defaults and its vars.
    pub fn add_role(&mut self, role: &Role) {
        let name: Arc<str> = role.name.as_str().into();
        self.add_entries(&LayerKind::RoleDefault(name.clone()), &role.defaults);
        self.add_entries(&LayerKind::RoleVar(name), &role.vars);
    }

    /// Makes a secret of all that a variable is set to.
    pub fn hide(&mut self, name: &str) {
        for layer in self.0.get_mut(name).into_iter().flatten() {
            let node = (*layer.node).clone();
            layer.node = Arc::new(Node { secret: true, ..node });
        }
    }

    /// The setting that wins.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Layer> {
        self.0.get(name).and_then(|layers| layers.last())
    }

    /// The setting that wins, as an entry of a mapping.
    #[must_use]
    pub fn entry(&self, name: &str) -> Option<(Key, Node)> {
        let layer = self.get(name)?;
        Some((Key { name: name.to_owned(), span: layer.span }, (*layer.node).clone()))
    }

    /// Every setting of a variable, weakest first; the last one wins.
    #[must_use]
    pub fn all(&self, name: &str) -> &[Layer] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// Every variable with its settings, in the order in which they were first set.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[Layer])> {
        self.0.iter().map(|(name, layers)| (name.as_ref(), layers.as_slice()))
    }

    /// Every variable's name.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(AsRef::as_ref)
    }

    /// Every variable with the setting that wins.
    pub fn winners(&self) -> impl Iterator<Item = (&str, &Layer)> {
        self.0.iter().filter_map(|(name, layers)| Some((name.as_ref(), layers.last()?)))
    }

    /// The settings that can be changed, for converting what `-e` gave as text.
    pub(in crate::config) fn all_mut(&mut self, name: &str) -> &mut [Layer] {
        self.0.get_mut(name).map_or(&mut [], Vec::as_mut_slice)
    }

    /// Keeps only the variables that `keep` names, and of each only the setting that wins: what a
    /// host is sent.
    pub fn retain_winners(&mut self, mut keep: impl FnMut(&str) -> bool) {
        self.0.retain(|name, layers| {
            layers.drain(..layers.len().saturating_sub(1));
            keep(name)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::SourceId;
    use crate::value::NodeKind;

    fn layer(kind: LayerKind, value: i64) -> Layer {
        let span = Span { source: SourceId(0), line: 1, column: 1, len: 1 };
        Layer {
            kind,
            span,
            node: Arc::new(Node { kind: NodeKind::Int(value), span, secret: false }),
        }
    }

    #[test]
    fn the_stronger_wins_whenever_it_came_and_of_equals_the_later() {
        let mut layers = Layers::default();
        for (kind, value) in [
            (LayerKind::Extra, 9),
            (LayerKind::HostInline, 4),
            (LayerKind::GroupInline("all".into()), 1),
            (LayerKind::GroupInline("web".into()), 2),
            (LayerKind::RoleVar("r".into()), 5),
            (LayerKind::RoleDefault("r".into()), 0),
            (LayerKind::HostInline, 41),
        ] {
            layers.add("x".into(), layer(kind, value));
        }
        let values: Vec<String> =
            layers.all("x").iter().map(|layer| format!("{:?}", layer.node)).collect();
        assert_eq!(values, ["0", "1", "2", "4", "41", "5", "9"]);
        assert!(layers.get("x").unwrap().node.kind == NodeKind::Int(9));
        layers.retain_winners(|name| name == "x");
        assert_eq!(layers.all("x").len(), 1);
        assert!(layers.get("x").unwrap().node.kind == NodeKind::Int(9));
    }
}
