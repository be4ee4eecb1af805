"""The request types an article may lead to: rows of a layer above, which says here what there is."""

from __future__ import annotations

from collections.abc import Callable

Offer = Callable[[str], list[tuple[str, str]]]
_offers: list[Offer] = []


def offered_by(offer: Offer) -> None:
    """Take the function that lists codes and labels in a language; called once, at start-up, by the layer that owns them."""
    _offers[:] = [offer]


def choices(language: str) -> list[tuple[str, str]]:
    """List codes and labels of the request types, in the form's order; none where nobody offers any."""
    return _offers[0](language) if _offers else []
