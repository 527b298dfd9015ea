//! A task once it is typed: what the loop runs. Expressions and parameters are still as written;
//! everything else about it was checked when it was loaded.

use crate::text::Span;
use crate::value::{Key, Node};
use serde::{Deserialize, Serialize};

/// One entry of a task list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// `role/file:name`, repeats numbered; an item is added while the loop runs.
    pub id: String,
    /// The role it is written in.
    pub role: String,
    /// As written, perhaps with templates.
    pub name: Node,
    /// Where the task's resource is named.
    pub span: Span,
    /// What it does.
    pub body: Body,
    /// The keywords around it.
    pub keywords: Keywords,
}

/// What a task does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// Declares a resource.
    Resource {
        /// The kind's name.
        kind: String,
        /// Its parameters, a mapping.
        params: Node,
    },
    /// Sets variables from here on.
    SetFact(Node),
    /// Expressions that must hold.
    Assert {
        /// All of them.
        that: Vec<Node>,
        /// Said if one does not.
        fail_msg: Option<Node>,
    },
    /// Fails with a message.
    Fail(Option<Node>),
    /// Shows a message.
    Debug(Node),
    /// Runs the notified handlers now.
    FlushHandlers,
    /// Ends the host's run here, successfully.
    EndHost,
    /// Runs another role's tasks here.
    IncludeRole {
        /// The role.
        role: String,
        /// The file under its `tasks/`.
        file: String,
        /// Keywords are inherited by every task of it (`import_role`).
        import: bool,
        /// What an include puts around every task of it (`apply`).
        apply: Box<Keywords>,
    },
    /// Runs another file of the same role.
    IncludeTasks {
        /// The file under `tasks/`, perhaps a template.
        file: Node,
        /// Keywords are inherited by every task of it (`import_tasks`).
        import: bool,
        /// What an include puts around every task of it (`apply`).
        apply: Box<Keywords>,
    },
    /// Tasks together.
    Block {
        /// In order.
        block: Vec<Task>,
        /// If one of them failed.
        rescue: Vec<Task>,
        /// Afterwards, whatever happened.
        always: Vec<Task>,
    },
}

/// A task's keywords. Expressions are as written.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Keywords {
    /// All must hold; inherited ones come first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<Node>,
    /// A list, or an expression that gives one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loop_over: Option<Node>,
    /// Lists in the list are gone through too, and one thing alone is a list of it
    /// (`with_items`).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub loop_flat: bool,
    /// How the loop is run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loop_control: Option<LoopControl>,
    /// The variable that gets the result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub register: Option<String>,
    /// Handlers' names or topics.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notify: Vec<Node>,
    /// Topics that a handler listens to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub listen: Vec<String>,
    /// For `--tags` and `--skip-tags`; inherited ones included.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Variables for this task and what it includes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub vars: Vec<(Key, Node)>,
    /// Environment of its processes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<Node>,
    /// How often.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_once: Option<RunOnce>,
    /// The memory key of `run_once: ever`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub once_id: Option<String>,
    /// Whether the result counts as changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changed_when: Vec<Node>,
    /// It only observes (`check_mode: false`): it is run in a dry run too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub observes: bool,
    /// The user as whom its command runs; root if `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub become_user: Option<Node>,
    /// Whether the result counts as failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed_when: Vec<Node>,
    /// Go on after a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore_errors: Option<Node>,
    /// Tried again until this holds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub until: Vec<Node>,
    /// How often it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<Node>,
    /// Seconds between tries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<Node>,
    /// Seconds that one try may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Node>,
    /// The controller does it (`delegate_to: localhost`), so that what it needs never reaches
    /// the host.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub delegated: bool,
    /// The host that does it instead; of the inventory, or `localhost`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delegate_to: Option<Node>,
    /// What it sets, it sets on the delegate.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub delegate_facts: bool,
    /// Nothing of it is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_log: Option<Node>,
}

impl Keywords {
    /// Whether another does the task: what only its parameters name, the host is not sent.
    #[must_use]
    pub fn is_done_elsewhere(&self) -> bool {
        self.delegated || self.delegate_to.is_some()
    }
}

/// How a loop is run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LoopControl {
    /// The item's variable; `item` if `None`.
    pub loop_var: Option<String>,
    /// The index's variable.
    pub index_var: Option<String>,
    /// What an item is called in output.
    pub label: Option<Node>,
    /// Seconds between items.
    pub pause: Option<Node>,
}

impl LoopControl {
    /// The name of the item's variable.
    #[must_use]
    pub fn variable(&self) -> &str {
        self.loop_var.as_deref().unwrap_or("item")
    }
}

/// The scope of `run_once`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunOnce {
    /// Once per run over the whole rollout; every host gets the result.
    Run,
    /// Once per host and run.
    Host,
    /// Once in the host's life.
    Ever,
    /// Again when the hash of the rendered task changes.
    UntilChanged,
}

/// How many tasks a list holds, blocks counted by what they hold.
pub(super) fn count(tasks: &[Task]) -> usize {
    tasks
        .iter()
        .map(|task| match &task.body {
            Body::Block { block, always, .. } => count(block) + count(always),
            _ => 1,
        })
        .sum()
}
