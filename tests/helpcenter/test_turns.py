"""Who wants a page drawn waits for his turn, and nobody overtakes."""

from __future__ import annotations

import threading
import time

import pytest

from trustdesk.helpcenter.cache import Turns


@pytest.mark.parametrize("count", [1, 2])
def test_so_many_at_a_time_and_in_order(count: int) -> None:
    turns, inside, most, order = Turns(count), 0, 0, []
    lock, gate = threading.Lock(), threading.Event()

    def work(number: int) -> None:
        nonlocal inside, most
        with turns:
            with lock:
                inside += 1
                most = max(most, inside)
                order.append(number)
            gate.wait(10)
            with lock:
                inside -= 1

    threads = []
    for number in range(20):
        threads.append(threading.Thread(target=work, args=(number,)))
        threads[-1].start()
        while len(turns._waiting) < number + 1 - count:
            time.sleep(0.001)
    gate.set()
    for thread in threads:
        thread.join(10)
    assert most == count
    assert sorted(order) == list(range(20))
    if count == 1:  # of two who are let in together either may be the first to say so
        assert order == list(range(20))


def test_who_fails_lets_the_next_one_in() -> None:
    turns = Turns(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), turns:
            raise ZeroDivisionError
    with turns:
        pass
