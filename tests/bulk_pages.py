"""The pages of a press for many merchants, as a person goes through them."""

import re
from html import unescape
from typing import Any

from django.http import HttpResponse
from django.test import Client

from syncs.models import Merchant


def review(client: Client, *merchants: Merchant, **fields: Any) -> str:
    """The page's words and tags, of a review that is fine."""
    response = client.post("/bulk/", chosen(*merchants) | fields)
    assert response.status_code == 200, words(response)
    return response.content.decode()


def chosen(*merchants: Merchant) -> dict[str, Any]:
    return {"kind": "latest", "pick": [merchant.pk for merchant in merchants], "books_confirmed": "on"}


def form_of(html: str) -> dict[str, Any]:
    """What the confirm form would send, as the page has it."""
    form = html[html.index('id="bulk-form"') :]
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form[: form.index("</form>")])
    return {name: unescape(value) for name, value in hidden if name != "csrfmiddlewaretoken"}


def confirm(client: Client, html: str, **fields: Any) -> Any:
    return client.post("/bulk/confirm/", form_of(html) | {"reason": "Codat incident"} | fields)


def words(response: HttpResponse) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def heading(html: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", html, re.DOTALL)
    assert found
    return found[1].strip()
