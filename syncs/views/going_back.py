"""Pages that answer a POST, when somebody comes back to them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers, patch_cache_control

View = Callable[..., HttpResponse]


def fresh_or_kept_for_back(view: View) -> View:
    """What is read is read anew each time. What answers a POST cannot be: the browser keeps it for “Back” alone, where
    Chromium shows an error otherwise. A form that is sent from an old page is judged by what is true by then."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if request.method == "POST":
            patch_cache_control(response, private=True, no_cache=True)
        else:
            add_never_cache_headers(response)
        return response

    return answer
