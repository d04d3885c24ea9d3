"""People at their browsers: sign in, review, confirm, sometimes twice at once; what is not answered is sent again."""

import re
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

import requests

HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
SEEN = re.compile(r'name="seen_overlap" value="([^"]*)"')


@dataclass
class Press:
    """`answer` is what the person was told: saved, refused, or nothing yet."""

    token: str
    company_id: str
    kind: str
    answer: str = ""
    times: int = 0


@dataclass
class Journal:
    """All presses of a run. Kept in the harness, which nobody kills."""

    presses: list[Press] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, token: str, company_id: str, kind: str) -> Press:
        press = Press(token, company_id, kind)
        with self._lock:
            self.presses.append(press)
        return press

    def saved(self) -> list[Press]:
        return [press for press in self.presses if press.answer == "saved"]


class Person:
    def __init__(self, url: str, journal: Journal, dice: Random) -> None:
        self._url, self._journal, self._dice = url, journal, dice
        self._session = self._fresh()

    def press(self, company_id: str, today: date) -> None:
        """One wish, carried through until the desk has said yes or no to it."""
        kind = self._dice.choice(["latest", "range"])
        form = {"reason": "Ticket 4812", "override_reason": "They say so", "books_confirmed": "on"}
        form |= self._days(today) if kind == "range" else {}
        step = self._patiently(company_id, kind, "review", form)
        found = dict(HIDDEN.findall(step.text)) if step is not None else {}
        if "form_token" not in found or "basis" not in found:
            return
        form |= found
        if seen := SEEN.search(step.text if step is not None else ""):
            form["seen_overlap"] = seen[1]
        # As every browser does it, the form's own token; a reviewed form has one.
        form["form_token"] = form["form_token"] or str(uuid.uuid4())
        self._confirm(self._journal.begin(form["form_token"], company_id, kind), form)

    def _confirm(self, press: Press, form: dict[str, str]) -> None:
        second = self._dice.random() < 0.15
        twin = threading.Thread(target=self._twin, args=(press, dict(form))) if second else None
        if twin:
            twin.start()
        answer = self._patiently(press.company_id, press.kind, "confirm", form, press)
        if twin:
            twin.join()
        if answer is not None:
            press.answer = "saved" if answer.status_code == 302 else "refused"

    def _twin(self, press: Press, form: dict[str, str]) -> None:
        """The second click of a double click: its answer is nobody's concern, its effect is."""
        press.times += 1
        with suppress(requests.RequestException):
            self._session.post(
                self._address(press.company_id, press.kind, "confirm"),
                self._with_token(form),
                timeout=5,
                allow_redirects=False,
            )

    def _patiently(
        self, company_id: str, kind: str, step: str, form: dict[str, str], press: Press | None = None
    ) -> requests.Response | None:
        """The same form again while nobody answers, as a person who reloads; None when that went on for long."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                if "syncdesk" not in self._session.cookies:
                    self._sign_in()
                if press:
                    press.times += 1
                answer = self._session.post(
                    self._address(company_id, kind, step),
                    self._with_token(form),
                    timeout=10,
                    allow_redirects=False,
                )
            except requests.RequestException:
                time.sleep(0.05)
                continue
            if "/sign-in/" in answer.headers.get("Location", ""):
                self._session = self._fresh()
            elif answer.status_code < 500:
                return answer
            time.sleep(0.05)
        return None

    def _sign_in(self) -> None:
        address = f"{self._url}/sign-in/"
        self._session.get(address, timeout=10).raise_for_status()
        form = self._with_token({"username": "lead", "password": "lead"})
        self._session.post(address, form, timeout=10, allow_redirects=False).raise_for_status()

    def _with_token(self, form: dict[str, str]) -> dict[str, str]:
        return form | {"csrfmiddlewaretoken": self._session.cookies.get("syncdesk-csrf", "")}

    def _days(self, today: date) -> dict[str, str]:
        last = today - timedelta(days=self._dice.randint(2, 40))
        first = last - timedelta(days=self._dice.randint(0, 3))
        return {"first_day": first.isoformat(), "last_day": last.isoformat()}

    def _address(self, company_id: str, kind: str, step: str) -> str:
        return f"{self._url}/merchants/{company_id}/rerun/{kind}/{step}/"

    @staticmethod
    def _fresh() -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        return session
