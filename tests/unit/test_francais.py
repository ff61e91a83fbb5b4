"""Moments and numbers, as French readers write them."""

from datetime import UTC, datetime

import pytest

from services._runtime.francais import heure, jour, moment, siret


@pytest.mark.parametrize(
    ("instant", "ecrit"),
    [
        (datetime(2026, 12, 31, 23, 5, tzinfo=UTC), "1er janvier 2027 à 0 h 05"),
        (datetime(2027, 3, 3, 8, 5, tzinfo=UTC), "3 mars 2027 à 9 h 05"),
        (datetime(2027, 8, 15, 12, 30, tzinfo=UTC), "15 août 2027 à 14 h 30"),
    ],
)
def test_a_moment_is_that_of_paris_whatever_the_season(instant: datetime, ecrit: str) -> None:
    assert moment(instant).replace("\u00a0", " ") == ecrit
    assert moment(instant) == f"{jour(instant)} à {heure(instant)}"


def test_no_line_ends_inside_a_date_a_time_or_a_siret() -> None:
    instant = datetime(2027, 3, 3, 8, 5, tzinfo=UTC)

    assert jour(instant) == "3\u00a0mars\u00a02027"
    assert heure(instant) == "9\u00a0h\u00a005"
    assert siret("21770999700019") == "217\u00a0709\u00a0997\u00a000019"
