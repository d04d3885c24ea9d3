"""Lists under a name: one's own, those that colleagues share, and the one that Sync health opens with."""

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from syncs.models import SavedView, User
from syncs.operations import log

MOST = 50
TAKEN = "You have a view of this name already. Choose another name, or replace the old one."
LONGEST = 4096
TOO_LONG = "These filters are too long to be saved: shorten the search."
ENOUGH = f"You have {MOST} views here already. Delete one first."


class NotSaved(Exception):
    """The sentence says why, and is shown beside the name."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def save(
    owner: User, page: str, name: str, query: str, *, is_shared: bool, replaces: bool = False
) -> SavedView:
    """Takes the place of one's own view of this name only where that is wanted."""
    if len(query) > LONGEST:
        raise NotSaved(TOO_LONG)
    if replaces and (old := owner.views.filter(page=page, name=name).first()):
        return _replace(old, query, is_shared=is_shared)
    if owner.views.filter(page=page).count() >= MOST:
        raise NotSaved(ENOUGH)
    try:
        with transaction.atomic():
            view = SavedView.objects.create(
                owner=owner, page=page, name=name, query=query, is_shared=is_shared
            )
            log.record(
                "view.saved", f"Saved the view “{name}”", actor=owner, after="shared" if is_shared else ""
            )
    except IntegrityError as error:
        raise NotSaved(TAKEN) from error
    return view


def _replace(view: SavedView, query: str, *, is_shared: bool) -> SavedView:
    with transaction.atomic():
        if query != view.query:
            SavedView.objects.filter(pk=view.pk).update(query=query)
            what = f"Changed what the view “{view}” lists"
            log.record("view.changed", what, actor=view.owner, before=view.query, after=query)
            view.query = query
        change(view, view.name, is_shared=is_shared)
    return view


def change(view: SavedView, name: str, *, is_shared: bool) -> None:
    """Whoever opened Sync health with a colleague's view does so no more once it is not shared."""
    before = _told(view)
    if (view.name, view.is_shared) == (name, is_shared):
        return
    view.name, view.is_shared = name, is_shared
    try:
        with transaction.atomic():
            SavedView.objects.filter(pk=view.pk).update(name=name, is_shared=is_shared)
            if not is_shared:
                _opened_with(view).exclude(pk=view.owner_id).update(default_view=None)
            what = f"Changed the view “{name}”"
            log.record("view.changed", what, actor=view.owner, before=before, after=_told(view))
    except IntegrityError as error:
        raise NotSaved(TAKEN) from error


def remove(view: SavedView) -> None:
    with transaction.atomic():
        SavedView.objects.select_for_update().filter(pk=view.pk).first()
        _opened_with(view).update(default_view=None)
        log.record("view.deleted", f"Deleted the view “{view.name}”", actor=view.owner, before=_told(view))
        view.delete()


def open_with(view: SavedView, user: User) -> bool:
    """Sync health opens with this view from now on; False where it was taken away meanwhile."""
    with transaction.atomic():
        if SavedView.objects.seen_by(user).select_for_update().filter(pk=view.pk).first() is None:
            return False
        _set_default(user, view, f"Opens Sync health with the view “{view}”")
    return True


def open_with_all(user: User) -> None:
    with transaction.atomic():
        _set_default(user, None, "Opens Sync health with all merchants")


def _set_default(user: User, view: SavedView | None, what: str) -> None:
    if user.default_view_id != (view.pk if view else None):
        User.objects.filter(pk=user.pk).update(default_view=view)
        user.default_view = view
        log.record("view.default", what, actor=user)


def _opened_with(view: SavedView) -> QuerySet[User]:
    return User.objects.filter(default_view=view)


def _told(view: SavedView) -> str:
    return f"{view.name}, {'shared' if view.is_shared else 'own'}"
