//! What a template says before it is rendered: the names that it needs, with their places, and
//! what can never work (an unknown filter, an include, a bad regular expression).

use super::{environment, filters};
use crate::text::nearest;
use minijinja::machinery::ast::{self, CallArg, CallType, Expr, Spanned, Stmt};
use std::collections::HashSet;
use std::ops::Range;

/// A variable that a template names and does not set itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The variable.
    pub name: String,
    /// The members that it is asked for, as far as they are written out: `["stdout"]` for
    /// `r.stdout`, `[]` for `r` and `r[item]`.
    pub members: Vec<String>,
    /// The place of this use.
    pub span: crate::text::Span,
    /// Whether this text gets along without the variable: it asks `is defined` or gives a
    /// `default` somewhere.
    pub optional: bool,
}

/// A use of a free variable, by byte range.
pub(super) struct Use {
    pub(super) name: String,
    pub(super) members: Vec<String>,
    pub(super) range: Range<usize>,
    /// The whole chain of members.
    pub(super) chain: Range<usize>,
    pub(super) guarded: bool,
}

/// What can never work, by byte range.
#[derive(Debug)]
pub(super) struct Mistake {
    pub(super) range: Range<usize>,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

/// What a template names.
#[derive(Default)]
pub(super) struct Survey {
    pub(super) uses: Vec<Use>,
    pub(super) mistakes: Vec<Mistake>,
    locals: Vec<HashSet<String>>,
}

/// Byte range of a part of the parsed template.
pub(super) fn range(span: minijinja::machinery::Span) -> Range<usize> {
    span.start_offset as usize..span.end_offset as usize
}

impl Survey {
    /// Surveys a whole template.
    pub(super) fn of_template(template: &Stmt<'_>) -> Self {
        let mut survey = Self { locals: vec![HashSet::new()], ..Self::default() };
        survey.statement(template);
        survey
    }

    /// Surveys an expression.
    pub(super) fn of_expression(expression: &Expr<'_>) -> Self {
        let mut survey = Self { locals: vec![HashSet::new()], ..Self::default() };
        survey.expression(expression);
        survey
    }

    fn is_local(&self, name: &str) -> bool {
        self.locals.iter().any(|scope| scope.contains(name))
    }

    fn assign(&mut self, target: &Expr<'_>) {
        match target {
            Expr::Var(var) => self.declare(var.id),
            Expr::List(list) => list.items.iter().for_each(|item| self.assign(item)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.assign(item)),
            other => self.expression(other),
        }
    }

    fn declare(&mut self, name: &str) {
        if let Some(scope) = self.locals.last_mut() {
            scope.insert(name.to_owned());
        }
    }

    fn scoped(&mut self, names: &[&str], inside: impl FnOnce(&mut Self)) {
        self.locals.push(names.iter().map(|&name| name.to_owned()).collect());
        inside(self);
        self.locals.pop();
    }

