//! Keywords that only some tasks take: `check_mode: false`, `become_user`.

use super::Typing;
use crate::engine::task::{Body, Keywords};
use crate::resource::{self, Kind, Nature};
use crate::text::{Diagnostic, Lack};
use crate::value::{Key, Node};

impl Typing<'_> {
    /// Refuses another user where nothing is run as one.
    pub(super) fn other_user(&mut self, keywords: &Keywords, body: &Body) {
        let Some(user) = &keywords.become_user else { return };
        let runs = |kind: &Kind| kind.takes("become_user");
        if !kind_of(body).is_some_and(runs) {
            let list = listed(runs, "and");
            self.error(
                Diagnostic::new(format!("`become_user` works for {list}"))
                    .lacks(Lack::Keyword("become_user".to_owned()))
                    .at(user.span)
                    .help("the agent runs as root; give files their `owner`"),
            );
        }
    }

    /// Refuses the keyword where it would change a host in a dry run.
    pub(super) fn observation(
        &mut self,
        keywords: &Keywords,
        body: &Body,
        entries: &[(Key, Node)],
    ) {
        if !keywords.observes || only_looks(body) {
            return;
        }
        let key = entries.iter().find(|(key, _)| key.name == "check_mode").map(|(key, _)| key);
        let Some(key) = key else { return };
        self.error(
            Diagnostic::new("`check_mode: false` would change the host in a dry run")
                .at(key.span)
                .help(format!(
                    "leave it out; it marks a {} that only looks",
                    listed(|kind| kind.nature == Nature::Act, "or")
                )),
        );
    }
}

fn kind_of(body: &Body) -> Option<&'static Kind> {
    match body {
        Body::Resource { kind, .. } => resource::find(kind),
        _ => None,
    }
}

/// The kinds of which something holds, in words.
fn listed(which: impl Fn(&Kind) -> bool, last: &str) -> String {
    let names = resource::kinds().iter().filter(|kind| which(kind));
    let names: Vec<String> = names.map(|kind| format!("`{}`", kind.name)).collect();
    match names.split_last() {
        Some((end, [])) => end.clone(),
        Some((end, others)) => format!("{} {last} {end}", others.join(", ")),
        None => String::new(),
    }
}

/// Whether a task changes nothing on any host, or can be told to.
fn only_looks(body: &Body) -> bool {
    match body {
        Body::Resource { params, .. } => kind_of(body).is_some_and(|kind| {
            kind.takes("observe") || kind.nature_of(&params.to_value()).observes()
        }),
        Body::SetFact(_) | Body::Assert { .. } | Body::Fail(_) | Body::Debug(_) => true,
        Body::FlushHandlers
        | Body::EndHost
        | Body::IncludeRole { .. }
        | Body::IncludeTasks { .. }
        | Body::Block { .. } => false,
    }
}
