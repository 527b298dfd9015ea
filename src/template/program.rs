//! Compiled templates, kept for the life of the process.

use super::backslash;
use super::fault;
use super::guard;
use super::place::Place;
use super::survey::Survey;
use crate::text::Diagnostic;
use minijinja::Error;
use minijinja::machinery::ast::{BinOpKind, Expr, Stmt, UnaryOpKind};
use minijinja::machinery::{CodeGenerator, Instructions, parse, parse_expr};
use minijinja::syntax::SyntaxConfig;
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

/// A compiled template or expression.
pub(super) struct Program {
    /// The text that byte ranges point into.
    pub(super) source: &'static str,
    pub(super) code: Instructions<'static>,
    pub(super) blocks: BTreeMap<&'static str, Instructions<'static>>,
    /// Whether running it leaves a value; otherwise it emits text.
    pub(super) is_value: bool,
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

/// Ansible's: the newline after a block is dropped, that at the end of a file is kept.
pub(super) static SYNTAX: LazyLock<SyntaxConfig> = LazyLock::new(|| {
    let mut builder = SyntaxConfig::builder();
    builder.trim_blocks(true).keep_trailing_newline(true);
    builder.build().unwrap_or_default()
});

/// The compiled form of a text.
pub(super) fn compile(form: Form, text: &str, place: Place) -> Result<Arc<Program>, Diagnostic> {
    let known = CACHE.read().unwrap_or_else(PoisonError::into_inner).get(&(form, text)).cloned();
    if let Some(program) = known {
        return Ok(program);
    }
    let readable = readable(form, text);
    check(form, &readable, place)?;
    let key: &'static str = Box::leak(text.to_owned().into_boxed_str());
    let source = match readable {
        Cow::Borrowed(_) => key,
        Cow::Owned(source) => Box::leak(source.into_boxed_str()),
    };
    let program = Arc::new(generate(form, source).map_err(|e| fault::syntax(&e, source, place))?);
    let mut cache = CACHE.write().unwrap_or_else(PoisonError::into_inner);
    Ok(cache.entry((form, key)).or_insert(program).clone())
}

/// The text as the parser is to read it.
pub(super) fn readable(form: Form, text: &str) -> Cow<'_, str> {
    if form == Form::Text { backslash::doubled(text) } else { Cow::Borrowed(text) }
}

/// The compiled form of a condition.
pub(super) fn condition(text: &str, place: Place) -> Result<Arc<Condition>, Diagnostic> {
    let known = CONDITIONS.read().unwrap_or_else(PoisonError::into_inner).get(text).cloned();
    if let Some(condition) = known {
        return Ok(condition);
    }
    check(Form::Expression, text, place)?;
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
    finish(generator, source, Survey::of_expression(expression), true)
}

fn finish(
    generator: CodeGenerator<'static>,
    source: &'static str,
    survey: Survey,
    is_value: bool,
) -> Program {
    let (mut code, blocks) = generator.finish();
    guard::apply(&mut code, &survey.order);
    Program { source, code, blocks, is_value, survey }
}

/// Refuses what cannot be parsed or can never work, before anything is kept: the first such thing.
pub(super) fn check(form: Form, text: &str, place: Place) -> Result<Survey, Diagnostic> {
    let survey = survey(form, text, place)?;
    match survey.mistakes.first() {
        Some(mistake) => Err(mistake.diagnostic(text, place)),
        None => Ok(survey),
    }
}

/// What a text names, and everything in it that can never work.
pub(super) fn survey_all(form: Form, text: &str, place: Place) -> (Survey, Vec<Diagnostic>) {
    match survey(form, text, place) {
        Ok(survey) => {
            let mistakes = survey.mistakes.iter();
            let mistakes = mistakes.map(|mistake| mistake.diagnostic(text, place)).collect();
            (survey, mistakes)
        }
        Err(error) => (Survey::default(), vec![error]),
    }
}

fn survey(form: Form, text: &str, place: Place) -> Result<Survey, Diagnostic> {
    let syntax = |error: Error| fault::syntax(&error, text, place);
    Ok(match form {
        Form::Expression => Survey::of_expression(&parse_expr(text).map_err(syntax)?),
        Form::Text | Form::File => {
            Survey::of_template(&parse(text, "", SYNTAX.clone()).map_err(syntax)?)
        }
    })
}

fn generate(form: Form, source: &'static str) -> Result<Program, Error> {
    if form == Form::Expression {
        return Ok(of_expression(source, &parse_expr(source)?));
    }
    let template = parse(source, "", SYNTAX.clone())?;
    let single = if form == Form::Text { single(&template) } else { None };
    let mut generator = CodeGenerator::new("", source);
    match single {
        Some(expression) => generator.compile_expr(expression),
        None => generator.compile_stmt(&template),
    }
    Ok(finish(generator, source, Survey::of_template(&template), single.is_some()))
}

/// The expression of a text that is exactly one `{{ expression }}`.
fn single<'a, 'source>(template: &'a Stmt<'source>) -> Option<&'a Expr<'source>> {
    let Stmt::Template(template) = template else { return None };
    match template.children.as_slice() {
        [Stmt::EmitExpr(emit)] => Some(&emit.expr),
        _ => None,
    }
}
