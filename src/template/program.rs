//! Compiled templates, kept for the life of the process.

use super::depth;
use super::fault;
use super::guard;
use super::place::Place;
use super::readable::{Ending, Readable};
use super::survey::Survey;
use crate::text::Diagnostic;
use minijinja::Error;
use minijinja::machinery::ast::{BinOpKind, Expr, Stmt, UnaryOpKind};
use minijinja::machinery::{CodeGenerator, Instructions, parse, parse_expr};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

/// How a text is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Form {
    /// Text with `{{ … }}` in it; a single expression keeps its type.
    Text,
    /// A file: always text.
    File,
    /// An expression without braces.
    Expression,
}

/// What running a program leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaves {
    /// Its one expression's value.
    Value,
    /// The same, to be written into a file.
    Written,
    /// What it emitted.
    Text,
}

/// A compiled template or expression.
pub(super) struct Program {
    /// The text that byte ranges point into.
    pub(super) source: &'static str,
    pub(super) code: Instructions<'static>,
    pub(super) blocks: BTreeMap<&'static str, Instructions<'static>>,
    pub(super) leaves: Leaves,
    /// What the text that comes out ends with.
    pub(super) ending: Option<Ending>,
    /// Lines of the file before the source.
    pub(super) skipped: u32,
    /// What it names.
    pub(super) survey: Survey,
}

/// A condition, taken apart at `and`, `or` and `not`, so that a part which is known can decide.
pub(super) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Leaf(Box<Program>),
}

