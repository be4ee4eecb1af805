"""|grouped: 61284.5 as 61,284.5, the same in both languages, as exchanges write it."""

from decimal import Decimal

from django import template

register = template.Library()


@register.filter
def grouped(value: Decimal, places: int | None = None) -> str:
    """Write a number with commas, and `places` digits after the point; as many as it has unless told."""
    return f"{value:,.{places}f}" if places is not None else f"{value:,f}"
