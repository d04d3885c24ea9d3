"""What else a probe's trials tell of Codat: ids, how late the list knows, what syncUtc is, and what fell out."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from syncs.codat.errors import CodatError, Refused, Uncertain
from syncs.codat.schemas import SyncStatus, SyncSummary
from syncs.codat.statuses import Outcome, status_of
from syncs.rules.probing import NOT_KNOWN, Finding, Kind, Sure, Trial, all_ended, key_finding, name_of

SAME_MOMENT = timedelta(milliseconds=10)
# By chance, four syncs stand in order once in twelve times; five once in sixty.
ENOUGH_FOR_AN_ORDER = 5
OVERLAPS = "overlap"


def findings(trials: list[Trial]) -> list[Finding]:
    """Of all that a probe can tell besides the key: the most certain first sight of each."""
    judged: list[Callable[[Trial], Finding]] = [_ids, _found_by, _delay, _sync_utc, _order, _length, _window]
    told = [_together([judge(trial) for trial in trials]) for judge in judged if trials]
    return [*told, *_overlaps(trials), *_never_synced(trials)]


def _together(found: list[Finding]) -> Finding:
    known = [finding for finding in found if finding.sure is not Sure.UNKNOWN]
    surest = min(known or found, key=lambda finding: list(Sure).index(finding.sure))
    # Two delays are never quite the same, but one switch stands for both.
    if len({finding.switch or finding.answer for finding in known}) < 2:
        return surest
    seen = " Then: ".join(f"{finding.answer}. {finding.seen}" for finding in known)
    return Finding(surest.question, "not always the same", surest.sure, seen, surest.means)


def _ids(trial: Trial) -> Finding:
    question = "Is the POST's commerceSyncId the list's syncId?"
    means = "The desk keeps both ids, and knows a sync by either."
    named, listed = trial.named, trial.listed_as
    if named and listed:
        same = named == listed
        seen = f"The POST's answer named {named}, " + (
            "and so does the list." if same else f"the list {listed}."
        )
        switch = f"commerce_sync_id={'same' if same else 'differs'}"
        return Finding(question, "yes" if same else "no", Sure.SEEN, seen, means, switch)
    if named and (sighting := next(trial.sightings, None)):
        seen = f"The POST's answer named {named}; the only new sync in the list is {name_of(sighting[1])}."
        return Finding(question, "no", Sure.LIKELY, seen, means, "commerce_sync_id=differs")
    return Finding(question, NOT_KNOWN, Sure.UNKNOWN, "No sync was seen under both of its ids.")


def _found_by(trial: Trial) -> Finding:
    question = "Is a sync found by its commerceSyncId, and by its syncId?"
    named, sightings = trial.named, list(trial.sightings)
    if not named or not sightings:
        return Finding(question, NOT_KNOWN, Sure.UNKNOWN, "No sync was listed that could be asked for.")
    listed = name_of(sightings[-1][1])
    tried = [(word, trial.under[each]) for word, each in _both(named, listed) if each in trial.under]
    if failed := next((answer for _, answer in tried if isinstance(answer, CodatError)), None):
        return Finding(question, NOT_KNOWN, Sure.UNKNOWN, failed.message)
    found = [word for word, answer in tried if _is_it(answer, {named, listed})]
    if named == listed:
        return Finding(question, "yes" if found else "no", Sure.SEEN, "It has one id.", "", "")
    if len(tried) < 2:
        return Finding(question, NOT_KNOWN, Sure.UNKNOWN, "It was not asked for by both ids.")
    seen = f"Asked for by each, it was found by {' and by '.join(found) or 'neither'}."
    switch = f"by_commerce_sync_id={'known' if 'commerceSyncId' in found else 'unknown'}"
    answer = "by either" if len(found) == 2 else f"only by {found[0]}" if found else "by neither"
    return Finding(question, answer, Sure.SEEN, seen, "The desk finds it in the list as well.", switch)


def _both(named: str, listed: str) -> list[tuple[str, str]]:
    return [("commerceSyncId", named), ("syncId", listed)]


def _is_it(answer: SyncStatus | CodatError | None, ids: set[str]) -> bool:
    return isinstance(answer, SyncStatus) and bool(
        ids & {answer.sync_id or "", answer.commerce_sync_id or ""}
    )


def _delay(trial: Trial) -> Finding:
    question = "How late does the list know a new sync?"
    means = "The first look for a lost answer comes after a minute; an empty list never counts as proof."
    if not trial.named or not trial.looks:
        return Finding(question, NOT_KNOWN, Sure.UNKNOWN, "No new sync was looked for in the list.")
    fresh = [(look, look.besides(trial.before.names)) for look in trial.looks]
    there = next((look for look, syncs in fresh if syncs), None)
    if there is None:
        answer = f"later than {_seconds(trial.looks[-1].after)}"
        return Finding(question, answer, Sure.SEEN, "By then the list had not shown it.", means)
    without = [look.after for look in trial.looks if look.after < there.after]
    surely = Sure.SEEN if trial.ours(there) else Sure.LIKELY
    switch = f"list_delay={'30' if there.after > 10 else '1' if without and there.after > 0.5 else 'none'}"
    if not without:
        seen = f"It was there at the first look, {_seconds(there.after)} after the answer."
        return Finding(question, "at once", surely, seen, means, switch)
    answer = f"{without[-1]:.1f} to {_seconds(there.after)}"
    seen = "That long after the answer it was last missing, and first there."
    return Finding(question, answer, surely, seen, means, switch)


def _sync_utc(trial: Trial) -> Finding:
    """Told by Codat's own times alone: our clock may be another."""
    question = "Is syncUtc the start or the end of a sync?"
    sightings = [(look, sync) for look, sync in trial.sightings if sync.sync_utc]
    ended = next((sync.sync_utc for _, sync in sightings if all_ended([sync])), None)
    if ended is None:
        return Finding(question, NOT_KNOWN, Sure.UNKNOWN, "No sync was listed as ended, with a time.")
    listed = [sync.sync_utc for _, sync in sightings if not all_ended([sync]) and sync.sync_utc]
    running = [*_told_at_first(trial), *listed]
    if any(abs(ended - moment) <= SAME_MOMENT for moment in running):
        seen = f"It was {ended:%H:%M:%S} UTC while the sync ran, and the same once it had ended."
        return Finding(
            question, "the start", Sure.SEEN, seen, "This is what pages call “started”.", "sync_utc=start"
        )
    if not running or ended < max(running):
        return Finding(
            question, NOT_KNOWN, Sure.UNKNOWN, "The sync had ended before its time was seen running."
        )
    seen = f"It was {max(running):%H:%M:%S} UTC at first and {ended:%H:%M:%S} once the sync had ended."
    means = "Read “started” on pages as “ended”. Daily runs are then laid to their days by their end, minutes later."
    sure = Sure.SEEN if listed else Sure.LIKELY
    return Finding(question, "the end, once it has ended", sure, seen, means, "sync_utc=end")


