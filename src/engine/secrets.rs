//! Which secrets a run knows, so that nothing of it shows one.

use super::bundle::Bundle;
use crate::text::Redactor;
use crate::value::{Key, Node, Value};

impl Bundle {
    /// Knows every secret that is written in it: what was vaulted, what the controller marked, and
    /// what stands under a name that an argument specification marks `no_log`.
    #[must_use]
    pub fn redactor(&self) -> Redactor {
        let mut found: Vec<String> = Vec::new();
        let mut keep = |text: &str| found.push(text.to_owned());
        let roles = self.library.values();
        let named: Vec<&str> =
            roles.clone().flat_map(|role| &role.secrets).map(String::as_str).collect();
        let scopes = [&self.inventory, &self.extra]
            .into_iter()
            .chain(self.roles.iter().map(|call| &call.vars))
            .chain(roles.clone().flat_map(|role| [&role.vars, &role.defaults]));
        for (Key { name, .. }, node) in scopes.flatten() {
            // What a template makes of others is learnt when it is rendered.
            if named.contains(&name.as_str()) && !node.has_template() {
                node.each_leaf(&mut keep);
            } else {
                node.each_secret(&mut keep);
            }
        }
        let looked_up = self.lookups.iter().map(|(_, node)| node);
        let written = roles.flat_map(|role| &role.vaulted);
        looked_up.chain(written).for_each(|node: &Node| node.each_secret(&mut keep));
        let redactor = Redactor::default();
        redactor.add_line_by_line(found);
        redactor
    }
}

/// Learns what is secret in a value; all of it if it is hidden.
pub(super) fn learn(redactor: &Redactor, value: &Value, hidden: bool) {
    let mut keep = |text: &str| redactor.add([text]);
    if hidden {
        value.each_leaf(&mut keep);
    } else {
        value.each_secret(&mut keep);
    }
}
