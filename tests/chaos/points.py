"""Where the product is in the life of a request, told from outside by wrapping its functions: no hook in the product.

`listeners` hear of stages, which people understand. `instants` hear of every commit, connect, write and read, just
before and just after it: there a process may die.
"""

import threading
from collections.abc import Callable
from typing import Any

from django.core.signals import request_finished
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from syncs import clock, slow_path, tasks
from syncs.codat import transport, wire
from syncs.operations import asking, before_sending, reconciling, refresh, sending, settling
from tests.chaos.board import Hand

listeners: list[Callable[[Hand | None], None]] = []
instants: list[Callable[[str], None]] = []
_here = threading.local()


def install() -> None:
    _press()
    _send()
    _clock()
    _refresh()
    _on_the_wire()
    _in_the_database()


def begin(work: str, row: int, stage: str) -> None:
    _here.work, _here.row = work, row
    at(stage)


def at(stage: str) -> None:
    """A further stage of what this thread has in hand; of nothing, if it has nothing."""
    if work := getattr(_here, "work", None):
        for listener in listeners:
            listener(Hand(work, _here.row, stage))


def done() -> None:
    if getattr(_here, "work", None):
        _here.work = None
        _here.posting = False
        for listener in listeners:
            listener(None)


def instant(name: str) -> None:
    for hear in instants:
        hear(name)


def around(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
    setattr(owner, name, make(getattr(owner, name)))


def _press() -> None:
    def ask(real: Any) -> Any:
        def wrapped(merchant: Any, *args: Any, **kwargs: Any) -> Any:
            begin("press", merchant.pk, "being stored")
            asked = real(merchant, *args, **kwargs)
            at("stored, not answered")
            return asked

        return wrapped

    around(asking, "ask", ask)
    request_finished.connect(lambda **_: done(), weak=False)


def _send() -> None:
    def whole(real: Any) -> Any:
        def wrapped(request_id: int, client: Any) -> Any:
            try:
                return real(request_id, client)
            finally:
                done()

        return wrapped

    def looking(real: Any) -> Any:
        def wrapped(request: Any, *args: Any) -> Any:
            begin("send", request.pk, "looked at, not claimed")
            return real(request, *args)

        return wrapped

    def claiming(real: Any) -> Any:
        def wrapped(*args: Any) -> Any:
            at("being claimed")
            claim = real(*args)
            at("claimed, nothing written" if claim else "claimed by another")
            _here.posting = claim is not None
            return claim

        return wrapped

    around(sending, "send", whole)
    around(before_sending, "look", looking)
    around(sending, "_claim", claiming)


def _clock() -> None:
    def moving(real: Any) -> Any:
        def wrapped(request: Any, to: Any, **kwargs: Any) -> Any:
            mine = getattr(_here, "work", None) is None
            if mine:
                begin("sweep", request.pk, f"being moved to {to}")
            try:
                return real(request, to, **kwargs)
            finally:
                if mine:
                    done()

        return wrapped

    def nudging(real: Any) -> Any:
        def wrapped(task: Any, *args: Any, **kwargs: Any) -> Any:
            mine = getattr(_here, "work", None) is None and task is not tasks.beat and bool(args)
            if mine:
                begin("nudge", args[0], f"{task.name.rpartition('.')[2]} being published")
            try:
                return real(task, *args, **kwargs)
            finally:
                if mine:
                    done()

        return wrapped

    def looking(real: Any) -> Any:
        def wrapped(request_id: int, client: Any) -> Any:
            begin("look", request_id, "uncertain, being looked at")
            try:
                return real(request_id, client)
            finally:
                done()

        return wrapped

    around(reconciling, "move", moving)
    around(clock.tasks, "nudge", nudging)
    around(reconciling, "look", looking)


def _refresh() -> None:
    def whole(real: Any) -> Any:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            try:
                return real(*args, **kwargs)
            finally:
                done()

        return wrapped

    def finding(real: Any) -> Any:
        def wrapped(merchant: Any, now: Any) -> Any:
            if sought := real(merchant, now):
                begin("refresh", sought[0].pk, "accepted, its end being read")
            return sought

        return wrapped

    def settling_(real: Any) -> Any:
        def wrapped(merchant: Any, now: Any) -> Any:
            at("its end being stored")
            return real(merchant, now)

        return wrapped

    around(refresh, "refresh", whole)
    around(tasks, "refresh_merchant", whole)
    around(slow_path, "refresh", whole)
    around(refresh, "_sought", finding)
    around(settling, "settle", settling_)


def _on_the_wire() -> None:
    connect, send = wire._Tracked.connect, wire._Tracked.send
    read, exchange = wire._PacedReader.readinto, transport.Transport.exchange

    def connecting(self: Any) -> None:
        instant("connect.before")
        connect(self)
        instant("connect.after")

    def writing(self: Any, data: Any) -> None:
        _stage("being written")
        instant("write.before")
        if _half_is_told():
            send(self, data[: len(data) // 2])
            instant("write.half")
            data = data[len(data) // 2 :]
        send(self, data)
        instant("write.after")
        _stage("written, no answer yet")

    def reading(self: Any, buffer: Any) -> Any:
        instant("read.before")
        size = read(self, buffer)
        _stage("answer being read")
        instant("read.after")
        return size

    def exchanging(self: Any, *args: Any, **kwargs: Any) -> Any:
        answer = exchange(self, *args, **kwargs)
        _stage("answered, not stored")
        instant("answered")
        return answer

    wire._Tracked.connect, wire._Tracked.send = connecting, writing
    wire._PacedReader.readinto, transport.Transport.exchange = reading, exchanging


def _stage(stage: str) -> None:
    if getattr(_here, "posting", False):
        at(stage)


def _half_is_told() -> bool:
    """Only where somebody may die in the middle: else a request is written as the product writes it."""
    return bool(instants)


def _in_the_database() -> None:
    commit = BaseDatabaseWrapper._commit

    def committing(self: Any) -> Any:
        instant("commit.before")
        result = commit(self)
        instant("commit.after")
        return result

    def executing(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        alone = context["connection"].get_autocommit() and str(sql).split(" ", 1)[0] in WRITES
        if alone:
            instant("commit.before")
        result = execute(sql, params, many, context)
        if alone:
            instant("commit.after")
        return result

    def watch(connection: Any, **_: Any) -> None:
        if executing not in connection.execute_wrappers:
            connection.execute_wrappers.append(executing)

    BaseDatabaseWrapper._commit = committing
    connection_created.connect(watch, weak=False)


WRITES = {"INSERT", "UPDATE", "DELETE"}
