"""What befalls many merchants at once: outages of Codat, and waves of one cause on one platform."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from sandbox.dice import digest, fraction
from sandbox.outcomes import Outcome


class Outage(NamedTuple):
    """Codat runs nothing in it: what would start begins after it, what runs stands still or fails."""

    start: datetime
    end: datetime
    running: Literal["waits", "fails"] = "waits"
    api: bool = False
    """Whether the API is out as well."""


class Wave(NamedTuple):
    """A share of the merchants on a platform fails for one cause."""

    number: int
    platform: str
    cause: Outcome
    share: float
    start: datetime
    end: datetime | None

    def hits(self, company_id: str, at: datetime) -> bool:
        if at < self.start or (self.end and at >= self.end):
            return False
        return fraction(digest("wave", self.number, company_id, size=2)) < self.share


@dataclass(frozen=True, slots=True)
class Weather:
    outages: tuple[Outage, ...] = ()
    """In the order of their starts."""
    waves: tuple[Wave, ...] = ()
    begins: datetime | None = field(init=False)
    """Before this moment there was none."""

    def __post_init__(self) -> None:
        starts = [outage.start for outage in self.outages] + [wave.start for wave in self.waves]
        object.__setattr__(self, "begins", min(starts, default=None))

    def api_is_out(self, now: datetime) -> bool:
        return any(outage.api and outage.start <= now < outage.end for outage in self.outages)

    def after_outages(self, at: datetime, later: timedelta) -> datetime:
        """When a run starts that would start at this moment: in an outage, so much later than its end.

        One that started as the outage began has been seen already.
        """
        for outage in self.outages:
            if outage.start < at < outage.end:
                at = outage.end + later
        return at

    def done(self, at: datetime, seconds: float) -> datetime:
        """When something is done that Codat works on for so long: in an outage it stands still."""
        done, reckoned = at + timedelta(0, seconds), at
        for outage in self.outages:
            begin = max(outage.start, reckoned)
            if begin < done and begin < outage.end:
                done += outage.end - begin
                reckoned = outage.end
        return done

    def worked(self, at: datetime, now: datetime) -> timedelta:
        """For how long Codat has worked on something."""
        worked, reckoned = now - at, at
        for outage in self.outages:
            begin, end = max(outage.start, reckoned), min(outage.end, now)
            if begin < end:
                worked -= end - begin
                reckoned = end
        return worked

    def breaks(self, at: datetime, ended: datetime) -> datetime | None:
        """When an outage puts an end to what began at one moment and would run to another."""
        ends = (outage.start for outage in self.outages if outage.running == "fails")
        return min((end for end in ends if at < end < ended), default=None)

    def cause_for(self, company_id: str, platforms: Collection[str], at: datetime) -> Outcome | None:
        """Why a sync fails that starts at this moment; None when no wave hits the merchant."""
        for wave in self.waves:
            if wave.platform in platforms and wave.hits(company_id, at):
                return wave.cause
        return None


CALM = Weather()
