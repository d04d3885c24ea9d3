"""`{% alike %}`: a cell is drawn once for all rows that show the same in it."""

from datetime import UTC, datetime

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.utils.safestring import mark_safe

from syncs.templatetags import alike


def shown(template: Template, **values: object) -> str:
    return template.render(Context(values))


def of(text: str) -> Template:
    return Template("{% load alike %}" + text)


class Told:
    """Says how often it was asked."""

    asked = 0

    def __str__(self) -> str:
        self.asked += 1
        return "told"


def test_what_is_the_same_is_drawn_once() -> None:
    cell, told = of("{% alike word=word %}<b>{{ word }}</b>{% endalike %}"), Told()
    assert [shown(cell, word=told) for _ in range(3)] == ["<b>told</b>"] * 3
    assert told.asked == 1


def test_what_differs_in_one_value_is_drawn_by_itself() -> None:
    cell = of("{% alike a=row.a b=row.b %}{{ a }}-{{ b }}{% endalike %}")
    assert [shown(cell, row={"a": 1, "b": last}) for last in (1, 2, 1, 3)] == ["1-1", "1-2", "1-1", "1-3"]


def test_two_cells_of_the_same_values_do_not_mix() -> None:
    assert shown(of("{% alike a=a %}<i>{{ a }}</i>{% endalike %}"), a=1) == "<i>1</i>"
    assert shown(of("{% alike a=a %}<b>{{ a }}</b>{% endalike %}"), a=1) == "<b>1</b>"


def test_it_sees_the_named_values_and_nothing_else_of_the_page() -> None:
    cell = of("{% alike a=a %}{{ a }}{{ other }}{% endalike %}{{ other }}")
    assert shown(cell, a=1, other=2) == "12"


def test_safe_words_do_not_make_the_same_words_of_another_safe() -> None:
    cell = of("{% alike word=word %}{{ word }}{% endalike %}")
    assert shown(cell, word=mark_safe("<b>")) == "<b>"
    assert shown(cell, word="<b>") == "&lt;b&gt;"


def test_true_is_not_one() -> None:
    cell = of("{% alike a=a %}{{ a }}{% endalike %}")
    assert [shown(cell, a=a) for a in (1, True, 1.0)] == ["1", "True", "1.0"]


def test_a_moment_is_refused_for_it_looks_otherwise_to_each_reader() -> None:
    cell = of("{% alike at=at %}{{ at }}{% endalike %}")
    with pytest.raises(TypeError, match="looks otherwise to each reader"):
        shown(cell, at=datetime(2026, 11, 20, tzinfo=UTC))


def test_it_keeps_so_many_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike, "KEPT", 3)
    alike.drawn.clear()
    cell = of("{% alike a=a %}{{ a }}{% endalike %}")
    assert [shown(cell, a=a) for a in range(10)] == [str(a) for a in range(10)]
    assert len(alike.drawn) <= 3


@pytest.mark.parametrize("tag", ["{% alike %}", "{% alike a %}", "{% alike a=a b %}"])
def test_values_are_named(tag: str) -> None:
    with pytest.raises(TemplateSyntaxError, match="named values"):
        of(f"{tag}{{% endalike %}}")