type Cache = RwLock<HashMap<(Form, &'static str), Arc<Program>>>;

/// Instructions borrow from the text they were made of. Texts are those that roles and
/// inventories hold, a bounded number: each is kept once, as long as the process lives.
static CACHE: LazyLock<Cache> = LazyLock::new(Cache::default);

type Conditions = RwLock<HashMap<&'static str, Arc<Condition>>>;

/// As [`CACHE`].
static CONDITIONS: LazyLock<Conditions> = LazyLock::new(Conditions::default);

/// The compiled form of a text.
pub(super) fn compile(form: Form, text: &str, place: Place) -> Result<Arc<Program>, Diagnostic> {
    let known = CACHE.read().unwrap_or_else(PoisonError::into_inner).get(&(form, text)).cloned();
    if let Some(program) = known {
        return Ok(program);
    }
    let readable = Readable::of(form, text, place)?;
    check(form, &readable, place)?;
    let key: &'static str = Box::leak(text.to_owned().into_boxed_str());
    let source = match &readable.text {
        Cow::Borrowed(body) if body.len() == key.len() => key,
        body => Box::leak(body.to_string().into_boxed_str()),
    };
    let place = place.after(readable.skipped);
    let program =
        generate(form, source, &readable).map_err(|e| fault::syntax(&e, source, place))?;
    let program = Arc::new(program);
    let mut cache = CACHE.write().unwrap_or_else(PoisonError::into_inner);
    Ok(cache.entry((form, key)).or_insert(program).clone())
}

/// The compiled form of a condition.
pub(super) fn condition(text: &str, place: Place) -> Result<Arc<Condition>, Diagnostic> {
    let known = CONDITIONS.read().unwrap_or_else(PoisonError::into_inner).get(text).cloned();
    if let Some(condition) = known {
        return Ok(condition);
    }
    check(Form::Expression, &Readable::of(Form::Expression, text, place)?, place)?;
    let source: &'static str = Box::leak(text.to_owned().into_boxed_str());
    let expression = parse_expr(source).map_err(|error| fault::syntax(&error, text, place))?;
    let condition = Arc::new(part(source, &expression));
    let mut cache = CONDITIONS.write().unwrap_or_else(PoisonError::into_inner);
    Ok(cache.entry(source).or_insert(condition).clone())
}

fn part(source: &'static str, expression: &Expr<'static>) -> Condition {
    match expression {
        Expr::UnaryOp(op) if matches!(op.op, UnaryOpKind::Not) => {
            Condition::Not(Box::new(part(source, &op.expr)))
        }
        Expr::BinOp(op) if matches!(op.op, BinOpKind::ScAnd) => {
            Condition::All(vec![part(source, &op.left), part(source, &op.right)])
        }
        Expr::BinOp(op) if matches!(op.op, BinOpKind::ScOr) => {
            Condition::Any(vec![part(source, &op.left), part(source, &op.right)])
        }
        other => Condition::Leaf(Box::new(of_expression(source, other))),
    }
}

fn of_expression(source: &'static str, expression: &Expr<'static>) -> Program {
    let mut generator = CodeGenerator::new("", source);
    generator.compile_expr(expression);
    finish(generator, source, Survey::of_expression(expression), Leaves::Value)
}

fn finish(
    generator: CodeGenerator<'static>,
    source: &'static str,
    survey: Survey,
    leaves: Leaves,
) -> Program {
    let (mut code, blocks) = generator.finish();
    guard::apply(&mut code, &survey.order);
    Program { source, code, blocks, leaves, ending: None, skipped: 0, survey }
}

/// Refuses what cannot be parsed or can never work, before anything is kept: the first such thing.
pub(super) fn check(form: Form, text: &Readable<'_>, place: Place) -> Result<(), Diagnostic> {
    let survey = survey(form, text, place)?;
    let place = place.after(text.skipped);
    match survey.mistakes.first() {
        Some(mistake) => Err(mistake.diagnostic(&text.text, place)),
        None => Ok(()),
    }
}

/// What a text names, and everything in it that can never work.
pub(super) fn survey_all(
    form: Form,
    text: &Readable<'_>,
    place: Place,
) -> (Survey, Vec<Diagnostic>) {
    match survey(form, text, place) {
        Ok(survey) => {
            let place = place.after(text.skipped);
            let mistakes = survey.mistakes.iter();
            let mistakes = mistakes.map(|mistake| mistake.diagnostic(&text.text, place)).collect();
            (survey, mistakes)
        }
        Err(error) => (Survey::default(), vec![error]),
    }
}

fn survey(form: Form, readable: &Readable<'_>, place: Place) -> Result<Survey, Diagnostic> {
    depth::check(form, readable, place)?;
    let text = &*readable.text;
    let syntax = |error: Error| fault::syntax(&error, text, place.after(readable.skipped));
    Ok(match form {
        Form::Expression => Survey::of_expression(&parse_expr(text).map_err(syntax)?),
        Form::Text | Form::File => {
            Survey::of_template(&parse(text, "", readable.syntax.clone()).map_err(syntax)?)
        }
    })
}

fn generate(form: Form, source: &'static str, readable: &Readable<'_>) -> Result<Program, Error> {
    if form == Form::Expression {
        return Ok(of_expression(source, &parse_expr(source)?));
    }
    let template = parse(source, "", readable.syntax.clone())?;
    let single = single(&template);
    let mut generator = CodeGenerator::new("", source);
    match single {
        Some(expression) => generator.compile_expr(expression),
        None => generator.compile_stmt(&template),
    }
    let leaves = match (single, form) {
        (None, _) => Leaves::Text,
        (Some(_), Form::File) => Leaves::Written,
        (Some(_), _) => Leaves::Value,
    };
    let program = finish(generator, source, Survey::of_template(&template), leaves);
    Ok(Program { ending: Some(readable.ending), skipped: readable.skipped, ..program })
}

/// The expression of a text that is exactly one `{{ expression }}`.
fn single<'a, 'source>(template: &'a Stmt<'source>) -> Option<&'a Expr<'source>> {
    let Stmt::Template(template) = template else { return None };
    match template.children.as_slice() {
        [Stmt::EmitExpr(emit)] => Some(&emit.expr),
        _ => None,
    }
}
