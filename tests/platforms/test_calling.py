"""What a call to a platform ends in, and that nothing private gets out of it."""

import asyncio
import json
from typing import Any

import pytest

from app.outbound import Answer, Outgoing, Unreachable
from app.platforms.base import PlatformError
from app.platforms.calling import Complaint, Exchange, Line, noting

KEY = "k-secret-77"
URL = f"https://platform.example.com/list/{KEY}/x"


def complaint(said: Any) -> Complaint | None:
    text = said.get("error") if isinstance(said, dict) else None
    return Complaint(str(text)) if text else None


def ask(
    answer: Answer | Unreachable, *, changes: bool = False, seen: list[Exchange] | None = None
) -> Any:
    async def send(outgoing: Outgoing) -> Answer | Unreachable:
        assert outgoing.url == URL
        return answer

    made = send if seen is None else noting(send, seen.append)
    line = Line(made, "some", "Some", complaint, secrets=(KEY,), plain=frozenset({"id", "error"}))
    body = json.dumps({"id": "r-1", "phone": "+34600111222", "key": KEY}).encode()
    return asyncio.run(line.ask(Outgoing(URL, {"apikey": KEY}, body), "list", changes=changes))


def fault(answer: Answer | Unreachable, *, changes: bool = False) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        ask(answer, changes=changes)
    assert KEY not in str(caught.value)
    assert "example.com" not in str(caught.value)
    return caught.value


def said(status: int, body: Any, **headers: str) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, headers, raw, 12)


def test_the_json_of_an_answer() -> None:
    assert ask(said(200, {"a": [1]})) == {"a": [1]}


@pytest.mark.parametrize(
    ("answer", "permanent", "unclear"),
    [
        (Unreachable("timeout", "No answer."), False, True),
        (Unreachable("connect", "Refused.", arrived=False), False, False),
        (Unreachable("address", "No URL.", arrived=False), True, False),
        (said(500, {}), False, True),
        (said(502, b"<html>"), False, True),
        (said(408, {}), False, True),
        (said(429, {}), False, False),
        (said(409, {}), False, False),
        (said(302, b""), True, False),
        (said(401, {}), True, False),
        (said(404, {"error": "no such"}), True, False),
        (said(422, {"error": "too many"}), True, False),
        (said(200, {"error": "full"}), True, False),
        (said(200, b"<html>"), False, True),
        (said(200, b""), False, True),
    ],
)
def test_what_no_success_means(
    answer: Answer | Unreachable, permanent: bool, unclear: bool
) -> None:
    change = fault(answer, changes=True)
    assert (change.permanent, change.unclear) == (permanent, unclear)
    look = fault(answer)
    assert (look.permanent, look.unclear) == (permanent, False)


def test_how_long_it_wants_to_be_left_alone() -> None:
    waiting = {"retry-after": "30"}
    assert fault(said(429, {}, **waiting)).retry_after == 30
    assert fault(said(429, {})).retry_after is None


def test_its_words_are_shown_without_people_and_keys() -> None:
    words = f"No table for ana@example.com (+34 600 111 222) with {KEY} at https://a.example/{KEY}"
    shown = str(fault(said(200, {"error": words})))
    assert "No table for" in shown
    for private in (KEY, "ana", "600", "a.example"):
        assert private not in shown
    assert len(str(fault(said(200, {"error": "x" * 5000})))) < 250


def test_what_is_noted_holds_plain_values_alone() -> None:
    seen: list[Exchange] = []
    rows = [{"id": f"r-{n}", "name": "Ana Demo", "phone": 34600111222} for n in range(30)]
    ask(said(200, {"rows": rows, "echo": KEY}), seen=seen)
    (one,) = seen
    assert (one.name, one.status, one.fault, one.duration_ms) == ("some:list", 200, "", 12)
    assert json.loads(one.request) == {"id": "r-1", "phone": "…", "key": "…"}
    assert '"r-1"' in one.response
    assert "… 10 more" in one.response
    for private in (KEY, "Ana", "34600111222", "example.com"):
        assert private not in one.request + one.response + one.name


def test_no_answer_is_noted_too() -> None:
    seen: list[Exchange] = []
    with pytest.raises(PlatformError):
        ask(Unreachable("timeout", "No answer.", 900), seen=seen)
    assert [(each.fault, each.status, each.duration_ms) for each in seen] == [
        ("timeout", None, 900)
    ]
