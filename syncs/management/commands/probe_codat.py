import argparse
import logging
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from syncs.clients import codat_client
from syncs.codat.reading import one_line
from syncs.management.interrupting import ending_in_order
from syncs.management.sentences import database_in_a_sentence
from syncs.models.merchant import is_company_id
from syncs.operations.probing import CannotProbe, Pace, Plan, Probe, planned
from syncs.rules.probing import (
    Finding,
    Kind,
    Trial,
    key_finding,
    not_tried,
    other_body_finding,
    switch_of_key,
    verified,
)
from syncs.rules.probing_syncs import findings, left_behind
from syncs.rules.windows import Window

# Before any shop platform that Codat reads from: nobody has sales on it that could be written.
OLD_DAY = date(2001, 1, 1)
FIRST_DAY = date(2000, 1, 1)
MOST_DAYS = 31
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
SETTING = "CODAT_IDEMPOTENCY_VERIFIED"
WIDTH = 100


class Command(BaseCommand):
    help = (
        "Finds out, on a test company of yours at Codat, what Codat's documents leave open, and says which "
        "settings to change. Starts syncs in that company's books: it says which, and asks first."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("--company", required=True, metavar="ID", help="the test company's id at Codat")
        add("--from", dest="first", type=_day, metavar="DAY", help=f"first day of the range ({OLD_DAY})")
        add("--to", dest="last", type=_day, metavar="DAY", help="its last day (the same as the first)")
        add("--only", choices=[kind.value for kind in Kind], help="try one of the two POSTs, not both")
        add("--another-body", action="store_true", help="also send another body under a key that is honoured")
        add("--wait", type=_seconds, default=600, metavar="SECONDS", help="at most, for each sync (600)")
        add("--yes", action="store_true", help="do not ask; only where Codat is an imitation on this machine")

    def handle(self, *, company: str, yes: bool, wait: int, **options: Any) -> None:
        if not is_company_id(company):
            raise CommandError(
                "This is not the id of a company. It looks like 8a210b68-6988-11ed-a1eb-0242ac120002."
            )
        if yes and not _is_imitation():
            raise CommandError(
                "--yes is only for an imitation of Codat on this machine. Leave it out and answer."
            )
        window, kinds = _window(options["first"], options["last"]), _kinds(options["only"])
        with _problems_in_sentences():
            client = codat_client()
            plan = planned(company.lower(), client, window, kinds=kinds, another_body=options["another_body"])
            self._say(_intent(plan, wait))
            if not yes:
                _ask(plan)
            self._probe(Probe(plan, client, Pace(wait=wait), self._say))

    def _probe(self, probe: Probe) -> None:
        stopped = ""
        try:
            with ending_in_order(), _without_log_lines():
                probe.run()
        except KeyboardInterrupt:
            stopped = "Interrupted. Nothing more is sent. What was seen until then stands above."
        finally:
            self._say(_report(probe))
        if stopped or probe.stopped:
            raise CommandError(stopped or probe.stopped)

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


@contextmanager
def _problems_in_sentences() -> Iterator[None]:
    try:
        with database_in_a_sentence():
            yield
    except (CannotProbe, ImproperlyConfigured) as reason:
        raise CommandError(str(reason)) from None
    except KeyboardInterrupt:
        raise CommandError("Interrupted.") from None


@contextmanager
def _without_log_lines() -> Iterator[None]:
    """What the client logs of a failed call stands in the report."""
    logger = logging.getLogger("syncs.codat")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _intent(plan: Plan, wait: int) -> str:
    return "\n".join(_intent_lines(plan, wait))


def _intent_lines(plan: Plan, wait: int) -> Iterator[str]:
    since = f"{plan.last_success:%Y-%m-%d %H:%M} UTC" if plan.last_success else "none is listed"
    windows = {
        Kind.HISTORIC: f"sales from {plan.window.start:%Y-%m-%d %H:%M} to {plan.window.finish:%Y-%m-%d %H:%M} UTC",
        Kind.LATEST: f"all sales since its last successful sync ({since}) up to the moment of sending",
    }
    yield f"Company  {one_line(plan.company.name) or '(without a name)'}"
    yield f"         {plan.company.id} at {settings.CODAT_API_URL}"
    yield ""
    yield f"This sends up to {plan.posts} POSTs to Codat. THEY WRITE SALES INTO THIS COMPANY'S BOOKS:"
    for kind in plan.kinds:
        yield f"  {kind:8}  {windows[kind]}"
        yield "            then the same again under the same key: a second sync, if Codat ignores the key"
        if plan.another_body:
            yield "            then an hour less under the same key, if Codat heeds it for the same body"
    yield f"It waits up to {wait} s for each sync to end, and sends nothing while one runs. Ctrl-C ends it at any"
    yield "time and tells what was found. Use a test company whose books nobody needs."
    yield "\n"


def _ask(plan: Plan) -> None:
    """Raises CannotProbe unless a person typed which company it is."""
    name = one_line(plan.company.name)
    try:
        typed = " ".join(input(f"Type the company's {'name or ' if name else ''}id to go on: ").split())
    except (EOFError, KeyboardInterrupt):
        raise CannotProbe("Nothing was sent.") from None
    if typed.lower() != plan.company.id.lower() and (typed != name or not name):
        raise CannotProbe("That is not the company's name or id. Nothing was sent.")


def _report(probe: Probe) -> str:
    return "\n".join(_report_lines(probe.trials))


def _report_lines(trials: list[Trial]) -> Iterator[str]:
    keys = {trial.kind: key_finding(trial) for trial in trials}
    others = [other_body_finding(trial) for trial in trials if keys[trial.kind].answer == "yes"]
    found = [*(keys.get(kind) or not_tried(kind) for kind in Kind), *others, *findings(trials)]
    yield "\nWhat was found\n"
    for finding in found:
        yield from _told(finding)
    yield "What was left at Codat\n"
    sent = sum(trial.sent for trial in trials)
    yield f"    {sent} POST{' was' if sent == 1 else 's were'} sent."
    yield from (f"    {line}" for line in left_behind(trials))
    yield "\nSettings to change\n"
    yield from _settings(verified(keys.values()))
    switches = [switch_of_key({kind: key.answer for kind, key in keys.items()}), *(f.switch for f in found)]
    if told := " ".join(f"--switch {switch}" for switch in switches if switch):
        yield "\nFor a sandbox that does as this account did\n"
        yield f"    SANDBOX_OPTIONS={told}"


def _told(finding: Finding) -> Iterator[str]:
    yield finding.question
    sure = "" if finding.answer == finding.sure else f" ({finding.sure})"
    yield f"    {finding.answer}{sure}"
    for text in filter(None, (finding.seen, finding.means)):
        yield from textwrap.wrap(text, WIDTH, initial_indent="    ", subsequent_indent="    ")
    yield ""


def _settings(proven: bool | None) -> Iterator[str]:
    is_set = bool(settings.CODAT_IDEMPOTENCY_VERIFIED)
    if proven is None:
        yield f"    None: not both POSTs were judged, so leave {SETTING} as it is, {str(is_set).lower()}."
        if is_set:
            yield "    Nothing seen here proves it. Unless Codat has told you so in writing, set it to false."
    else:
        same = "as it is now" if proven is is_set else f"it is {str(is_set).lower()} now"
        yield f"    {SETTING}={str(proven).lower()}    ({same})"
        if proven is not is_set:
            yield "    Put it into .env, or wherever your settings come from, and restart workers and clock."


def _window(first: date | None, last: date | None) -> Window:
    if last and not first:
        raise CommandError("--to needs --from.")
    start = first or OLD_DAY
    end = last or start
    if not FIRST_DAY <= start <= end < datetime.now(UTC).date():
        raise CommandError(
            "The range must be of days that are over, from 2000 on, the first before the last."
        )
    if (end - start).days >= MOST_DAYS:
        raise CommandError(f"A probe needs no more than {MOST_DAYS} days; one is enough.")
    midnights = (datetime.combine(day, time(), UTC) for day in (start, end + timedelta(1)))
    return Window(*midnights)


def _kinds(only: str | None) -> tuple[Kind, ...]:
    return (Kind(only),) if only else tuple(Kind)


def _is_imitation() -> bool:
    return urlsplit(settings.CODAT_API_URL).hostname in LOOPBACK


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day. Write it as 2026-01-31.") from None


def _seconds(text: str) -> int:
    """Codat keeps a key for 90 minutes (Codat docs, idempotency), within which a POST has to be sent again."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 1 to 3600.")
    return int(text)
