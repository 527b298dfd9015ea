//! A resource's parameters as they are written: known names, literals of the right type.

use super::{Typing, one_line};
use crate::config::refuse_boolean_words;
use crate::resource::Kind;
use crate::text::Diagnostic;
use crate::value::{Key, Node, NodeKind};

impl Typing<'_> {
    /// The parameters as one mapping, checked as far as they can be before they are rendered.
    pub(super) fn params(
        &mut self,
        kind: &Kind,
        key: &Key,
        node: &Node,
        args: Option<&Node>,
    ) -> Node {
        let Some(mut entries) = self.members(kind, key, node) else { return node.clone() };
        entries.extend(args.map(Node::entries).unwrap_or_default().iter().cloned());
        let params = Node { kind: NodeKind::Map(entries), span: key.span, secret: false };
        self.errors.extend(kind.check(&params));
        let untyped = kind.parameters().shown().filter(|parameter| parameter.is_anything());
        for value in untyped.filter_map(|parameter| params.get(&parameter.name)) {
            refuse_boolean_words(value, &mut self.errors);
        }
        params
    }

    fn members(&mut self, kind: &Kind, key: &Key, node: &Node) -> Option<Vec<(Key, Node)>> {
        match (&node.kind, kind.free_form) {
            (NodeKind::Map(entries), _) => Some(entries.clone()),
            (NodeKind::Null, _) => Some(Vec::new()),
            (NodeKind::Str(line), Some(parameter)) => {
                if let Some(option) = one_line::option_of_command(line) {
                    let message = format!("`{option}=` in the line would go to the command");
                    self.errors.push(
                        Diagnostic::new(message)
                            .at(node.span)
                            .help(format!("write `args: {{{option}: …}}` beside it")),
                    );
                }
                let name = Key { name: parameter.to_owned(), span: node.span };
                Some(vec![(name, node.clone())])
            }
            (NodeKind::Str(line), None)
                if let Some(entries) = one_line::parameters(kind, line, node.span) =>
            {
                Some(entries)
            }
            _ => {
                let what = node.kind_name();
                let error =
                    Diagnostic::new(format!("`{}` takes a mapping, not a {what}", key.name));
                self.errors.push(error.at(node.span).help(format!(
                    "write its parameters as `name: value`  (converge doc {})",
                    kind.name
                )));
                None
            }
        }
    }
}
