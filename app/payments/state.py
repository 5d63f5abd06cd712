"""Where a payment may go from where it is. What came late or twice never takes anything back."""

from __future__ import annotations

from datetime import datetime

from app.payments.models import Payment, PaymentKind, PaymentState

S = PaymentState
OPEN = (S.REQUESTED, S.CREATED, S.PENDING)
"""Nothing is decided."""

_DEPOSIT: dict[PaymentState, frozenset[PaymentState]] = {
    S.REQUESTED: frozenset({S.CREATED, S.PENDING, S.COMPLETED, S.DECLINED, S.FAILED, S.EXPIRED}),
    S.CREATED: frozenset({S.PENDING, S.COMPLETED, S.DECLINED, S.FAILED, S.EXPIRED}),
    S.PENDING: frozenset({S.COMPLETED, S.DECLINED, S.FAILED}),
    # Money that came after all is money that came.
    S.DECLINED: frozenset({S.COMPLETED}),
    S.FAILED: frozenset({S.COMPLETED}),
    S.EXPIRED: frozenset({S.PENDING, S.COMPLETED}),
    S.COMPLETED: frozenset({S.REVERSED}),
    S.REVERSED: frozenset(),
}
_REFUND: dict[PaymentState, frozenset[PaymentState]] = {
    **dict.fromkeys(S, frozenset[PaymentState]()),
    S.REQUESTED: frozenset({S.PENDING, S.COMPLETED, S.FAILED}),
    S.PENDING: frozenset({S.COMPLETED, S.FAILED}),
    S.FAILED: frozenset({S.COMPLETED}),
}
MOVES = {PaymentKind.DEPOSIT: _DEPOSIT, PaymentKind.REFUND: _REFUND}


def can_become(payment: Payment, state: PaymentState) -> bool:
    """Whether the payment may go there; not where it is already."""
    return state in MOVES[PaymentKind(payment.kind)][S(payment.state)]


def advance(
    payment: Payment, state: PaymentState, now: datetime, problem: str | None = None
) -> bool:
    """Bring a locked payment there. Returns whether it moved; what may not be is left alone."""
    if not can_become(payment, state):
        return False
    payment.state, payment.problem, payment.updated_at = state.value, problem, now
    if state is S.COMPLETED:
        payment.completed_at = now
    return True
