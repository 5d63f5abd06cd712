"""The page around the body of an e-mail: the website's name above, its address below.

Mail programs read no style sheets, so the styles stand at the elements.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

_PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title}</title></head>
<body style="margin:0;padding:24px 12px;background:#f4f6f8;color:#1d273b;\
font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif">
<div style="max-width:560px;margin:0 auto;padding:24px;background:#ffffff;border-radius:8px">
<p style="margin:0 0 20px;font-size:18px;font-weight:600">{name}</p>
{body}
</div>
<p style="max-width:560px;margin:16px auto 0;font-size:13px;color:#566175">{foot}</p>
</body></html>
"""
_STYLES = {
    "<h2>": '<h2 style="margin:24px 0 8px;font-size:17px">',
    "<p>": '<p style="margin:0 0 16px">',
    "<ul>": '<ul style="margin:0 0 16px;padding-left:20px">',
    '<a class="button" ': '<a style="display:inline-block;padding:10px 18px;border-radius:6px;'
    'background:#1f5fbf;color:#ffffff;text-decoration:none;font-weight:600" ',
}
_MARKS = re.compile("|".join(map(re.escape, _STYLES)))


@dataclass(frozen=True)
class Sender:
    """Who writes, as the guest knows them."""

    name: str
    address: str = ""
    phone: str = ""


def page(title: str, body: str, sender: Sender, language: str) -> str:
    """A whole HTML document around a body of `markup.to_html`."""
    foot = " · ".join(part for part in (sender.name, sender.address, sender.phone) if part)
    return _PAGE.format(
        language=language,
        title=html.escape(title),
        name=html.escape(sender.name),
        body=_MARKS.sub(lambda match: _STYLES[match[0]], body),
        foot=html.escape(foot),
    )


def escaped(text: str) -> str:
    """Text as HTML shows it."""
    return html.escape(text)
