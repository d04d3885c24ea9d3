"""The list by "Switches off in": rows stand in the order of the days that they tell."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from tests.factories import make_failing_merchant

# Tuesday evening in New York, Wednesday in London, the afternoon of Wednesday in Auckland.
NIGHT = datetime(2026, 11, 25, 2, 30, tzinfo=UTC)
ZONES = ("America/New_York", "Europe/London", "Pacific/Auckland", "Pacific/Kiritimati", "")


@pytest.fixture
def around_the_world(moved: time_machine.Traveller, db: None) -> None:
    moved.move_to(NIGHT)
    for left in (3, 1, 2):
        for zone in ZONES:
            make_failing_merchant(
                name=f"{zone} {left}", time_zone=zone, switches_off_on=NIGHT.date() + timedelta(days=left)
            )


def told(client: Client, way: str) -> list[int]:
    html = client.get("/", {"sort": way}).content.decode()
    return [int(number) for number in re.findall(r"(\d+) days? left", html)]


@pytest.mark.usefixtures("around_the_world")
def test_days_left_are_told_in_their_order_wherever_the_merchants_are(as_viewer: Client) -> None:
    numbers = told(as_viewer, "fuse")
    assert len(numbers) == 15
    assert len(set(numbers)) == 4
    assert numbers == sorted(numbers)
    assert told(as_viewer, "-fuse") == sorted(numbers, reverse=True)
