//! A kind of resource, its type erased: what the engine types tasks with.

use super::parse_error::ParseError;
use super::schema::Parameters;
use super::{Nature, Planned, Resource, Source, check};
use crate::host::{Action, View};
use crate::text::Diagnostic;
use crate::value::{Map, Node, Origin, Value};
use std::sync::OnceLock;

/// A declared resource.
pub trait Declared: std::fmt::Debug {
    /// Looks at the host, and tells what is still to do.
    ///
    /// # Errors
    /// If the host cannot be read, or no action leads to what is declared.
    fn look(&self, view: &dyn View) -> Result<Planned, Diagnostic>;
}

impl<R: Resource> Declared for R {
    fn look(&self, view: &dyn View) -> Result<Planned, Diagnostic> {
        let state = self.observe(view).map_err(|error| error.diagnostic())?;
        self.plan(&state)
    }
}

/// A kind of resource: its names, its parameters, and how a task's parameters become one.
#[derive(Debug)]
pub struct Kind {
    /// Its name in a task.
    pub name: &'static str,
    /// Further names, `ansible.builtin.NAME` not among them.
    pub aliases: &'static [&'static str],
    /// The parameter that a task may give as plain text.
    pub free_form: Option<&'static str>,
    /// A task that can be run, in YAML.
    pub example: &'static str,
    /// What a task of it is, where no parameter decides.
    pub nature: Nature,
    /// The parameter that names what it is about.
    pub target: Option<&'static str>,
    /// What that is: kinds that look after the same things share it.
    pub family: &'static str,
    /// The members of its result.
    pub result: &'static [&'static str],
    /// Its target is a file that it writes whole.
    pub writes_whole: bool,
    /// What it brings cannot be told from its target.
    pub brings_anything: bool,
    /// Where it writes besides.
    pub writes_to: &'static [&'static str],
    /// The parameters that turn an act off once it has succeeded.
    pub guards: &'static [&'static str],
    /// Which of the role's files `src` names.
    pub source: Option<Source>,
    /// The controller can do it for a host.
    pub delegable: bool,
    on_command_line: &'static [&'static str],
    /// Whether parameters without templates are the specification as they are written.
    pub(super) literal: bool,
    nature_of: fn(&Value) -> Nature,
    /// The JSON schema of its parameters.
    pub schema: fn() -> schemars::Schema,
    parse: fn(serde_json::Value) -> Result<Box<dyn Declared>, ParseError>,
    parameters: OnceLock<Parameters>,
}

