//! What a template says before it is rendered: which variables it needs, where, and for what.

use super::guard::{Guard, Purpose};
use super::mistakes::Mistake;
use super::names::bare;
use super::wanted::{Wanted, as_binary, compared_with_nothing, start_of, truth_of};
use super::{environment, hostvars, lookups};
use minijinja::machinery::ast::{self, BinOpKind, CallArg, CallType, Expr, Spanned, Stmt};
use std::collections::HashSet;
use std::ops::Range;

/// A use of a free variable, by byte range.
pub(super) struct Use {
    pub(super) name: String,
    pub(super) members: Vec<String>,
    pub(super) range: Range<usize>,
    /// The whole chain of members.
    pub(super) chain: Range<usize>,
    pub(super) guarded: bool,
}

/// What a template names.
#[derive(Default)]
pub(super) struct Survey {
    pub(super) uses: Vec<Use>,
    pub(super) mistakes: Vec<Mistake>,
    /// What is looked up on the controller.
    pub(super) lookups: Vec<lookups::Found>,
    /// Every variable, locals too, in the order in which it is compiled, and what is asked of it.
    pub(super) order: Vec<(String, Option<Guard>)>,
    /// Filters and tests: the range that errors in them have, and where their value begins.
    pub(super) extents: Vec<(Range<usize>, usize)>,
    locals: Vec<HashSet<String>>,
    /// What the filter `extract` that is walked names of each host.
    extracted: Option<Vec<String>>,
}

fn is_hostvars(expression: &Expr<'_>) -> bool {
    matches!(expression, Expr::Var(var) if var.id == hostvars::NAME)
}

