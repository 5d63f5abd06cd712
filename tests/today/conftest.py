"""Today, as the colleague of `ours` sees it at noon."""

from tests.bookings.conftest import desk, house, noon

__all__ = ["desk", "house", "noon"]
