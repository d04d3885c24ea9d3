"""What Codat does to requests while processes die: every fault that its imitation knows, each now and then."""

from dataclasses import dataclass
from random import Random
from typing import Any

from sandbox.testing import Sandbox

POSTS = r"/sync/commerce/(latest|historic)$"
READS = r"/status$"
# Shorter than the desk waits in such a run, and longer than most of its steps: kills find POSTs on the wire.
SLOWLY = [0.1, 0.8]
# At least so long after a 429 nothing may be sent again; the judge holds the desk to it.
PAUSE = 20
# Sizes and times that a harness can afford. The faults are the same.
ARGS: dict[str, dict[str, Any]] = {
    "slow": {"seconds": 3},
    "huge_body": {"megabytes": 3},
    "gzip_bomb": {"megabytes": 8},
    "informational": {"times": 3},
    "429": {"retry_after": PAUSE},
    "endless_headers": {"seconds": 0.01},
    "drip": {"seconds": 0.05},
}
# What befalls the world and not the answer is set on its own.
OF_THE_WORLD = {"foreign_sync", "lag", "hangs"}
IDEMPOTENCY = ("caches_errors", "forgets_5xx", "off")


@dataclass(frozen=True)
class Answer:
    """One way in which Codat can answer a POST; no name is the true one."""

    fault: str = ""
    args: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        told = " ".join(f"{name}={value}" for name, value in self.args if name == "applied")
        return f"{self.fault} {told}".strip() or "true answer"


def answers(sandbox: Sandbox) -> list[Answer]:
    """All that the sandbox's own catalogue has, worked on and not, and the true one."""
    found = [Answer()]
    for kind in sandbox.get("/_sandbox/faults/kinds").json():
        if kind["fault"] in OF_THE_WORLD:
            continue
        args = ARGS.get(kind["fault"], {})
        for applied in (True, False) if "applied" in kind["args"] else (None,):
            given = args if applied is None else {**args, "applied": applied}
            found.append(Answer(kind["fault"], tuple(given.items())))
    return found


def set_all(sandbox: Sandbox, dice: Random, *, share: float = 0.35) -> None:
    """`share` of the POSTs meet one; a few reads too; the rest is slow enough to be killed in the middle."""
    sandbox.clear_faults()
    found = [answer for answer in answers(sandbox) if answer.fault]
    each = share / len(found)
    for answer in dice.sample(found, len(found)):
        sandbox.fault(answer.fault, dict(answer.args), method="POST", path_regex=POSTS, probability=each)
    sandbox.fault("slow", {"seconds": SLOWLY}, method="POST", path_regex=POSTS)
    for name in ("500", "drop_before", "html", "truncated_json", "wrong_company", "backwards"):
        sandbox.fault(name, method="GET", path_regex=READS, probability=0.005)
    sandbox.fault("lag", {"seconds": [0, 60]}, method="GET", path_regex=READS, probability=0.02)
    sandbox.fault("foreign_sync", method="POST", path_regex=POSTS, probability=0.05)
    sandbox.fault("foreign_sync", method="GET", path_regex=READS, probability=0.005)
    sandbox.fault("hangs", method="POST", path_regex=POSTS, probability=0.02)


def turn(sandbox: Sandbox, dice: Random, *, honours_keys: bool = False) -> None:
    """Each round another Codat: does it heed the key, keep errors under it, name one id or two?"""
    switches = {
        "idempotency": IDEMPOTENCY[0] if honours_keys else dice.choice(IDEMPOTENCY),
        "commerce_sync_id": dice.choice(["differs", "same"]),
        "overlap": dice.choice(["allowed", "allowed", "allowed", "fails", "refused"]),
        "list_order": dice.choice(["newest", "oldest", "unordered"]),
    }
    sandbox.post("/_sandbox/switches", switches).raise_for_status()