/// The members that an argument of `extract` names: one, or a list of them, outermost first.
fn extracted(argument: &CallArg<'_>) -> Option<Vec<String>> {
    let CallArg::Pos(argument) = argument else { return None };
    let text = |expression: &Expr<'_>| Some(expression.as_const()?.to_string());
    match argument {
        Expr::List(list) => list.items.iter().map(text).collect(),
        one => Some(vec![text(one)?]),
    }
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
                    if let Some(filter) = &stmt.filter_expr {
                        survey.reach(filter, Wanted::new(Purpose::Truth));
                    }
                    survey.statements(&stmt.body);
                });
                self.scoped(&[], |survey| survey.statements(&stmt.else_body));
            }
            Stmt::IfCond(stmt) => {
                self.reach(&stmt.expr, Wanted::new(Purpose::Truth));
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
                self.statements(&stmt.body);
                self.optional(stmt.filter.as_ref());
                self.assign(&stmt.target);
            }
            Stmt::AutoEscape(stmt) => {
                self.expression(&stmt.enabled);
                self.statements(&stmt.body);
            }
            Stmt::FilterBlock(stmt) => {
                self.statements(&stmt.body);
                self.expression(&stmt.filter);
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
        self.scoped(&["caller"], |survey| {
            // Arguments are compiled from the last to the first, each after its default.
            let mut defaults = stmt.defaults.iter().rev();
            for arg in stmt.args.iter().rev() {
                survey.optional(defaults.next());
                survey.assign(arg);
            }
            survey.statements(&stmt.body);
        });
    }

    fn optional(&mut self, expression: Option<&Expr<'_>>) {
        if let Some(expression) = expression {
            self.expression(expression);
        }
    }

    fn expression(&mut self, expression: &Expr<'_>) {
        self.reach(expression, Wanted::new(Purpose::Value));
    }

    /// Walks an expression in the order in which it is compiled.
    fn reach(&mut self, expression: &Expr<'_>, mut wanted: Wanted) {
        match expression {
            Expr::Var(var) => self.variable(var, wanted),
            Expr::GetAttr(attr) => {
                wanted.members.push(attr.name.to_owned());
                self.reach(&attr.expr, wanted.within(expression));
            }
            Expr::GetItem(item) => {
                match item.subscript_expr.as_const() {
                    Some(key) => wanted.members.push(key.to_string()),
                    None if is_hostvars(&item.expr) => wanted.members.push(hostvars::ANY.into()),
                    None => wanted.members.clear(),
                }
                self.reach(&item.expr, wanted.within(expression));
                self.expression(&item.subscript_expr);
            }
            Expr::Const(_) => {}
            Expr::Slice(slice) => {
                self.expression(&slice.expr);
                self.optional(slice.start.as_ref());
                self.optional(slice.stop.as_ref());
                self.optional(slice.step.as_ref());
            }
            Expr::UnaryOp(op) => {
                let not = matches!(op.op, ast::UnaryOpKind::Not);
                self.reach(
                    &op.expr,
                    Wanted::new(if not { Purpose::Truth } else { Purpose::Value }),
                );
            }
            Expr::BinOp(op) => {
                let side = match op.op {
                    BinOpKind::ScAnd | BinOpKind::ScOr => truth_of(&wanted),
                    kind => compared_with_nothing(kind, &op.left, &op.right),
                };
                if matches!(op.op, BinOpKind::Rem) {
                    self.filled_text(&op.left);
                }
                let both = side == Purpose::Truth;
                self.reach(&op.left, Wanted::new(side));
                self.reach(&op.right, Wanted::new(if both { side } else { Purpose::Value }));
            }
            Expr::Compare(compare) => {
                let side = match compare.ops.as_slice() {
                    [op] => compared_with_nothing(as_binary(op.op), &compare.expr, &op.expr),
                    _ => Purpose::Value,
                };
                self.reach(&compare.expr, Wanted::new(side));
                compare.ops.iter().for_each(|op| self.expression(&op.expr));
            }
            Expr::IfExpr(choice) => {
                self.reach(&choice.test_expr, Wanted::new(Purpose::Truth));
                self.reach(&choice.true_expr, Wanted::new(truth_of(&wanted)));
                if let Some(other) = &choice.false_expr {
                    self.reach(other, Wanted::new(truth_of(&wanted)));
                }
            }
            Expr::Filter(filter) => self.filter(filter, wanted.purpose),
            Expr::Test(test) => self.test(test),
            Expr::Call(call) => self.call(call),
            Expr::List(list) => list.items.iter().for_each(|item| self.expression(item)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.expression(item)),
            Expr::Map(map) => {
                for (key, value) in map.keys.iter().zip(&map.values) {
                    self.expression(key);
                    self.expression(value);
                }
            }
        }
    }

    fn variable(&mut self, var: &Spanned<ast::Var<'_>>, wanted: Wanted) {
        if self.is_local(var.id) || environment::is_global(var.id) {
            self.order.push((var.id.to_owned(), None));
            return;
        }
        let mut wanted = wanted;
        if var.id == hostvars::NAME && wanted.members.is_empty() {
            // What is named by the filter's next argument; members stand innermost last.
            let names = self.extracted.iter().rev().flatten().cloned();
            wanted.members = names.collect();
            if !wanted.members.is_empty() {
                wanted.members.push(hostvars::ANY.into());
            }
        }
        let Wanted { purpose, lenient, steps, .. } = wanted;
        let guard = Some(Guard { purpose, lenient, steps }).filter(|guard| !guard.is_plain());
        self.order.push((var.id.to_owned(), guard));
        self.uses.push(Use {
            name: var.id.to_owned(),
            members: wanted.members.into_iter().rev().collect(),
            range: range(var.span()),
            chain: wanted.chain.unwrap_or_else(|| range(var.span())),
            guarded: lenient,
        });
    }

    fn filter(&mut self, filter: &Spanned<ast::Filter<'_>>, purpose: Purpose) {
        if let Some(value) = &filter.expr {
            self.extents.push((range(filter.span()), start_of(value)));
            let wanted = match (bare(filter.name), purpose) {
                ("default" | "d", Purpose::Existence) => Wanted::or_nothing(Purpose::Value),
                ("default" | "d", purpose) => Wanted::or_nothing(purpose),
                ("length" | "count", Purpose::Emptiness) => Wanted::new(Purpose::Emptiness),
                _ => Wanted::new(Purpose::Value),
            };
            self.reach(value, wanted);
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
        let key = match (bare(filter.name), named(0).as_deref().map(bare)) {
            ("extract", _) => Some(1),
            ("map", Some("extract")) => Some(2),
            _ => None,
        };
        self.extracted = key.and_then(|at| extracted(filter.args.get(at)?));
        self.arguments(&filter.args);
        self.extracted = None;
    }

    fn test(&mut self, test: &Spanned<ast::Test<'_>>) {
        self.extents.push((range(test.span()), start_of(&test.expr)));
        self.reach(
            &test.expr,
            match bare(test.name) {
                "defined" | "undefined" => Wanted::or_nothing(Purpose::Existence),
                _ => Wanted::new(Purpose::Value),
            },
        );
        self.known_test(test.name, &range(test.span()));
        self.pattern(test.name, &test.args);
        self.arguments(&test.args);
    }

    fn call(&mut self, call: &Spanned<ast::Call<'_>>) {
        match call.identify_call() {
            CallType::Function(name) if self.is_local(name) => {}
            CallType::Function("super") => {}
            CallType::Function(name) if lookups::FUNCTIONS.contains(&name) => {
                self.lookup(call, name);
            }
            CallType::Function(name) => self.known_function(name, range(call.expr.span())),
            CallType::Method(value, name) => {
                self.expression(value);
                self.known_method(name, range(call.expr.span()));
            }
            CallType::Block(_) => {}
            CallType::Object(value) => self.expression(value),
        }
        self.arguments(&call.args);
    }

    /// Arguments by position are compiled before those by name.
    fn arguments(&mut self, args: &[CallArg<'_>]) {
        for arg in args {
            if let CallArg::Pos(value) | CallArg::PosSplat(value) = arg {
                self.expression(value);
            }
        }
        for arg in args {
            if let CallArg::Kwarg(_, value) | CallArg::KwargSplat(value) = arg {
                self.expression(value);
            }
        }
    }
}
