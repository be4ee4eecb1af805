"""Many askers, few questions."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from trustdesk.realtime.gathering import Gathered


class Library:
    """Answers after a while, and remembers what it was asked."""

    def __init__(self) -> None:
        self.books: dict[str, str] = {}
        self.asked: list[list[str]] = []

    async def ask(self, keys: list[str]) -> Mapping[str, str]:
        self.asked.append(keys)
        found = {key: self.books[key] for key in keys if key in self.books}
        await asyncio.sleep(0.01)
        if "broken" in keys:
            raise LookupError
        return found


def test_who_asks_at_once_is_asked_for_at_once() -> None:
    async def scenario() -> None:
        library = Library()
        library.books = {str(number): f"book {number}" for number in range(100)}
        find = Gathered(library.ask, most=40)
        keys = [str(number) for number in range(101)] * 2
        assert await asyncio.gather(*map(find, keys)) == [library.books.get(key) for key in keys]
        assert [len(some) for some in library.asked] == [40, 40, 21]

    asyncio.run(scenario())


def test_what_was_there_before_one_asked_is_found_although_the_same_is_being_asked() -> None:
    async def scenario() -> None:
        library = Library()
        find = Gathered(library.ask, most=40)
        early = asyncio.create_task(find("a"))
        await asyncio.sleep(0.001)
        assert library.asked == [["a"]]
        library.books["a"] = "new"
        assert await find("a") == "new"
        assert await early is None

    asyncio.run(scenario())


def test_a_failure_is_for_who_asked_and_the_next_question_is_put() -> None:
    async def scenario() -> None:
        library = Library()
        library.books["a"] = "there"
        find = Gathered(library.ask, most=1)
        broken, found = await asyncio.gather(find("broken"), find("a"), return_exceptions=True)
        assert isinstance(broken, LookupError)
        assert found == "there"
        with pytest.raises(LookupError):
            await find("broken")
        assert await find("a") == "there"

    asyncio.run(scenario())


def test_who_gives_up_takes_the_answer_from_nobody() -> None:
    async def scenario() -> None:
        library = Library()
        library.books["a"] = "there"
        find = Gathered(library.ask, most=40)
        impatient, patient = asyncio.create_task(find("a")), asyncio.create_task(find("a"))
        await asyncio.sleep(0)
        impatient.cancel()
        assert await patient == "there"
        assert impatient.cancelled()

    asyncio.run(scenario())