    fn statements(&mut self, body: &[Stmt<'_>]) {
        body.iter().for_each(|statement| self.statement(statement));
    }

    fn statement(&mut self, statement: &Stmt<'_>) {
        match statement {
            Stmt::Template(template) => self.statements(&template.children),
            Stmt::EmitExpr(emit) => self.expression(&emit.expr),
            Stmt::EmitRaw(_) | Stmt::Continue(_) | Stmt::Break(_) => {}
            Stmt::ForLoop(stmt) => {
                self.expression(&stmt.iter);
                self.scoped(&["loop"], |survey| {
                    survey.assign(&stmt.target);
                    survey.optional(stmt.filter_expr.as_ref());
                    survey.statements(&stmt.body);
                });
                self.scoped(&[], |survey| survey.statements(&stmt.else_body));
            }
            Stmt::IfCond(stmt) => {
                self.expression(&stmt.expr);
                self.statements(&stmt.true_body);
                self.statements(&stmt.false_body);
            }
            Stmt::WithBlock(stmt) => self.scoped(&[], |survey| {
                for (target, value) in &stmt.assignments {
                    survey.expression(value);
                    survey.assign(target);
                }
                survey.statements(&stmt.body);
            }),
            Stmt::Set(stmt) => {
                self.expression(&stmt.expr);
                self.assign(&stmt.target);
            }
            Stmt::SetBlock(stmt) => {
                self.optional(stmt.filter.as_ref());
                self.statements(&stmt.body);
                self.assign(&stmt.target);
            }
            Stmt::AutoEscape(stmt) => {
                self.expression(&stmt.enabled);
                self.statements(&stmt.body);
            }
            Stmt::FilterBlock(stmt) => {
                self.expression(&stmt.filter);
                self.statements(&stmt.body);
            }
            Stmt::Macro(stmt) => {
                self.declare(stmt.name);
                self.body_of(stmt);
            }
            Stmt::CallBlock(stmt) => {
                self.call(&stmt.call);
                self.body_of(&stmt.macro_decl);
            }
            Stmt::Do(stmt) => self.call(&stmt.call),
            Stmt::Block(stmt) => self.scoped(&["super"], |survey| survey.statements(&stmt.body)),
            Stmt::Include(stmt) => self.refuse_loading("include", range(stmt.span())),
            Stmt::Import(stmt) => self.refuse_loading("import", range(stmt.span())),
            Stmt::FromImport(stmt) => self.refuse_loading("from … import", range(stmt.span())),
            Stmt::Extends(stmt) => self.refuse_loading("extends", range(stmt.span())),
        }
    }

    fn body_of(&mut self, stmt: &Spanned<ast::Macro<'_>>) {
        stmt.defaults.iter().for_each(|value| self.expression(value));
        self.scoped(&["caller"], |survey| {
            stmt.args.iter().for_each(|arg| survey.assign(arg));
            survey.statements(&stmt.body);
        });
    }

    fn refuse_loading(&mut self, word: &str, range: Range<usize>) {
        self.mistake(
            range,
            format!("`{word}` is not supported: a template stands alone"),
            Some("write the shared part as a variable or a macro in this file".to_owned()),
        );
    }

    fn mistake(&mut self, range: Range<usize>, message: String, help: Option<String>) {
        self.mistakes.push(Mistake { range, message, help });
    }

    fn optional(&mut self, expression: Option<&Expr<'_>>) {
        if let Some(expression) = expression {
            self.expression(expression);
        }
    }

    fn expression(&mut self, expression: &Expr<'_>) {
        self.reach(expression, false, &mut Vec::new(), None);
    }

    /// Walks an expression; `members` are those that the surroundings ask of it, innermost last.
    fn reach(
        &mut self,
        expression: &Expr<'_>,
        guarded: bool,
        members: &mut Vec<String>,
        chain: Option<Range<usize>>,
    ) {
        let chain = chain.unwrap_or_else(|| range(expression.span()));
        match expression {
            Expr::Var(var) => {
                if !self.is_local(var.id) && !environment::is_global(var.id) {
                    self.uses.push(Use {
                        name: var.id.to_owned(),
                        members: members.iter().rev().cloned().collect(),
                        range: range(var.span()),
                        chain,
                        guarded,
                    });
                }
            }
            Expr::GetAttr(attr) => {
                members.push(attr.name.to_owned());
                self.reach(&attr.expr, guarded, members, Some(chain));
            }
            Expr::GetItem(item) => {
                match item.subscript_expr.as_const() {
                    Some(key) => members.push(key.to_string()),
                    None => members.clear(),
                }
                self.reach(&item.expr, guarded, members, Some(chain));
                self.expression(&item.subscript_expr);
            }
            Expr::Const(_) => {}
            Expr::Slice(slice) => {
                self.expression(&slice.expr);
                self.optional(slice.start.as_ref());
                self.optional(slice.stop.as_ref());
                self.optional(slice.step.as_ref());
            }
            Expr::UnaryOp(op) => self.expression(&op.expr),
            Expr::BinOp(op) => {
                self.expression(&op.left);
                self.expression(&op.right);
            }
            Expr::Compare(compare) => {
                self.expression(&compare.expr);
                compare.ops.iter().for_each(|op| self.expression(&op.expr));
            }
            Expr::IfExpr(choice) => {
                self.expression(&choice.test_expr);
                self.expression(&choice.true_expr);
                self.optional(choice.false_expr.as_ref());
            }
            Expr::Filter(filter) => self.filter(filter),
            Expr::Test(test) => self.test(test),
            Expr::Call(call) => self.call(call),
            Expr::List(list) => list.items.iter().for_each(|item| self.expression(item)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.expression(item)),
            Expr::Map(map) => {
                map.keys.iter().chain(&map.values).for_each(|part| self.expression(part));
            }
        }
    }

    fn filter(&mut self, filter: &Spanned<ast::Filter<'_>>) {
        if let Some(value) = &filter.expr {
            let guarded = matches!(bare(filter.name), "default" | "d");
            self.reach(value, guarded, &mut Vec::new(), None);
        }
        let place = range(filter.span());
        self.known_filter(filter.name, &place);
        // Filters that apply another filter or test take its name as their first argument.
        let named = |at: usize| match filter.args.get(at) {
            Some(CallArg::Pos(Expr::Const(name))) => name.value.as_str().map(str::to_owned),
            _ => None,
        };
        match bare(filter.name) {
            "map" => named(0).into_iter().for_each(|name| self.known_filter(&name, &place)),
            "select" | "reject" => {
                named(0).into_iter().for_each(|name| self.known_test(&name, &place));
            }
            "selectattr" | "rejectattr" => {
                named(1).into_iter().for_each(|name| self.known_test(&name, &place));
            }
            _ => {}
        }
        self.pattern(filter.name, &filter.args);
        self.arguments(&filter.args);
    }

    fn test(&mut self, test: &Spanned<ast::Test<'_>>) {
        let guarded = matches!(bare(test.name), "defined" | "undefined");
        self.reach(&test.expr, guarded, &mut Vec::new(), None);
        self.known_test(test.name, &range(test.span()));
        self.pattern(test.name, &test.args);
        self.arguments(&test.args);
    }

    fn call(&mut self, call: &Spanned<ast::Call<'_>>) {
        match call.identify_call() {
            CallType::Function(name) if self.is_local(name) => {}
            CallType::Function("super") => {}
            CallType::Function(name) => {
                let range = range(call.expr.span());
                if let Some(why) = environment::refused_function(name) {
                    self.mistake(range, format!("there is no `{name}()`: {why}"), None);
                } else if !environment::is_global(name) {
                    let help = nearest(name, environment::GLOBALS.iter().copied());
                    let help = help.map(|near| format!("did you mean `{near}`?"));
                    self.mistake(range, format!("unknown function `{name}`"), help);
                }
            }
            CallType::Method(value, _) => self.expression(value),
            CallType::Block(_) => {}
            CallType::Object(value) => self.expression(value),
        }
        self.arguments(&call.args);
    }

    fn arguments(&mut self, args: &[CallArg<'_>]) {
        for arg in args {
            match arg {
                CallArg::Pos(value)
                | CallArg::Kwarg(_, value)
                | CallArg::PosSplat(value)
                | CallArg::KwargSplat(value) => self.expression(value),
            }
        }
    }

    fn known_filter(&mut self, name: &str, range: &Range<usize>) {
        if let Some(why) = environment::refused_filter(name) {
            self.mistake(range.clone(), format!("there is no filter `{name}`: {why}"), None);
        } else if !environment::has_filter(name) {
            let help = nearest(name, environment::filter_names());
            let help = help.map(|near| format!("did you mean `{near}`?"));
            self.mistake(range.clone(), format!("unknown filter `{name}`"), help);
        }
    }

    fn known_test(&mut self, name: &str, range: &Range<usize>) {
        if let Some(why) = environment::refused_test(name) {
            self.mistake(range.clone(), format!("there is no test `{name}`: {why}"), None);
        } else if !environment::has_test(name) {
            let help = nearest(name, environment::test_names());
            let help = help.map(|near| format!("did you mean `{near}`?"));
            self.mistake(range.clone(), format!("unknown test `{name}`"), help);
        }
    }

    /// A regular expression that is written out is tried at once.
    fn pattern(&mut self, name: &str, args: &[CallArg<'_>]) {
        let takes = matches!(
            bare(name),
            "regex_replace" | "regex_search" | "regex_findall" | "match" | "search" | "regex"
        );
        let Some(CallArg::Pos(Expr::Const(pattern))) = args.first() else { return };
        if let (true, Some(text)) = (takes, pattern.value.as_str())
            && let Err(error) = filters::regex::compile(text, filters::regex::Flags::default())
        {
            let message = error.detail().unwrap_or("bad regular expression").to_owned();
            self.mistake(range(pattern.span()), message, None);
        }
    }
}

/// The name of a filter or test without Ansible's collection.
pub(super) fn bare(name: &str) -> &str {
    name.strip_prefix("ansible.builtin.").unwrap_or(name)
}
