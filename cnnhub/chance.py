"""Numbers that a seed decides, the same in Python and in a browser."""

from __future__ import annotations

import math
from numbers import Integral

from cnnhub.errors import ArgumentError

_BITS = 0xFFFFFFFF  # 32 of them


class Chance:
    """Tommy Ettinger's mulberry32: a generator of 32 bits of state, small enough to be written twice.

    `live_math.js` has its twin. It is for weights and orders of a demonstration; whatever needs good statistics takes NumPy's.

    Args:
        seed: 0 to 2 ** 32 - 1.
        stream: another one gives other numbers with the same seed, so that one use does not move the numbers of another.

    Raises:
        ArgumentError: the seed is not such a whole number.

    >>> chance, other = Chance(7), Chance(7, stream=1)
    >>> [round(chance.uniform(), 4) for _ in range(2)], round(other.uniform(), 4)
    ([0.0117, 0.062], 0.7069)
    """

    def __init__(self, seed: int, stream: int = 0) -> None:
        if isinstance(seed, bool) or not isinstance(seed, Integral) or not 0 <= seed <= _BITS:
            raise ArgumentError(f"seed={seed!r} arrived; expected a whole number from 0 to {_BITS}.")
        self._state: int = (int(seed) + stream * 0x9E3779B9) & _BITS

    def uniform(self) -> float:
        """A number from 0 up to 1, which it never is."""
        self._state = (self._state + 0x6D2B79F5) & _BITS
        bits = _times(self._state ^ self._state >> 15, self._state | 1)
        bits ^= bits + _times(bits ^ bits >> 7, bits | 61) & _BITS
        return (bits ^ bits >> 14) / 2**32

    def normal(self) -> float:
        """A number of the normal distribution with mean 0 and standard deviation 1 (Box and Muller 1958)."""
        radius = math.sqrt(-2 * math.log(1 - self.uniform()))
        return radius * math.cos(2 * math.pi * self.uniform())

    def below(self, limit: int) -> int:
        """A whole number from 0 to limit - 1."""
        return int(self.uniform() * limit)

    def order(self, count: int) -> list[int]:
        """The numbers 0 to count - 1 in an order in which each other one is as likely (Fisher and Yates 1938).

        >>> sorted(Chance(3).order(5))
        [0, 1, 2, 3, 4]
        """
        numbers = list(range(count))
        for last in range(count - 1, 0, -1):
            other = self.below(last + 1)
            numbers[last], numbers[other] = numbers[other], numbers[last]
        return numbers


def _times(one: int, other: int) -> int:
    """The low 32 bits of a product, as JavaScript's Math.imul gives them."""
    return one * other & _BITS
