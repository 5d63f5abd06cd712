"""The demo's guests. Nobody is real: family names mean "example" or "invented" in their language.

E-mails end in example.com. Phones come from the ranges that regulators keep for drama and fiction
(USA 555-01xx, Germany, Sweden, the United Kingdom); whose country keeps none has none, or one
of those.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Guest:
    """Somebody who books."""

    name: str
    email: str
    phone: str | None
    country_code: str | None


@dataclass(frozen=True)
class Language:
    """Names as (written, in Latin letters), and where their phones come from."""

    first: tuple[tuple[str, str], ...]
    last: tuple[tuple[str, str], ...]
    phones: str = ""
    family_first: bool = False
    joined: bool = False
    """Written without a space."""


def _same(*names: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, name) for name in names)


LANGUAGES = (
    Language(
        _same("Alice", "Benjamin", "Charlotte", "Daniel", "Emily", "Frederick", "Grace", "Harry"),
        _same("Sampleton", "Placeholder", "Fictionby", "Exampleson", "Madeupworth", "Nobody"),
        "GB",
    ),
    Language(
        _same("Ava", "Liam", "Mia", "Noah", "Zoe", "Mason", "Ruby", "Wyatt"),
        _same("Examplewood", "Testerman", "Storybook", "Imaginary", "Samplefield"),
        "US",
    ),
    Language(
        (("Jürgen", "Juergen"), ("Käthe", "Kaethe"), *_same("Max", "Lena", "Otto", "Greta")),
        _same("Beispiel", "Mustermann", "Erfunden", "Musterfrau", "Niemand"),
        "DE",
    ),
    Language(
        (("Åsa", "Asa"), ("Björn", "Bjorn"), *_same("Elin", "Nils", "Karin")),
        (("Påhitt", "Pahitt"), *_same("Exempelsson", "Modellgren")),
        "SE",
    ),
    Language(
        (("Amélie", "Amelie"), ("Théo", "Theo"), ("Zoé", "Zoe"), *_same("Luc", "Manon")),
        (("Modèle", "Modele"), *_same("Exemple", "Fictif", "Untel")),
        "US",
    ),
    Language(
        (("José", "Jose"), ("Lucía", "Lucia"), *_same("Carmen", "Diego", "Pablo")),
        _same("Ejemplo", "Fulano", "Inventado"),
        "US",
    ),
    Language(_same("Giulia", "Marco", "Chiara", "Luca"), _same("Esempio", "Finzione", "Tizio")),
    Language(
        (("Łukasz", "Lukasz"), ("Małgorzata", "Malgorzata"), *_same("Ewa", "Piotr")),
        (("Przykład", "Przyklad"), ("Zmyślony", "Zmyslony"), *_same("Wzorowy")),
    ),
    Language(
        (("Анна", "Anna"), ("Дмитрий", "Dmitri"), ("Ольга", "Olga"), ("Иван", "Ivan")),
        (("Примерова", "Primerova"), ("Образцов", "Obraztsov"), ("Выдумкин", "Vydumkin")),
        "US",
    ),
    Language(
        (("Ελένη", "Eleni"), ("Νίκος", "Nikos"), ("Μαρία", "Maria")),
        (("Παραδείγματος", "Paradeigmatos"), ("Φανταστικός", "Fantastikos")),
    ),
    Language(
        (("สมชาย", "somchai"), ("มะลิ", "mali"), ("กานดา", "kanda"), ("ณัฐ", "nat")),
        (("ตัวอย่าง", "tuayang"), ("สมมติ", "sommut"), ("จินตนาการ", "jintanakan")),
        "US",
    ),
    Language(
        (("太郎", "taro"), ("花子", "hanako"), ("さくら", "sakura"), ("健", "ken")),
        (("見本", "mihon"), ("例田", "reita"), ("架空", "kaku")),
        "US",
        family_first=True,
    ),
    Language(
        (("伟", "wei"), ("芳", "fang"), ("小明", "xiaoming"), ("丽", "li")),
        (("范例", "fanli"), ("示", "shi"), ("虚构", "xugou")),
        family_first=True,
        joined=True,
    ),
    Language(
        (("길동", "gildong"), ("예시", "yesi"), ("민서", "minseo")),
        (("홍", "hong"), ("견본", "gyeonbon"), ("가상", "gasang")),
        family_first=True,
        joined=True,
    ),
    Language(
        (("ليلى", "layla"), ("عمر", "omar"), ("نور", "nour")),
        (("المثال", "almithal"), ("الخيالي", "alkhayali")),
        "US",
    ),
    Language(
        (("मीरा", "mira"), ("अर्जुन", "arjun"), ("तारा", "tara"), ("बिबेक", "bibek")),
        (("उदाहरण", "udaharan"), ("काल्पनिक", "kalpanik"), ("नमुना", "namuna")),
    ),
    Language(
        (("Nguyên", "nguyen"), ("Thảo", "thao"), ("Đức", "duc")),
        (("Ví Dụ", "vidu"), ("Tưởng Tượng", "tuongtuong")),
        family_first=True,
    ),
    Language(
        (("Ayşe", "ayse"), ("Çağlar", "caglar"), ("Işık", "isik")),
        (("Örnek", "ornek"), ("Hayali", "hayali")),
        "DE",
    ),
)
US_AREAS = (202, 212, 303, 312, 404, 415, 512, 617, 702, 808)


def guests(random: Random) -> Iterator[Guest]:
    """Guests without end, each with an address and a phone of their own."""
    phones = {"US": _us(), "DE": _de(), "SE": _se(), "GB": _gb()}
    addresses: dict[str, int] = {}
    while True:
        language = random.choice(LANGUAGES)
        first, last = random.choice(language.first), random.choice(language.last)
        written = (last[0], first[0]) if language.family_first else (first[0], last[0])
        address = f"{first[1]}.{last[1]}".lower().replace(" ", "-")
        addresses[address] = number = addresses.get(address, 0) + 1
        email = f"{address}{number if number > 1 else ''}@example.com"
        has_phone = language.phones and random.random() < 0.92
        code, phone = next(phones[language.phones], (None, None)) if has_phone else (None, None)
        yield Guest(("" if language.joined else " ").join(written), email, phone, code)


Phone = tuple[str | None, str | None]


def _us() -> Iterator[Phone]:
    for number in range(100):
        for area in US_AREAS:
            yield "+1", f"({area}) 555-01{number:02d}"


def _de() -> Iterator[Phone]:
    yield from (("+49", f"030 23125{number:03d}") for number in range(1000))


def _se() -> Iterator[Phone]:
    yield from (("+46", f"070-174 0{number:03d}") for number in range(605, 700))


def _gb() -> Iterator[Phone]:
    yield from (("+44", f"07700 900{number:03d}") for number in range(1000))
