"""Pages of a list, with the envelope and links of Codat's OpenAPI (PagingInfo)."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sandbox.exchange import NOT_VALID, Refusal, Request

LARGEST = 5000


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
    try:
        page = Page(int(request.query.get("page", 1)), int(request.query.get("pageSize", 100)))
    except ValueError:
        raise Refusal(400, NOT_VALID) from None
    if page.number < 1 or not 1 <= page.size <= LARGEST:
        raise Refusal(400, NOT_VALID)
    return page


def envelope(request: Request, page: Page, results: list[dict[str, Any]], total: int) -> dict[str, Any]:
    links = {"self": {"href": request.path}, "current": _link(request, page, page.number)}
    if page.stop < total:
        links["next"] = _link(request, page, page.number + 1)
    if page.number > 1:
        links["previous"] = _link(request, page, page.number - 1)
    return {
        "results": results,
        "pageNumber": page.number,
        "pageSize": page.size,
        "totalResults": total,
        "_links": links,
    }


def _link(request: Request, page: Page, number: int) -> dict[str, str]:
    others = {name: value for name, value in request.query.items() if name not in ("page", "pageSize")}
    return {"href": f"{request.path}?{urlencode({'page': number, 'pageSize': page.size, **others})}"}
