"""Pages of a list, with the envelope and links of Codat's OpenAPI (PagingInfo)."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sandbox.exchange import NOT_VALID, Refusal, Request

LARGEST = 5000
_INT32 = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Page:
    number: int
    size: int

    @property
    def start(self) -> int:
        return (self.number - 1) * self.size

    @property
    def stop(self) -> int:
        return self.start + self.size


def page_of(request: Request) -> Page:
    """Raises Refusal (400) for a page below 1 or a size outside 1 to 5000."""
    page = Page(_number(request.query.get("page", "1")), _number(request.query.get("pageSize", "100")))
    if not 1 <= page.number <= _INT32 or not 1 <= page.size <= LARGEST:
        raise Refusal(400, NOT_VALID)
    return page


def envelope(
    request: Request, page: Page, results: list[dict[str, Any]], total: int, *, path: str | None = None
) -> dict[str, Any]:
    """The page of a list; its links begin with the path of the request, unless another one is given."""
    path = path or request.path

    def link(number: int) -> dict[str, str]:
        others = {name: value for name, value in request.query.items() if name not in ("page", "pageSize")}
        return {"href": f"{path}?{urlencode({'page': number, 'pageSize': page.size, **others})}"}

    links = {"self": {"href": path}, "current": link(page.number)}
    if page.stop < total:
        links["next"] = link(page.number + 1)
    if page.number > 1:
        links["previous"] = link(page.number - 1)
    return {
        "results": results,
        "pageNumber": page.number,
        "pageSize": page.size,
        "totalResults": total,
        "_links": links,
    }


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", text):
        raise Refusal(400, NOT_VALID)
    return int(text)
