//! What the surroundings of an expression want of it: its value, or less.

use super::guard::Purpose;
use super::names::bare;
use super::survey::range;
use minijinja::machinery::ast::{BinOpKind, CompareOpKind, Expr};
use std::ops::Range;

/// What the surroundings of an expression want of it.
pub(super) struct Wanted {
    pub(super) purpose: Purpose,
    /// Whether it may be undefined.
    pub(super) lenient: bool,
    /// The members asked of it as far as they are written out, innermost last.
    pub(super) members: Vec<String>,
    pub(super) steps: usize,
    /// The whole chain of members.
    pub(super) chain: Option<Range<usize>>,
}

impl Wanted {
    pub(super) fn new(purpose: Purpose) -> Self {
        Self { purpose, lenient: false, members: Vec::new(), steps: 0, chain: None }
    }

    pub(super) fn or_nothing(purpose: Purpose) -> Self {
        Self { lenient: true, ..Self::new(purpose) }
    }

    pub(super) fn within(mut self, expression: &Expr<'_>) -> Self {
        self.steps += 1;
        self.chain = self.chain.or_else(|| Some(range(expression.span())));
        self
    }
}

/// Where an expression begins; a filter's own place begins at its name.
pub(super) fn start_of(expression: &Expr<'_>) -> usize {
    match expression {
        Expr::Filter(filter) => {
            filter.expr.as_ref().map_or(range(filter.span()).start, |value| start_of(value))
        }
        Expr::Test(test) => start_of(&test.expr),
        Expr::GetAttr(attr) => start_of(&attr.expr),
        Expr::GetItem(item) => start_of(&item.expr),
        Expr::Slice(slice) => start_of(&slice.expr),
        Expr::Call(call) => start_of(&call.expr),
        Expr::BinOp(op) => start_of(&op.left),
        Expr::Compare(compare) => start_of(&compare.expr),
        other => range(other.span()).start,
    }
}

/// What is asked of the sides of `and` and `or`, and of the branches of an inline `if`.
pub(super) fn truth_of(wanted: &Wanted) -> Purpose {
    if wanted.purpose == Purpose::Truth { Purpose::Truth } else { Purpose::Value }
}

/// What is asked of the left side of a comparison.
pub(super) fn compared_with_nothing(
    operator: BinOpKind,
    left: &Expr<'_>,
    right: &Expr<'_>,
) -> Purpose {
    use BinOpKind::{Eq, Gt, Gte, Ne};
    let Expr::Const(right) = right else { return Purpose::Value };
    let counted = matches!(left, Expr::Filter(filter)
        if matches!(bare(filter.name), "length" | "count"));
    let asks = match (operator, right.value.as_i64(), right.value.as_str()) {
        (Gt | Ne | Eq, Some(0), _) | (Gte, Some(1), _) => counted,
        (Eq | Ne, _, Some("")) => !counted,
        _ => false,
    };
    if asks { Purpose::Emptiness } else { Purpose::Value }
}

pub(super) fn as_binary(operator: CompareOpKind) -> BinOpKind {
    match operator {
        CompareOpKind::Eq => BinOpKind::Eq,
        CompareOpKind::Ne => BinOpKind::Ne,
        CompareOpKind::Gt => BinOpKind::Gt,
        CompareOpKind::Gte => BinOpKind::Gte,
        CompareOpKind::Lt => BinOpKind::Lt,
        CompareOpKind::Lte => BinOpKind::Lte,
        CompareOpKind::In | CompareOpKind::NotIn => BinOpKind::In,
    }
}
