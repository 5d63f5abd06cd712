"""The demo's stories make sense at whatever moment it is loaded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from demo.lives import LATE, Act, Story
from demo.load import tell_stories
from demo.trouble import failing_edits, refused_calls

MOMENTS = [
    *(datetime(2026, 11, 20, hour, 7, tzinfo=UTC) for hour in range(0, 24, 3)),
    datetime(2026, 11, 20, 17, 1, tzinfo=UTC),  # a minute after midnight in Bangkok
    datetime(2026, 11, 20, 16, 58, tzinfo=UTC),
    datetime(2027, 3, 28, 1, 30, tzinfo=UTC),  # London skips this hour
    datetime(2028, 2, 29, 12, 0, tzinfo=UTC),
]


@pytest.fixture(params=MOMENTS, ids=str)
def now(request: pytest.FixtureRequest) -> datetime:
    moment: datetime = request.param
    return moment


@pytest.fixture
def stories(now: datetime) -> list[Story]:
    return tell_stories(now)


def test_steps_are_in_order_and_not_in_the_future(stories: list[Story], now: datetime) -> None:
    for story in stories:
        times = [step.at for step in story.steps]
        assert times == sorted(times)
        assert story.steps[0].act is Act.CREATE
        assert times[-1] <= now + timedelta(seconds=10)


def test_there_are_clashes_troubles_and_people_about_now(
    stories: list[Story], now: datetime
) -> None:
    assert sum(step.act is Act.CLASH for story in stories for step in story.steps) == 2
    assert len(refused_calls(stories, now)) == 5
    assert len(failing_edits(stories, now)) == 4
    here = now.astimezone(ZoneInfo("Asia/Bangkok")).date().isoformat()
    today = [
        story
        for story in stories
        if story.brand.id == "hanuman-world" and story.fields["activity_date"] == here
    ]
    assert [story for story in today if story.starts <= now], LATE
    assert [story for story in today if story.starts > now] or now.minute == 58


def test_references_are_unique_and_the_same_day_tells_the_same(
    stories: list[Story], now: datetime
) -> None:
    references = [story.fields["booking_ref"] for story in stories]
    assert len(set(references)) == len(references)
    again = tell_stories(now)
    assert [story.fields for story in again] == [story.fields for story in stories]
