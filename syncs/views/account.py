"""Signing in and out, and what a person sets for themselves."""

from ipaddress import ip_address

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from syncs import moments
from syncs.forms import PasswordForm, ProfileForm, SignInForm
from syncs.operations import guessing, log
from syncs.operations.guessing import Pause
from syncs.rules.salesdays import known_zones
from syncs.views.access import MAY_NOT_ASK, Signed, page_asked_for

ENDED = {
    "1": "Your session ended. Sign in again and you are back where you were.",
    "unsent": "Your session ended. Sign in again and you are back where you were. What you pressed was not sent.",
}
NOT_SENT = "Your session had ended: what you pressed was not sent. Look again, then press it once more."
ROLES = (
    ("syncs.administer", "Admin", "Everything a lead may, and the admin site: merchants, users."),
    ("syncs.decide_review", "Lead", "Asks for syncs, and decides whether Codat ran what nobody can prove."),
    ("syncs.ask_sync", "Support", "Sees everything, asks for syncs and cancels those not sent yet."),
)
VIEWER = ("Viewer", MAY_NOT_ASK)
ZONES = sorted(name for name in known_zones() if "/" in name and not name.startswith("Etc/"))


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Back to the page that `next` names, if it is one of ours."""
    if request.user.is_authenticated:
        return redirect(_then(request))
    if request.method != "POST":
        return _sign_in_page(request, SignInForm(request))
    form = SignInForm(request, data=request.POST)
    if not form.is_valid():
        return _sign_in_page(request, form, status=422)
    login(request, form.get_user())
    if request.POST.get("ended") == "unsent":
        messages.warning(request, NOT_SENT)
    return redirect(_then(request))


def locked_out(
    request: HttpRequest, response: HttpResponse | None = None, credentials: dict[str, str] | None = None
) -> HttpResponse:
    """What django-axes answers instead of the view, the admin site's included, after too many tries."""
    name = (credentials or {}).get("username", "")
    form, pause = (
        SignInForm(request, initial={"username": name}),
        guessing.pause(name, client_address(request)),
    )
    page = _sign_in_page(request, form, status=429, pause=pause)
    page["Retry-After"] = str(60)
    return page


def client_address(request: HttpRequest) -> str | None:
    """Whose tries are counted. Anybody can write X-Forwarded-For: only the entry of our own proxy, the last, counts."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.BEHIND_PROXY else ""
    for address in (forwarded.rpartition(",")[2].strip(), request.META.get("REMOTE_ADDR", "")):
        try:
            return str(ip_address(address))
        except ValueError:
            continue
    return None


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("sign-in")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: Signed) -> HttpResponse:
    """Time zone, and the role in words."""
    if request.method != "POST":
        return _profile_page(request, ProfileForm(instance=request.user), PasswordForm(request.user))
    form = ProfileForm(request.POST, instance=request.user)
    if not form.is_valid():
        # The form has put what was typed into the user of this request, who is also the page's reader.
        request.user.refresh_from_db()
        return _profile_page(request, form, PasswordForm(request.user), status=422)
    form.save()
    messages.success(request, "Saved.")
    return redirect("profile")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def shortcuts(request: Signed) -> HttpResponse:
    """Single-key shortcuts on or off; back to the page where the sheet was open."""
    wanted = request.POST.get("shortcuts")
    if request.method == "POST" and wanted in {"on", "off"}:
        request.user.shortcuts = wanted == "on"
        request.user.save(update_fields=["shortcuts"])
        messages.success(request, f"Single-key shortcuts are {wanted}.")
    return redirect(_then(request))


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def change_password(request: Signed) -> HttpResponse:
    if request.method != "POST":
        return redirect("profile")
    form = PasswordForm(request.user, request.POST)
    if not form.is_valid():
        return _profile_page(request, ProfileForm(instance=request.user), form, status=422)
    form.save()
    update_session_auth_hash(request, form.user)
    log.record("user.password", "Changed their own password", actor=request.user)
    messages.success(request, "Your password is changed. Other sessions of yours have ended.")
    return redirect("profile")


def _sign_in_page(
    request: HttpRequest, form: SignInForm, status: int = 200, pause: Pause | None = None
) -> HttpResponse:
    ended = request.POST.get("ended") or request.GET.get("ended", "")
    context = {
        "form": form,
        "pause": pause,
        "paused_for": moments.length(pause.until - timezone.now()) if pause else "",
        "next": page_asked_for(request),
        "ended": ended if ended in ENDED else "",
        "sentence": ENDED.get(ended, ""),
    }
    return render(request, "syncs/sign_in.html", context, status=status)


def _then(request: HttpRequest) -> str:
    return page_asked_for(request) or resolve_url(settings.LOGIN_REDIRECT_URL)


def _profile_page(
    request: Signed, form: ProfileForm, password_form: PasswordForm, status: int = 200
) -> HttpResponse:
    role, may = next((words for permission, *words in ROLES if request.user.has_perm(permission)), VIEWER)
    context = {
        "form": form,
        "password_form": password_form,
        "role": role,
        "may": may,
        "zones": ZONES,
        "panel_zone": settings.TIME_ZONE,
    }
    return render(request, "syncs/profile.html", context, status=status)
