"""Text as it is searched in: whatever the case, in any script, on any database.

SQLite knows the cases of ASCII only, PostgreSQL those of its own locale, which is somebody else's choice: so Python
folds, and the database compares what is folded already.
"""

from typing import Any

from django.db import models


def fold(text: str) -> str:
    return text.casefold()


class FoldedField(models.TextField):  # type: ignore[type-arg] # no subscript at run time
    """Follows another column wherever a row is saved; `update()` has to name both."""

    def __init__(self, of: str = "", **kwargs: Any) -> None:
        self.of = of
        super().__init__(**kwargs)

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        folded = fold(getattr(model_instance, self.of))
        setattr(model_instance, self.attname, folded)
        return folded

    def deconstruct(self) -> Any:
        """To the tables it is text: no migration need know who folds it."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs
