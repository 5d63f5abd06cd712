"""The page of a stand-in for a platform: its reservations, and what its guests and staff do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from aiohttp import web

STYLE = """:root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}
main{max-width:70rem;margin:1.5rem auto;padding:0 1rem}
form.new{display:flex;flex-wrap:wrap;gap:.75rem;align-items:end;margin:0 0 1.5rem}
label{display:grid;gap:.2rem;font-size:.85rem}input,select,button{font:inherit;padding:.35rem .6rem}
.list{overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{padding:.35rem .75rem .35rem 0;text-align:left;border-bottom:1px solid #8884;
white-space:nowrap}
td form{display:inline}[role=alert]{font-weight:600}"""
HEADS = ("Number", "When", "Guests", "Name", "Table", "Hub's reference", "State")


@dataclass(frozen=True)
class Field:
    """Something to fill in."""

    name: str
    label: str
    type: str = "text"
    value: str = ""
    choices: Sequence[str] = ()


@dataclass(frozen=True)
class Row:
    """A reservation: what is shown of it under HEADS, and what can be done with it."""

    id: str
    cells: Sequence[str]
    acts: Sequence[str]


@dataclass(frozen=True)
class Desk:
    """`book` and `act` raise an exception whose words are shown when they refuse."""

    title: str
    about: str
    fields: Callable[[], Sequence[Field]]
    rows: Callable[[], Sequence[Row]]
    book: Callable[[dict[str, str]], None]
    act: Callable[[str, str], None]
    told: Callable[[], None]

    def routes(self) -> list[web.RouteDef]:
        """The addresses of the page."""
        return [
            web.get("/", self.show),
            web.post("/desk/new", self.new),
            web.post("/desk/act", self.do),
            web.get("/style.css", self.style),
        ]

    async def show(self, request: web.Request) -> web.Response:
        return self._page()

    async def style(self, request: web.Request) -> web.Response:
        return web.Response(text=STYLE, content_type="text/css")

    async def new(self, request: web.Request) -> web.Response:
        """A guest books here."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        return self._after(lambda: self.book(form), form)

    async def do(self, request: web.Request) -> web.Response:
        """The restaurant does something with a reservation here."""
        form = await request.post()
        return self._after(lambda: self.act(str(form.get("id")), str(form.get("act"))), {})

    def _after(self, change: Callable[[], None], form: dict[str, str]) -> web.Response:
        try:
            change()
        except Exception as error:
            return self._page(str(error), form)
        self.told()
        raise web.HTTPSeeOther("/")

    def _page(self, fault: str = "", said: dict[str, str] | None = None) -> web.Response:
        fields = "".join(_field(each, said or {}) for each in self.fields())
        heads = "".join(f"<th>{escape(each)}</th>" for each in (*HEADS, "What happens"))
        rows = "".join(_row(each) for each in self.rows())
        alert = f'<p role="alert">{escape(fault)}</p>' if fault else ""
        text = (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<title>{escape(self.title)}</title><link rel="stylesheet" href="/style.css"></head>'
            f"<body><main><h1>{escape(self.title)}</h1><p>{escape(self.about)}</p>{alert}"
            f'<form class="new" method="post" action="/desk/new">{fields}'
            "<button>A guest books here</button></form>"
            f'<div class="list"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
            "</div></main></body></html>"
        )
        return web.Response(text=text, content_type="text/html", status=409 if fault else 200)


def _field(each: Field, said: dict[str, str]) -> str:
    name, value = escape(each.name), escape(said.get(each.name, each.value))
    if each.choices:
        options = "".join(
            f"<option{' selected' if one == value else ''}>{escape(one)}</option>"
            for one in each.choices
        )
        control = f'<select name="{name}">{options}</select>'
    else:
        control = f'<input name="{name}" type="{escape(each.type)}" value="{value}">'
    return f"<label>{escape(each.label)}{control}</label>"


def _row(each: Row) -> str:
    cells = "".join(f"<td>{escape(cell)}</td>" for cell in each.cells)
    acts = "".join(
        f'<form method="post" action="/desk/act"><input type="hidden" name="id" '
        f'value="{escape(each.id)}"><button name="act" value="{escape(act)}">{escape(act)}</button>'
        "</form> "
        for act in each.acts
    )
    return f"<tr>{cells}<td>{acts}</td></tr>"
