"""The page Health in figures: each condition over the last day, and what is worth knowing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.alerts import queries, rates
from app.alerts.conditions import (
    CALLS,
    MONEY_SINCE,
    PAYMENTS,
    SMS,
    THRESHOLDS,
    TITLES,
    UNREACHABLE_IN,
    Condition,
)
from app.alerts.models import Alert
from app.alerts.rates import DAY, Rate
from app.deliveries.status import backlog
from app.messaging.models import Medium

Websites = Collection[str] | None
HOURS = 24
HOUR = timedelta(hours=1)
NOTHING = "Nothing to count"


@dataclass(frozen=True)
class Measure:
    """One line: what it is, how it stands, and how it was in each of the last hours."""

    title: str
    value: str
    hours: Sequence[float] = ()
    unit: str = ""
    """Of the hours, spoken: `percent failed`."""
    threshold: str = ""
    alerts: Sequence[Alert] = ()
    """Of a condition: those that fire."""


@dataclass(frozen=True)
class Overview:
    """Everything the page shows of figures."""

    conditions: Sequence[Measure]
    figures: Sequence[Measure]
    recent: Sequence[Alert]

    @property
    def firing(self) -> int:
        return sum(len(each.alerts) for each in self.conditions)


def overview(
    session: Session, websites: Websites, now: datetime, failing: int, late: int
) -> Overview:
    """`failing` destinations and `late` jobs are read by the page, which lists them."""
    alerts = queries.since(session, websites, now - DAY)
    found = {
        Condition.PAYMENT_FAILURES: _payments(session, websites, now),
        Condition.MONEY: _money(session, websites, alerts, now),
        Condition.SMS_DELIVERY: _sms(session, websites, now),
        Condition.API_ERRORS: _calls(session, now),
        Condition.DATABASE: _database(session, now),
        Condition.DESTINATION: (str(failing), _hourly_alerts(alerts, Condition.DESTINATION, now)),
        Condition.PLATFORM: _firing(alerts, Condition.PLATFORM, now),
        Condition.RESERVATION: _firing(alerts, Condition.RESERVATION, now),
        Condition.SCHEDULE: (str(late), _hourly_alerts(alerts, Condition.SCHEDULE, now)),
    }
    conditions = [
        Measure(
            title=TITLES[condition],
            value=value,
            hours=hours,
            unit=_UNITS[condition],
            threshold=THRESHOLDS[condition],
            alerts=[a for a in alerts if a.condition == condition and a.resolved_at is None],
        )
        for condition, (value, hours) in found.items()
    ]
    ended = [alert for alert in alerts if alert.resolved_at is not None]
    return Overview(conditions, _figures(session, websites, now), ended)


_UNITS = {
    Condition.PAYMENT_FAILURES: "percent failed",
    Condition.MONEY: "alerts",
    Condition.SMS_DELIVERY: "percent that did not arrive",
    Condition.API_ERRORS: "percent failed",
    Condition.DATABASE: "failures",
    Condition.DESTINATION: "failing",
    Condition.PLATFORM: "failing",
    Condition.RESERVATION: "venues",
    Condition.SCHEDULE: "late",
}
Line = tuple[str, Sequence[float]]


def _payments(session: Session, websites: Websites, now: datetime) -> Line:
    last = rates.payments(session, websites, now, PAYMENTS.since)[None]
    return _failed(last), _bad(rates.payments(session, websites, now, DAY, by="hour"), now)


def _money(session: Session, websites: Websites, alerts: Sequence[Alert], now: datetime) -> Line:
    found = rates.money_troubles(session, websites, now - MONEY_SINCE)
    return str(sum(count for *_, count in found)), _hourly_alerts(alerts, Condition.MONEY, now)


def _firing(alerts: Sequence[Alert], which: Condition, now: datetime) -> Line:
    firing = [a for a in alerts if a.condition == which and a.resolved_at is None]
    return str(len(firing)), _hourly_alerts(alerts, which, now)


def _sms(session: Session, websites: Websites, now: datetime) -> Line:
    by_hour = rates.messages(session, websites, now, SMS.since, Medium.SMS, by="hour")
    total = sum(by_hour.values(), Rate())
    return _of(total.good_percent, total.total, "arrived"), _bad(by_hour, now)


def _calls(session: Session, now: datetime) -> Line:
    last = rates.calls(session, now, CALLS.since)[None]
    return _failed(last), _bad(rates.calls(session, now, DAY, by="hour"), now)


def _database(session: Session, now: datetime) -> Line:
    last = rates.unreachable(session, now, UNREACHABLE_IN)[None].bad
    by_hour = rates.unreachable(session, now, DAY, by="hour")
    return str(last), [by_hour.get(hour, Rate()).bad for hour in hours(now)]


def _figures(session: Session, websites: Websites, now: datetime) -> list[Measure]:
    """Those without a threshold."""
    booked = rates.bookings(session, now, DAY, by="hour")
    wishes = sum(booked.values(), Rate())
    made = [booked.get(hour, Rate()).good for hour in hours(now)]
    paid = rates.paid(session, websites, now, DAY)
    mail = rates.messages(session, websites, now, DAY, Medium.EMAIL, by="hour")
    mails = sum(mail.values(), Rate())
    bound, calls = rates.within_ms(session, now, DAY)
    came = rates.visits(session, websites, now)
    oldest = backlog(session).oldest_due or 0
    quick = NOTHING if not calls else f"95 % within {bound:,} ms" if bound else "over 5 s"
    return [
        Measure("Bookings accepted", _of(wishes.good_percent, wishes.total), made, "accepted"),
        Measure("Deposits paid", _of(paid.good_percent, paid.total)),
        Measure("E-mails sent", _of(mails.good_percent, mails.total), _bad(mail, now), _LOST),
        Measure("API response time", quick),
        Measure("No-shows in 7 days", _of(came.bad_percent if came.total else None, came.total)),
        Measure("Oldest message or webhook that is due", f"{oldest:,.0f} s"),
    ]


_LOST = "percent lost"


def hours(now: datetime) -> list[datetime]:
    """The last hours, each by its beginning; the present one is the last."""
    last = now.replace(minute=0, second=0, microsecond=0)
    return [last - HOUR * back for back in reversed(range(HOURS))]


def _bad(by_hour: Mapping[datetime, Rate], now: datetime) -> list[float]:
    return [round(by_hour.get(hour, Rate()).bad_percent, 1) for hour in hours(now)]


def _hourly_alerts(alerts: Sequence[Alert], condition: Condition, now: datetime) -> list[float]:
    mine = [alert for alert in alerts if alert.condition == condition]
    return [
        sum(a.fired_at < hour + HOUR and (a.resolved_at or now) >= hour for a in mine)
        for hour in hours(now)
    ]


def _failed(rate: Rate) -> str:
    return _of(rate.bad_percent if rate.total else None, rate.total, "failed")


def _of(percent: float | None, total: int, word: str = "") -> str:
    return NOTHING if percent is None else f"{percent:.3g} % of {total:,} {word}".rstrip()
