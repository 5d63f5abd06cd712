"""Files as they come: in any order of columns, from any program, broken in any way."""

from __future__ import annotations

from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from flask import Flask

from app.legacy.columns import BOOKINGS, PARTICIPANTS, USERS
from app.legacy.people import Likeness, likeness
from app.tabular.columns import CannotImport
from app.tabular.files import LONGEST, Export, Row

pytestmark = pytest.mark.usefixtures("app")
HEAD = "id,role,name,phone\n"


def rows(folder: Path, data: bytes | str, encoding: str = "utf-8") -> list[Row]:
    (folder / "users.csv").write_bytes(data.encode() if isinstance(data, str) else data)
    with closing(Export(folder, USERS, encoding)) as export:
        return list(export.rows())


def test_programs_write_files_differently(tmp_path: Path) -> None:
    (plain,) = rows(tmp_path, HEAD + "7,user,Asha,98\n")
    for written in (
        "\ufeff" + HEAD + "7,user,Asha,98\n",
        "\ufeffid;role;name;phone\r\n7;user;Asha;98\r\n",
        "Phone,Full Name,userRole,ID,Shoe size\n98,Asha,user,7,42",
        "\n\nid\trole\tname\tphone\n\n7\tuser\t Asha \t98\n\n",
        'id,role,name,phone,email\n"7","user","Asha\x00","98",NULL\n',
    ):
        (found,) = rows(tmp_path, written)
        assert found.values == plain.values
        assert found.digest == plain.digest


def test_a_row_is_found_again(tmp_path: Path) -> None:
    text = HEAD + '1,user,"Asha\nof two lines, ""quoted""",98\n\n2,user,Jörg,\n3,user,Zoë,5'
    found = rows(tmp_path, text)
    assert [(row.id, row.line) for row in found] == [("1", 2), ("2", 5), ("3", 6)]
    assert found[0].values["name"] == 'Asha\nof two lines, "quoted"'
    with closing(Export(tmp_path, USERS, "utf-8")) as export:
        for row in reversed(found):
            assert export.row_at(row.at, row.line) == row
        assert list(export.rows(found[0].end, found[0].end_line)) == found[1:]
        assert found[-1].end == export.size


def test_an_open_quotation_mark_costs_no_more_than_it_must(tmp_path: Path) -> None:
    lines = "".join(f"{n},user,Guest {n},\n" for n in range(2, 20_000))
    found = rows(tmp_path, HEAD + '1,user,"Open,\n' + lines)
    assert found[0].fault
    assert "quotation mark" in found[0].fault
    assert all(row.fault is None for row in found[2:])
    assert found[-1].id == "19999"
    assert found[1].at < LONGEST * 2


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("", "is empty"),
        ("id,role,phone\n", "has no column name or first_name"),
        ("id,role,name,phone,mobile,cell\n", None),
        ("id,role,name,mobile,phone_number\n", "phone is there twice"),
        ("\ufeffid,role,name,phone\n".encode("utf-16"), "UTF-16"),
        (HEAD.encode() + b"1,user,J\xf6rg,\n", "line 2: this is not utf-8"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, data: bytes | str, why: str | None) -> None:
    if why is None:
        assert rows(tmp_path, data) == []
        return
    with pytest.raises(CannotImport, match=why):
        rows(tmp_path, data)


def test_encodings(tmp_path: Path) -> None:
    (row,) = rows(tmp_path, HEAD.encode() + b"1,user,J\xf6rg,\n", "cp1252")
    assert row.values["name"] == "Jörg"
    for encoding in ("utf-16", "nonsense"):
        with pytest.raises(CannotImport, match=encoding):
            rows(tmp_path, HEAD, encoding)


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    for file in (USERS, BOOKINGS, PARTICIPANTS):
        with pytest.raises(CannotImport, match=f"{file.name} cannot be read"):
            Export(tmp_path, file, "utf-8")


def like(name: str, phone: str | None, age: int | None) -> Likeness:
    return likeness(name, phone, None, age, date(2025, 4, 3))


def test_who_is_alike(app: Flask) -> None:
    asha = like("Asha Exämple", "+1", 30)
    assert asha.is_like(like("ASHA  example", "+1", 31))
    assert asha.is_like(like("Asha Example", None, None))
    assert not asha.is_like(like("Asha Example", "+2", 30))
    assert not asha.is_like(like("Asha Example", "+1", 12))
    assert not asha.is_like(like("Bina Example", "+1", 30))