def _told_at_first(trial: Trial) -> list[datetime]:
    first = trial.first
    if not isinstance(first, SyncSummary) or status_of(first.code).outcome is not Outcome.RUNNING:
        return []
    return [first.sync_utc] if first.sync_utc else []


def _order(trial: Trial) -> Finding:
    question = "In which order does the list stand?"
    look = trial.looks[-1] if trial.looks else trial.before
    times = [sync.sync_utc for sync in look.syncs if sync.sync_utc]
    if len(set(times)) < 2:
        return Finding(question, NOT_KNOWN, Sure.UNKNOWN, "It holds fewer than two syncs with a time.")
    newest = all(one >= other for one, other in pairwise(times))
    oldest = all(one <= other for one, other in pairwise(times))
    answer = "newest first" if newest else "oldest first" if oldest else "none"
    sure = Sure.SEEN if len(times) >= ENOUGH_FOR_AN_ORDER or answer == "none" else Sure.LIKELY
    word = "newest" if newest else "oldest" if oldest else "unordered"
    seen = f"So stand {len(times)} syncs, by their syncUtc."
    return Finding(question, answer, sure, seen, "The desk sorts it itself.", f"list_order={word}")


def _length(trial: Trial) -> Finding:
    question = "Does the list tell of all syncs?"
    last = trial.looks[-1] if trial.looks else trial.before
    length, added = len(last.syncs), len(last.besides(trial.before.names))
    if not added:
        return Finding(
            question, NOT_KNOWN, Sure.UNKNOWN, "No new sync was listed that could push out an old one."
        )
    if trial.before.names <= last.names:
        seen = f"{length} are listed; none went when a new one came."
        return Finding(question, "yes, as far as seen", Sure.LIKELY, seen)
    seen = f"When a new sync came, an old one went; {length} are listed."
    means = "What the desk has not read in time is not told later: it looks often enough."
    switch = f"list_length={length}" if length in {30, 100} else ""
    return Finding(question, f"only of {length}", Sure.SEEN, seen, means, switch)