impl Kind {
    pub(super) const fn of<R: Resource + 'static>() -> Self {
        Self {
            name: R::NAME,
            aliases: R::ALIASES,
            free_form: R::FREE_FORM,
            example: R::EXAMPLE,
            nature: R::NATURE,
            target: R::TARGET,
            family: R::FAMILY,
            result: R::RESULT,
            writes_whole: R::WRITES_WHOLE,
            brings_anything: R::BRINGS_ANYTHING,
            writes_to: R::WRITES_TO,
            guards: R::GUARDS,
            source: R::SOURCE,
            delegable: R::DELEGABLE,
            on_command_line: R::ON_COMMAND_LINE,
            literal: R::LITERAL,
            nature_of: R::nature,
            schema: schema::<R>,
            parse: parse::<R>,
            parameters: OnceLock::new(),
        }
    }

    /// Its parameters, as the schema has them.
    pub fn parameters(&self) -> &Parameters {
        self.parameters.get_or_init(|| Parameters::read((self.schema)().to_value()))
    }

    /// Whether it has a parameter of this name or alias, the engine's own among them.
    #[must_use]
    pub fn takes(&self, name: &str) -> bool {
        self.parameters().get(name).is_some()
    }

    /// What a task with these parameters is, as far as they are rendered.
    #[must_use]
    pub fn nature_of(&self, given: &Value) -> Nature {
        (self.nature_of)(given)
    }

    /// What these parameters name as what the task is about.
    #[must_use]
    pub fn target_of<'v>(&self, given: &'v Value) -> Option<&'v Value> {
        let parameter = self.parameters().get(self.target?)?;
        std::iter::once(&parameter.name).chain(&parameter.aliases).find_map(|name| given.get(name))
    }

    /// What is not known any more where a task of it is done whose parameters are not known in
    /// full, as a host's `unsettle` takes it. One whose target has no name yet may change
    /// anything.
    #[must_use]
    pub fn touches_of(&self, given: &Value, target: Option<&str>) -> Vec<String> {
        let nameless =
            self.nature_of(given) == Nature::Change && self.target.is_some() && target.is_none();
        if self.brings_anything || nameless {
            return vec!["/".to_owned()];
        }
        let own = target.map(|name| match self.family {
            super::USERS | super::GROUPS => format!("{} {name}", self.family),
            _ => name.to_owned(),
        });
        let besides = self.writes_to.iter().map(|&path| path.to_owned());
        own.into_iter().chain(besides).collect()
    }

    /// A result of which nothing is known yet.
    #[must_use]
    pub fn unknown_result(&self, origin: &Origin) -> Map {
        let unknown = || Value::Unknown(origin.clone());
        self.result.iter().map(|name| ((*name).to_owned(), unknown())).collect()
    }

    /// A resource from rendered parameters without secrets.
    ///
    /// # Errors
    /// The first parameter that is unknown, missing or of the wrong type, or a combination that
    /// makes no sense.
    pub fn parse(&self, parameters: serde_json::Value) -> Result<Box<dyn Declared>, ParseError> {
        // Specifications that share parameters let unknown ones through.
        if let Some(unknown) = ParseError::first_unknown(self, &parameters) {
            return Err(unknown);
        }
        let written = parameters.clone();
        (self.parse)(parameters).map_err(|error| {
            error.explained(self, &written).completed(self, |name| written.get(name).is_some())
        })
    }

    /// A resource from rendered parameters. If one of them is secret, so is what it writes.
    ///
    /// # Errors
    /// As [`Kind::parse`]; also a secret in a process's arguments, which every user can read.
    pub fn declare(&self, parameters: &Value) -> Result<Box<dyn Declared>, ParseError> {
        let is_secret = |name: &&&str| {
            let aliases = self.parameters().get(name).into_iter().flat_map(|one| &one.aliases);
            let mut names = std::iter::once(**name).chain(aliases.map(|one| &**one));
            names.any(|name| parameters.get(name).is_some_and(Value::has_secret))
        };
        if let Some(name) = self.on_command_line.iter().chain(&["validate"]).find(is_secret) {
            return Err(ParseError::secret_argument(name, self.takes("stdin")));
        }
        let declared = self.parse(parameters.to_json_exposed())?;
        if parameters.has_secret() { Ok(Box::new(Tainted(declared))) } else { Ok(declared) }
    }

    /// Everything wrong with parameters as they are written, as far as it can be told before
    /// their templates are rendered.
    #[must_use]
    pub fn check(&self, parameters: &Node) -> Vec<Diagnostic> {
        check::parameters(self, parameters)
    }

    /// Checks the type of one parameter as it is written; parts with templates are left out.
    ///
    /// # Errors
    /// What is wrong with it, or that there is no such parameter.
    pub fn check_literal(&self, parameter: &str, node: &Node) -> Result<(), Diagnostic> {
        check::literal(self, parameter, node)
    }
}

fn schema<R: Resource>() -> schemars::Schema {
    let settings = schemars::generate::SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<R>()
}

fn parse<R: Resource + 'static>(
    parameters: serde_json::Value,
) -> Result<Box<dyn Declared>, ParseError> {
    let resource: R = serde_path_to_error::deserialize(parameters)?;
    resource.validate()?;
    Ok(Box::new(resource))
}

/// A resource with a secret among its parameters.
#[derive(Debug)]
struct Tainted(Box<dyn Declared>);

impl Declared for Tainted {
    fn look(&self, view: &dyn View) -> Result<Planned, Diagnostic> {
        let mut planned = self.0.look(view)?;
        for step in &mut planned.steps {
            if let Action::WriteFile { content, .. } = &mut step.action {
                content.secret = true;
            }
        }
        Ok(planned)
    }
}
