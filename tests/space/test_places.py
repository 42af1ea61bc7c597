"""The page's places: so many at once, and who waits leaves his."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from demo import places
from demo.places import AT_ONCE, in_a_place, left


def test_no_more_are_at_work_than_there_are_places_and_who_waits_leaves_his() -> None:
    goes_on, at_work, done = threading.Event(), threading.Semaphore(0), []

    @in_a_place
    def wait(leaves: bool) -> None:
        if leaves:
            with left():
                at_work.release()
                goes_on.wait()
        else:
            at_work.release()
            goes_on.wait()
        done.append(leaves)

    threads = [threading.Thread(target=wait, args=[leaves]) for leaves in (*[True] * 5, *[False] * (AT_ONCE + 1))]
    for thread in threads:
        thread.start()
    for _ in range(5 + AT_ONCE):
        assert at_work.acquire(timeout=30)
    assert not at_work.acquire(timeout=0.2), "one more than there are places"
    goes_on.set()
    for thread in threads:
        thread.join(30)
    assert len(done) == len(threads) and at_work.acquire(timeout=30)
    assert all(places._free.acquire(timeout=30) for _ in range(AT_ONCE))
    places._free.release(AT_ONCE)


def test_a_generator_has_its_place_only_while_it_works_and_a_coroutine_none() -> None:
    @in_a_place
    def counting() -> Iterator[int]:
        yield from range(3)

    async def waiting() -> None: ...

    assert in_a_place(waiting) is waiting
    several = [counting() for _ in range(AT_ONCE + 2)]
    assert [next(each) for each in several] == [0] * len(several)
    assert [list(each) for each in several] == [[1, 2]] * len(several)


def test_what_fails_gives_its_place_back() -> None:
    @in_a_place
    def fail() -> None:
        with left():
            raise ValueError

    for _ in range(AT_ONCE + 1):
        try:
            fail()
        except ValueError:
            continue
