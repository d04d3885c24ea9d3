"""A person at a browser, as far as a measurement needs one: signs in, reads how a page polls, presses and confirms."""

import re
import time
import uuid
from collections.abc import Mapping
from html import unescape
from typing import Any, NamedTuple

import requests

from syncs.processes.errors import CannotRun

POLLER = re.compile(r'<\w+\b[^>]*\bhx-trigger="every (?P<every>[\d.]+)s\b[^>]*>')
HIDDEN = re.compile(r'<input type="hidden"(?: id="\w+")? name="(\w+)" value="([^"]*)"')
NAMES = ("viewer", "support", "lead", "admin")
PATIENCE = 60.0


class Poll(NamedTuple):
    """What a page says of its own polling."""

    path: str
    every: float
    target: str
    is_waited_for: bool = False

    def pause(self, *, crowded: bool) -> float:
        """Seconds until the next one, as `static/sleep.js` has it."""
        return 2 * self.every if crowded and not self.is_waited_for else self.every

    @property
    def headers(self) -> dict[str, str]:
        return {"HX-Request": "true", "HX-Target": self.target}


def poll_of(html: str) -> Poll | None:
    """None where the page does not poll (any more)."""
    if not (found := POLLER.search(html)):
        return None
    path, target = _attribute(found[0], "hx-get"), _attribute(found[0], "id")
    fields = hidden_fields(html)
    taken = [name for name in ("form_token", "aside", "looks") if name in fields]
    if "form_token" in _attribute(found[0], "hx-include"):
        path += "".join(f"&{name}={fields[name]}" for name in taken)
    return Poll(path, float(found["every"]), target, "data-waited-for" in found[0])


def poll_after(poll: Poll, html: str) -> Poll | None:
    """What a page polls with when its poll was answered with this; None where that stops it."""
    looks = hidden_fields(html).get("looks")
    if looks and not POLLER.search(html):
        # A part of the page, and the poller goes on.
        return poll._replace(path=re.sub(r"&looks=[^&]*", f"&looks={looks}", poll.path))
    return poll_of(html)


def hidden_fields(html: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in HIDDEN.findall(html)}


class NotTaken(CannotRun):
    """The desk did not do what was asked of it."""


class Pressed(NamedTuple):
    company_id: str
    at: float
    """Seconds since 1970, just before the button's request went out."""
    page: str
    """What the browser shows in the live region from then on."""


class Person:
    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.trust_env = False
        self.get("/sign-in/")
        self._post("/sign-in/", {"username": name, "password": name}, then=302)

    @property
    def cookies(self) -> str:
        """As a header."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._session.cookies)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> str:
        """Empty where nothing is new."""
        how: dict[str, Any] = {"headers": headers, "timeout": PATIENCE, "allow_redirects": False}
        try:
            answer = self._session.get(self._url + path, **how)
        except requests.ConnectionError:
            # Closed by the server in the same moment: every browser asks again then.
            answer = self._session.get(self._url + path, **how)
        if answer.status_code not in {200, 204}:
            raise NotTaken(f"{path}: {answer.status_code}")
        return answer.text

    def press_latest(self, company_id: str) -> Pressed:
        """ "Sync latest": the merchant's page, the form, the confirm step, the press."""
        page = f"/merchants/{company_id}/"
        form = hidden_fields(self.get(f"{page}?run=latest"))
        form = {
            "form_token": form.get("form_token") or str(uuid.uuid4()),
            "reason": "Measured",
            "override_reason": "Measured",
            "books_confirmed": "on",
            "last_day": "",
        }
        step = self._post(f"{page}rerun/latest/review/", form, target="rerun")
        fields = hidden_fields(step)
        if "basis" not in fields:
            raise NotTaken(f"{page}: no confirm step")
        at = time.time()
        return Pressed(
            company_id, at, self._post(f"{page}rerun/latest/confirm/", fields, target="merchant_live")
        )

    def _post(self, path: str, form: Mapping[str, str], *, target: str = "", then: int = 200) -> str:
        token = {"csrfmiddlewaretoken": self._session.cookies.get("syncdesk-csrf", "")}
        headers = {"HX-Request": "true", "HX-Target": target} if target else {}
        answer = self._session.post(
            self._url + path, {**form, **token}, headers=headers, timeout=PATIENCE, allow_redirects=False
        )
        if answer.status_code != then:
            raise NotTaken(f"{path}: {answer.status_code}")
        return answer.text


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return unescape(found[1]) if found else ""
