"""Choices among combinations that have every pair of values, for tests that would take long for all."""


def with_every_pair(first, second, third):
    """Return combinations of three values each, in which any two values of different kinds come together.

    ``first`` and ``second`` come in all combinations; ``third`` must not be longer than either.
    """
    first, second, third = list(first), list(second), list(third)
    assert len(third) <= min(len(first), len(second))
    return [(a, b, third[(i + j) % len(third)]) for i, a in enumerate(first) for j, b in enumerate(second)]
