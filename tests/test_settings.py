"""What holds when nothing is set: no test of this suite sets these, and tests/environment.py forgets the shell's."""

from django.conf import settings


def test_codat_is_asked_at_its_own_address() -> None:
    assert settings.CODAT_API_URL == "https://api.codat.io"


def test_all_workers_together_call_codat_at_most_800_times_a_minute() -> None:
    assert settings.CODAT_CALLS_PER_MINUTE == 800
