"""Templates of managers reach nothing and take no time; values are never markup."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.messaging import markup
from app.messaging.sandbox import Unusable, fill, inspect

VALUES: dict[str, Any] = {"name": "Amelia", "count": 4, "dishes": ["2 Beef", "1 Nut"], "no": ""}

BAD = [
    "{{ name.__class__ }}",
    "{{ name.upper() }}",
    "{{ name['x'] }}",
    "{{ ''.__class__.__mro__ }}",
    "{{ name|attr('__class__') }}",
    "{{ name|format(1) }}",
    "{{ name|center(1000000000) }}",
    "{{ 'a' * 1000000000 }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ range(1000000000)|list }}",
    "{{ cycler }}{% set x = 1 %}",
    "{% include 'x' %}",
    "{% import 'x' as y %}",
    "{% macro a() %}{{ a() }}{% endmacro %}",
    "{% extends 'x' %}",
    "{% for a in dishes %}{% for b in dishes %}x{% endfor %}{% endfor %}",
    "{% for a in dishes recursive %}{{ loop(a) }}{% endfor %}",
    "{% for a in [1, 2] %}x{% endfor %}",
    "{% for a in dishes %}{{ loop.index }}{% endfor %}",
    "{{ name ~ name }}",
    "{{ dishes|join(between=', ') }}",
    "{{ dishes|join(*dishes) }}",
    "{{ name is sameas name }}",
    "{{ name",
    "{{ name | nothing }}",
    "{% if name %}",
    "\ue02a",
    "x" * 10_001,
    "{{ " + "(" * 3000 + "name" + ")" * 3000 + " }}",
    "{{ " + "not " * 3000 + "name }}",
    "{% if name %}" * 200 + "{% endif %}" * 200,
    "{{ " + "9" * 5000 + " }}",
]


@pytest.mark.parametrize("source", BAD)
def test_refuses(source: str) -> None:
    began = time.process_time()
    with pytest.raises(Unusable):
        fill(source, VALUES, guard=False)  # looks at it first
    assert time.process_time() - began < 2


def test_fills_in_what_managers_need() -> None:
    source = (
        "Hi {{ name }}{% if no %}, {{ no }}{% endif %}: {{ dishes|join(' and ') }}, "
        "{% for dish in dishes %}[{{ dish|upper }}]{% endfor %} "
        "{{ 'many' if count > 3 else count }}{{ no|default('-') }}"
    )
    filled = fill(source, VALUES, guard=False)
    assert filled == "Hi Amelia: 2 Beef and 1 Nut, [2 BEEF][1 NUT] many-"


def test_joining_again_and_again_grows_nothing() -> None:
    bomb = "{{ dishes" + f"|join('{'x' * 500}')" * 8 + " }}"
    assert len(fill(bomb, VALUES, guard=False)) < 1000


def test_a_loop_cannot_fill_the_memory() -> None:
    values = {"dishes": ["x" * 1000] * 1000}
    with pytest.raises(Unusable, match="too long"):
        fill("{% for dish in dishes %}{{ dish }}{% endfor %}", values, guard=False)


def test_names_what_is_used() -> None:
    used = inspect("{{ a }}{% for b in c %}{{ b }}{{ d }}{% endfor %}{% if e == 'x' %}{% endif %}")
    assert used.names == {"a", "c", "d", "e"}


def test_a_variable_without_a_value_is_a_fault() -> None:
    with pytest.raises(Unusable, match="tabel"):
        fill("{{ tabel }}", VALUES, guard=False)


def test_comparing_words_with_numbers_is_a_fault() -> None:
    with pytest.raises(Unusable, match="compared"):
        fill("{% if name > 3 %}x{% endif %}", VALUES, guard=False)


@given(st.text(max_size=80))
def test_a_value_is_never_markup(value: str) -> None:
    body = markup.to_html(fill("Hi {{ value }}!", {"value": value}, guard=True))
    inside = body.removeprefix("<p>").removesuffix("</p>").replace("<br>", "")
    assert "<" not in inside
    assert ">" not in inside


def test_a_guests_link_stays_text() -> None:
    value = "[free](https://evil.example)\n\n# **Big**\n- x <img>"
    filled = fill("Hi {{ value }}", {"value": value}, guard=True)
    html = markup.to_html(filled)
    assert "<a" not in html
    assert "<strong" not in html
    assert "&lt;img&gt;" in html
    assert markup.to_text(filled) == f"Hi {value}"


def test_markup_of_the_template_works() -> None:
    source = "# Hello\n\nHi **{{ name }}**,\nsee [here]({{ link }}) & come.\n\n- a\n- b"
    source += "\n\n[Pay]({{ link }})"
    values = {"name": "A*B", "link": "https://x.test/a_b?c=1&d=(2)"}
    filled = fill(source, values, guard=True)
    address = "https://x.test/a_b?c=1&amp;d=(2)"
    assert markup.to_html(filled).split("\n") == [
        "<h2>Hello</h2>",
        f'<p>Hi <strong>A*B</strong>,<br>see <a href="{address}">here</a> &amp; come.</p>',
        "<ul><li>a</li><li>b</li></ul>",
        f'<p><a class="button" href="{address}">Pay</a></p>',
    ]
    assert "Pay: https://x.test/a_b?c=1&d=(2)" in markup.to_text(filled)


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "//evil", "a b"])
def test_only_web_mail_and_phone_are_linked(address: str) -> None:
    html = markup.to_html(fill("[x]({{ link }})", {"link": address}, guard=True))
    assert "<a" not in html