def _window(trial: Trial) -> Finding:
    """The answer to a POST is the only place where Codat tells a window."""
    question = "Does Codat take the window as it was asked for?"
    if isinstance(trial.first, Refused):
        return Finding(
            question, "no", Sure.LIKELY, f"The {trial.kind} POST was refused: {trial.first.message}"
        )
    if not isinstance(trial.first, SyncSummary) or not trial.first.window:
        return Finding(question, NOT_KNOWN, Sure.UNKNOWN, "No window was answered.")
    asked = [moment for moment in trial.asked if moment]
    answered = list(trial.first.window)[-len(asked) :]
    seen = f"{trial.kind}: asked for {_span(asked)}, answered {_span(list(trial.first.window))}."
    means = "The desk tells when a window leaves out days that were asked for."
    return Finding(question, "yes" if asked == answered else "no", Sure.SEEN, seen, means)


def _overlaps(trials: Iterable[Trial]) -> list[Finding]:
    """Only if it fell out: a second sync over the days of the first, or days that were synced before."""
    question = "What becomes of a sync over days already synced?"
    for trial in trials:
        for answer in (trial.first, trial.second):
            if isinstance(answer, Refused) and OVERLAPS in answer.message.lower():
                return [Finding(question, "refused", Sure.SEEN, answer.message, "", "overlap=refused")]
        for sync in _over_synced_days(trial):
            if status_of(sync.code).duplicate_risk:
                seen = f"Sync {name_of(sync)} ended in {sync.code}: {sync.error_message or sync.text}"
                return [Finding(question, "it is begun and fails", Sure.SEEN, seen, "", "overlap=fails")]
        second_ran = [sync for sync in trial.appeared_later if status_of(sync.code).outcome.is_success]
        if second_ran and trial.kind is Kind.HISTORIC and key_finding(trial).answer == "no":
            seen = f"Sync {name_of(second_ran[0])} covered the days of the one before it, and succeeded."
            return [Finding(question, "it just runs", Sure.LIKELY, seen, "", "overlap=allowed")]
    return []


def _over_synced_days(trial: Trial) -> Iterator[SyncStatus]:
    for look in (*trial.looks[-1:], *trial.looks_again[-1:]):
        yield from look.besides(trial.before.names)


def _never_synced(trials: Iterable[Trial]) -> list[Finding]:
    question = "What does Codat answer for a company without syncs?"
    for trial in trials:
        if isinstance(trial.none_yet, CodatError):
            return [Finding(question, "an error", Sure.SEEN, trial.none_yet.message)]
        if trial.none_yet:
            return [Finding(question, "none, as the desk understands it", Sure.SEEN, "No read was an error.")]
    return []


def left_behind(trials: list[Trial]) -> Iterator[str]:
    """The new syncs of the company, ours or not, as they were last seen."""
    latest: dict[str, SyncStatus] = {}
    for trial in trials:
        for look in (*trial.looks, *trial.looks_again):
            latest.update((name_of(sync), sync) for sync in look.besides(trial.before.names))
    yield from (f"Sync {name}: {sync.code} {status_of(sync.code).word}." for name, sync in latest.items())
    for trial in trials:
        if isinstance(trial.first, SyncSummary) and not any(trial.sightings):
            yield f"Sync {trial.named}, by its commerceSyncId: not recognised in the list."
        for number, answer in enumerate((trial.first, trial.second), start=1):
            if trial.sent >= number and (answer is None or isinstance(answer, Uncertain)):
                yield f"Perhaps a sync by the {trial.kind} POST {number}, which was not answered as it should be."


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s"


def _span(moments: list[datetime]) -> str:
    return " to ".join(f"{moment:%Y-%m-%d %H:%M:%S}" for moment in moments) + " UTC"
