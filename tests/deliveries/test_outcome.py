"""What an answer means, and what becomes of the delivery."""

import uuid
from dataclasses import replace

import pytest

from app.deliveries.channel import Claim, Meaning, Unsendable, Unsent, Verdict
from app.deliveries.models import State
from app.deliveries.outcome import Attempt, Next, after, judge_http
from app.deliveries.retry import DAY
from app.outbound import Answer, Outgoing
from app.webhooks.channel import WebhookChannel

CLAIM = Claim(
    1, uuid.uuid4(), 1, uuid.uuid4(), "booking.updated", uuid.uuid4(), "website:w", "webhook",
    "lane", "w", None, 1, 1, 0, None, 3 * DAY,
)  # fmt: skip
SENT = Outgoing("https://shop.example.com/hook", {}, b"{}")


def answer(status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, headers or {}, body, 5)


def outcome(verdict: Verdict, **claim: object) -> Next:
    made = replace(CLAIM, **claim)  # type: ignore[arg-type]
    return after(Attempt(made, SENT, None, verdict), rand=lambda: 0.5)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_delivered(status: int) -> None:
    assert judge_http(answer(status)).meaning is Meaning.DELIVERED


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 599])
def test_worth_another_try(status: int) -> None:
    assert judge_http(answer(status)).meaning is Meaning.RETRY


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 415, 422, 451])
def test_refused(status: int) -> None:
    assert judge_http(answer(status)).meaning is Meaning.REFUSED


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 304])
def test_a_redirect_is_a_refusal_that_says_what_to_do(status: int) -> None:
    verdict = judge_http(answer(status, headers={"location": "https://elsewhere.example.com"}))
    assert verdict.meaning is Meaning.REFUSED
    assert "redirect" in verdict.message


def test_gone() -> None:
    assert judge_http(answer(410)).meaning is Meaning.GONE


def judged(answer: Answer, **headers: str) -> Verdict:
    """What the webhook channel makes of an answer to a request with these headers."""
    return WebhookChannel().judge(answer, Outgoing("http://127.0.0.1:9/", headers, b"{}"))


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_signature_is_tried_with_the_other_secret_while_there_are_two(
    status: int,
) -> None:
    assert judged(answer(status)).meaning is Meaning.REFUSED
    two = {"X-Webhook-Signature-Other": "sha256=00"}
    assert judged(answer(status), **two).meaning is Meaning.RETRY
    assert judged(answer(400), **two).meaning is Meaning.REFUSED


@pytest.mark.parametrize(
    ("body", "meaning"),
    [
        (b'{"success": true}', Meaning.DELIVERED),
        (b'{"success": false, "error": "no such booking"}', Meaning.RETRY),
        (b'{"success": 0}', Meaning.DELIVERED),
        (b'{"ok": true}', Meaning.DELIVERED),
        (b"", Meaning.DELIVERED),
        (b"OK", Meaning.DELIVERED),
        (b"[false]", Meaning.DELIVERED),
        (b'{"success": false', Meaning.DELIVERED),
        (b"\xff\xfe\x00", Meaning.DELIVERED),
    ],
)
def test_a_webhook_may_say_failure_in_a_success(body: bytes, meaning: Meaning) -> None:
    assert judged(answer(200, body)).meaning is meaning


def test_no_sentence_repeats_what_the_other_side_said() -> None:
    for status in (200, 302, 400, 410, 500):
        body = b'{"success": false, "error": "guest@example.com"}'
        assert "guest" not in judged(answer(status, body)).message


def test_a_retry_waits_as_planned() -> None:
    assert outcome(Verdict(Meaning.RETRY)) == Next(State.READY, 5.0, 0, "")
    assert outcome(Verdict(Meaning.RETRY), tries=4).delay == 600


def test_a_retry_waits_as_asked() -> None:
    wish = judge_http(answer(503, headers={"retry-after": "77"}))
    assert outcome(wish).delay == 77


def test_out_of_tries() -> None:
    given_up = outcome(Verdict(Meaning.RETRY, "No answer."), tries=9, seconds_left=3600.0)
    assert (given_up.state, given_up.error) == (State.FAILED, "Given up: No answer.")


def test_a_refusal_is_final_and_the_second_one_frees_the_lane() -> None:
    first = outcome(Verdict(Meaning.REFUSED, "no"))
    assert (first.state, first.refusals, first.frees_lane) == (State.FAILED, 1, False)
    second = outcome(Verdict(Meaning.REFUSED, "no"), refusals=1)
    assert (second.state, second.refusals, second.frees_lane) == (State.SKIPPED, 2, True)


@pytest.mark.parametrize("meaning", [Meaning.RETRY, Meaning.REFUSED, Meaning.GONE])
def test_a_repeat_on_demand_gets_one_try(meaning: Meaning) -> None:
    assert outcome(Verdict(meaning), fallback="delivered").state is State.DELIVERED
    assert outcome(Verdict(meaning), fallback="skipped").state is State.SKIPPED


def test_what_waits_for_its_destination_has_not_been_tried() -> None:
    sent = Unsendable(Unsent.WAIT, "The website is switched off.")
    step = after(Attempt(CLAIM, sent, None, Verdict(Meaning.RETRY)))
    assert (step.state, step.counts) == (State.PARKED, False)


def test_what_has_nothing_left_to_say_lets_the_lane_go_on() -> None:
    step = after(Attempt(CLAIM, Unsendable(Unsent.NOTHING, ""), None, Verdict(Meaning.RETRY)))
    assert (step.state, step.frees_lane) == (State.SKIPPED, True)


def test_what_cannot_be_composed_is_tried_again() -> None:
    step = after(Attempt(CLAIM, Unsendable(Unsent.FAULT, ""), None, Verdict(Meaning.RETRY)))
    assert (step.state, step.counts) == (State.READY, True)
