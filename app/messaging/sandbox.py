"""The words of templates, which people of one website write: what they may hold, and filling in.

A template may name variables, choose with `if`, and go over a list once. There is nothing else:
no attributes, calls, sums or nested loops, so that it can neither reach what it was not given nor
take long. Jinja's sandbox stands behind that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

LONGEST = 10_000
"""Characters of a template."""
MOST_OUTPUT = 60_000
"""Characters of what comes of it."""
DEEPEST = 12
"""Things within things: a choice in a choice is four deep."""
_NODES = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const),
    *(nodes.If, nodes.CondExpr, nodes.For, nodes.Filter, nodes.Test),
    *(nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not),
)
_PLAIN_TESTS = ("defined", "none", "odd", "even")
MARK = 0xE000
"""Start of the private-use characters that stand for markup in values: see `guarded`."""
MARKUP = "*[]()#-\n\\"
_GUARD = {ord(char): MARK + ord(char) for char in MARKUP}
_NO_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ue000-\uf8ff]")


class Unusable(Exception):
    """A template that cannot be used. The message is for who wrote it; `name` the variable."""

    def __init__(self, message: str, name: str | None = None) -> None:
        super().__init__(message)
        self.name = name


class _Words(ImmutableSandboxedEnvironment):
    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return False

    def is_safe_callable(self, obj: Any) -> bool:
        return False


def _join(value: Any, between: str = ", ") -> str:
    """Of lists alone: joining texts again and again would grow without end."""
    return str(between).join(map(str, value)) if isinstance(value, list) else str(value)


def _default(value: Any, other: Any = "") -> Any:
    return value or other


_FILTERS: dict[str, Callable[..., Any]] = {
    "capitalize": lambda value: str(value).capitalize(),
    "default": _default,
    "join": _join,
    "length": lambda value: len(value) if isinstance(value, str | list) else 0,
    "lower": lambda value: str(value).lower(),
    "trim": lambda value: str(value).strip(),
    "upper": lambda value: str(value).upper(),
}


def guarded(value: Any) -> Any:
    """A value whose characters mean no markup: a guest called `[x](y)` makes no link."""
    return str(value).translate(_GUARD)


def unguarded(text: str) -> str:
    """Text with the guarded characters as they were."""
    return "".join(chr(ord(c) - MARK) if MARK <= ord(c) < MARK + 128 else c for c in text)


def _environment(finalize: Callable[[Any], Any]) -> _Words:
    made = _Words(
        undefined=StrictUndefined,
        autoescape=False,  # what is made of it escapes: see `markup`
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=finalize,
        cache_size=0,
    )
    made.globals.clear()
    made.filters = dict(_FILTERS)
    made.tests = {name: made.tests[name] for name in _PLAIN_TESTS}
    return made


_GUARDING, _PLAIN = _environment(guarded), _environment(str)


@dataclass(frozen=True)
class Used:
    """What a template names."""

    names: frozenset[str]


@lru_cache(maxsize=2048)
def inspect(source: str) -> Used:
    """The variables that a template names. Raises Unusable for what it must not hold."""
    if len(source) > LONGEST:
        raise Unusable(f"This is longer than {LONGEST:,} characters.")
    if _NO_TEXT.search(source):
        raise Unusable("There is a character in it that cannot be shown: type it anew.")
    tree = _parsed(source)
    for node in _all(tree):
        _check(node)
    loops = list(tree.find_all(nodes.For))
    for loop in loops:
        _check_loop(loop)
    own = {loop.target.name for loop in loops if isinstance(loop.target, nodes.Name)}
    names = {name.name for name in tree.find_all(nodes.Name) if name.ctx == "load"}
    return Used(frozenset(names - own))


def _parsed(source: str) -> nodes.Template:
    try:
        return _PLAIN.parse(source)
    except TemplateSyntaxError as error:
        raise Unusable(f"Line {error.lineno}: {_said(error)}") from None
    except (RecursionError, ValueError):
        raise Unusable("This cannot be read: write it more simply.") from None


def fill(source: str, values: Mapping[str, Any], *, guard: bool) -> str:
    """The template with its values. `guard`: these must be no markup.

    Raises Unusable, also for a variable that has no value here.
    """
    inspect(source)
    try:
        pieces = _compiled(source, guard).generate(**{k: _clean(v) for k, v in values.items()})
        return "".join(_limited(pieces))
    except TemplateError as error:
        raise Unusable(_said(error)) from None
    except (TypeError, ValueError):
        raise Unusable("Two things are compared that cannot be compared.") from None


@lru_cache(maxsize=512)
def _compiled(source: str, guard: bool) -> Template:
    return (_GUARDING if guard else _PLAIN).from_string(source)


def _limited(pieces: Iterator[str]) -> Iterator[str]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > MOST_OUTPUT:
            raise Unusable("What comes of it is too long.")
        yield piece


def _clean(value: Any) -> Any:
    """Texts without control characters, and without those that stand for markup."""
    if isinstance(value, str):
        return _NO_TEXT.sub("", value)
    if isinstance(value, list):
        return [_clean(each) for each in value]
    return value


def _all(node: nodes.Node, depth: int = 0) -> Iterator[nodes.Node]:
    if depth > DEEPEST:
        raise Unusable(f"Line {node.lineno}: too many things within each other.")
    yield node
    for child in node.iter_child_nodes():
        yield from _all(child, depth + 1)


def _check(node: nodes.Node) -> None:
    if not isinstance(node, _NODES):
        what = type(node).__name__
        raise Unusable(f"Line {node.lineno}: this cannot be used here ({what.lower()}).")
    if isinstance(node, nodes.Filter):
        known: Collection[str] = _FILTERS
        if node.name not in known:
            raise Unusable(f"Line {node.lineno}: there is no “{node.name}”.")
        if node.kwargs or node.dyn_args or node.dyn_kwargs:
            raise Unusable(f"Line {node.lineno}: write “{node.name}” more simply.")
    if isinstance(node, nodes.Test) and node.name not in _PLAIN_TESTS:
        raise Unusable(f"Line {node.lineno}: there is no test “{node.name}”.")


def _check_loop(loop: nodes.For) -> None:
    simple = isinstance(loop.target, nodes.Name) and isinstance(loop.iter, nodes.Name)
    nested = any(True for child in loop.body for _ in _loops_in(child))
    if not simple or loop.recursive or nested:
        raise Unusable(f"Line {loop.lineno}: a loop goes over one list, and holds no other loop.")


def _loops_in(node: nodes.Node) -> Iterator[nodes.Node]:
    return (each for each in _all(node) if isinstance(each, nodes.For))


def _said(error: TemplateError) -> str:
    text = (error.message or "This cannot be read.").rstrip(".")
    return f"{text[0].upper()}{text[1:]}."
