"""Text as it is searched in: whatever the case and the accents, in any script, on any database.

SQLite knows the cases of ASCII only, PostgreSQL those of its own locale, which is somebody else's choice: so Python
folds, and the database compares what is folded already.
"""

import unicodedata
from typing import Any

from django.db import models

# Only here is a letter without its marks still what people type: in other scripts a mark makes another sound.
WITHOUT_MARKS = ("LATIN ", "GREEK ", "CYRILLIC ")
MARKS = ("Mn", "Me")
# Format characters: joiners, marks of direction, soft hyphens.
INVISIBLE = ("Cf",)
# As keyboards have them that lack these.
PLAIN = str.maketrans(
    {
        **{
            "æ": "ae",
            "œ": "oe",
            "ø": "o",
            "ð": "d",
            "đ": "d",
            "þ": "th",
            "ł": "l",
            "ħ": "h",
            "ŧ": "t",
            "ŋ": "n",
        },
        **{"ı": "i", "ə": "e", "ƒ": "f"},
        **dict.fromkeys("‘’ʼʻʹ′", "'"),
        **dict.fromkeys("“”", '"'),
        **dict.fromkeys("‐‒–—−", "-"),
    }
)


def fold(text: str) -> str:
    """Blanks of any kind and number are one, and what nobody sees is left out; a text of nothing else stays."""
    folded = text.casefold() if text.isascii() else _folded(_seen(text) or text)
    return " ".join(folded.split()) or folded


def _folded(text: str) -> str:
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return unicodedata.normalize("NFC", _without_marks(apart).translate(PLAIN))


def _seen(text: str) -> str:
    return "".join(sign for sign in text if unicodedata.category(sign) not in INVISIBLE)


def _without_marks(apart: str) -> str:
    kept = []
    is_plain = False
    for sign in apart:
        if unicodedata.category(sign) not in MARKS:
            is_plain = unicodedata.name(sign, "").startswith(WITHOUT_MARKS)
        elif is_plain:
            continue
        kept.append(sign)
    return "".join(kept)


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
