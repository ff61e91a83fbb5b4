"""The clock that leases and due dates are told by."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from services._runtime.clock import Clock


def test_it_tells_mongodbs_time_once_anchored_on_it() -> None:
    clock = Clock()

    clock.anchor(datetime(2030, 1, 1, tzinfo=UTC))

    assert timedelta(0) <= clock.now() - datetime(2030, 1, 1, tzinfo=UTC) < timedelta(seconds=5)


def test_it_goes_on_by_itself_and_never_back(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    before = clock.now()
    lived = time.monotonic() + 90
    monkeypatch.setattr("services._runtime.clock.time.monotonic", lambda: lived)

    assert timedelta(seconds=89) < clock.now() - before < timedelta(seconds=91)


def test_a_jump_of_this_machines_wall_clock_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    before = clock.now()
    monkeypatch.setattr("services._runtime.clock.datetime", None)  # nothing may look at it any more

    assert clock.now() - before < timedelta(seconds=5)


def test_a_correction_under_a_second_is_no_step_back_in_a_timeline() -> None:
    clock = Clock()
    before = clock.now()

    clock.anchor(before - timedelta(seconds=0.5))

    assert clock.now() >= before
