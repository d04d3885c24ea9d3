"""`{% alike look=row.look why=row.why %}…{% endalike %}`: drawn once for all whose look and why are the same.

A page of fifty rows has few kinds of cells. What stands inside sees the named values and nothing else of the page, so
it cannot show what they do not tell.
"""

from datetime import datetime
from typing import Any

from django import template
from django.template import Context
from django.template.base import FilterExpression, NodeList, Parser, Token, token_kwargs
from django.utils.safestring import SafeString

register = template.Library()

KEPT = 5000
drawn: dict[Any, SafeString] = {}


class AlikeNode(template.Node):
    def __init__(self, values: dict[str, FilterExpression], nodelist: NodeList) -> None:
        self.values = values
        self.nodelist = nodelist

    def render(self, context: Context) -> SafeString:
        values = [value.resolve(context) for value in self.values.values()]
        # With their kinds: "<b>" that is safe and "<b>" that is not are equal.
        key = (self, *values, *map(type, values))
        known = drawn.get(key)
        return self._draw(context, key, values) if known is None else known

    def _draw(self, context: Context, key: Any, values: list[Any]) -> SafeString:
        if any(isinstance(value, datetime) for value in values):
            raise TypeError("A moment looks otherwise to each reader, so nothing that shows one is alike.")
        if len(drawn) >= KEPT:
            drawn.clear()
        named = dict(zip(self.values, values, strict=True))
        drawn[key] = fresh = self.nodelist.render(context.new(named))
        return fresh


@register.tag
def alike(parser: Parser, token: Token) -> AlikeNode:
    name, *bits = token.split_contents()
    values = token_kwargs(bits, parser)
    if bits or not values:
        raise template.TemplateSyntaxError(f"{name} takes named values and nothing else.")
    nodelist = parser.parse(("endalike",))
    parser.delete_first_token()
    return AlikeNode(values, nodelist)
