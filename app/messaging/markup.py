"""E-mail bodies: a few marks in plain text become HTML, and plain text again.

Blank lines part paragraphs · `# Heading` · `- item` · `**bold**` · `[text](https://…)`; a link
that stands alone is a button. Everything is escaped; values were guarded before (`sandbox`), so
that nothing a guest typed is markup.
"""

from __future__ import annotations

import html
import re

from app.messaging.sandbox import unguarded

_LINK = re.compile(r"\[([^\]\n]+)\]\(([^)\s]+)\)")
_BOLD = re.compile(r"\*\*([^*\n]+)\*\*")
_SAFE = re.compile(r"(https?://|mailto:|tel:)[^\s\"'<>]+", re.IGNORECASE)
_GAP = re.compile(r"\n\s*\n")


def to_html(source: str) -> str:
    """The body as HTML: headings, paragraphs, lists, links."""
    blocks = [block.strip() for block in _GAP.split(source.strip())]
    return "\n".join(_block(block) for block in blocks if block)


def to_text(source: str) -> str:
    """The body for who reads plain text: links as `text: address`."""
    text = _LINK.sub(_plain_link, source.strip())
    text = _BOLD.sub(r"\1", text)
    text = re.sub(r"^# +", "", text, flags=re.MULTILINE)
    text = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
    return unguarded(re.sub(r"\n{3,}", "\n\n", text))


def _block(block: str) -> str:
    if block.startswith("# "):
        head, _, rest = block.partition("\n")
        return f"<h2>{_inline(head[2:])}</h2>" + (f"\n{_block(rest)}" if rest.strip() else "")
    lines = block.split("\n")
    items = [line for line in lines if line.lstrip().startswith("- ")]
    if items and len(items) == len(lines):
        inside = "".join(f"<li>{_inline(line.lstrip()[2:])}</li>" for line in items)
        return f"<ul>{inside}</ul>"
    alone = _LINK.fullmatch(block)
    if alone and (address := _address(alone[2])):
        return f'<p><a class="button" href="{address}">{_escaped(alone[1])}</a></p>'
    return f"<p>{_inline(block)}</p>"


def _inline(text: str) -> str:
    out, last = [], 0
    for match in _LINK.finditer(text):
        out.append(_bold(text[last : match.start()]))
        address = _address(match[2])
        words = _escaped(match[1])
        out.append(f'<a href="{address}">{words}</a>' if address else words)
        last = match.end()
    out.append(_bold(text[last:]))
    return "".join(out)


def _bold(text: str) -> str:
    out, last = [], 0
    for match in _BOLD.finditer(text):
        out += [_escaped(text[last : match.start()]), f"<strong>{_escaped(match[1])}</strong>"]
        last = match.end()
    return "".join([*out, _escaped(text[last:])])


def _address(text: str) -> str | None:
    """The address of a link, escaped; None for what is none that may be followed."""
    plain = unguarded(text)
    return html.escape(plain) if _SAFE.fullmatch(plain) else None


def _escaped(text: str) -> str:
    return html.escape(unguarded(text)).replace("\n", "<br>")


def _plain_link(match: re.Match[str]) -> str:
    words, address = match[1], match[2]
    return address if unguarded(words) == unguarded(address) else f"{words}: {address}"
