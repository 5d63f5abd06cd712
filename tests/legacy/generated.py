"""A made-up export of any size: nobody in it exists. The same seed makes the same rows."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

TREKS = ("Annapurna Base Camp", "Poon Hill", "Everest View", "Nagarkot Sunrise Hike")
STATUSES = ("completed",) * 6 + ("confirmed",) * 3 + ("cancelled", "pending", "no_show")
FIRST = ("Asha", "Bina", "Chandra", "Deepa", "Ekta", "Gopal", "Hari", "Indra", "Jaya", "Kiran")
LAST = ("Example", "Sample", "Testperson", "Placeholder", "Demo", "Fiction")
TODAY = date(2026, 11, 1)
Line = Iterable[object]


def name(number: int) -> str:
    """Somebody's; many share one."""
    return f"{FIRST[number % len(FIRST)]} {LAST[number // 7 % len(LAST)]}"


def write_csv(path: Path, names: str, rows: Iterable[Line]) -> None:
    """`names`: the first line, separated by blanks."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names.split())
        writer.writerows(rows)


def users(count: int) -> Iterator[Line]:
    """One in fifty works there."""
    for n in range(1, count + 1):
        role = "vendor" if n % 50 == 0 else "user"
        made = datetime(2022, 1, 1, 8, tzinfo=UTC) + timedelta(minutes=n)
        yield n, role, name(n), f"guest{n}@example.com", f"+97798{40000000 + n}", made.isoformat()


def bookings(count: int, people: int, seed: int) -> Iterator[Line]:
    """Over five years, some of them to come. One in a hundred names no user."""
    dice = random.Random(seed)
    for n in range(1, count + 1):
        owner = dice.randrange(1, people + 1)
        owner += owner % 50 == 0 and owner < people
        day = TODAY + timedelta(days=dice.randrange(-1500, 200))
        made = datetime(day.year, day.month, day.day, 9, tzinfo=UTC) - timedelta(days=220)
        status = dice.choice(STATUSES) if day < TODAY else dice.choice(("confirmed", "pending"))
        named = "" if n % 100 == 0 else owner
        yield (
            *(n, named, dice.choice(TREKS), day.isoformat(), status, 1 + n % 4),
            *(f"{12000 * (1 + n % 4)}.00", "NPR", "paid", name(owner)),
            *(
                f"guest{owner}@example.com",
                f"98{40000000 + owner}",
                "Vegetarian" if n % 8 == 0 else "",
            ),
            made.isoformat(),
        )


def participants(count: int) -> Iterator[Line]:
    """One to four of each booking, as it says."""
    number = 0
    for n in range(1, count + 1):
        for place in range(1 + n % 4):
            number += 1
            who, age = name(n % 97 + place * 7), 8 + (n * 13 + place * 29) % 60
            diet = "No nuts" if number % 10 == 0 else ""
            phone = f"+97798{40000000 + n % 5000}" if place == 0 else ""
            yield number, n, who, age, "female" if n % 2 else "male", phone, diet


def write(folder: Path, count: int, seed: int = 7) -> None:
    """An export of so many bookings, of a third as many users."""
    people = max(count // 3, 3)
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(folder / "users.csv", "id role name email phone created_at", users(people))
    names = "id user_id trek_name start_date status total_participants total_amount currency"
    names += (
        " payment_status customer_name customer_email customer_phone special_requests created_at"
    )
    write_csv(folder / "bookings.csv", names, bookings(count, people, seed))
    names = "id booking_id name age gender phone special_requirements"
    write_csv(folder / "booking_participants.csv", names, participants(count))
