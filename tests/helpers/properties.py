"""How many examples property tests draw: few and always the same ones in the tests' lane, many new ones to fuzz."""

from hypothesis import HealthCheck, settings

COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}


def register():
    """Register the two profiles, and choose the lane's; ``--hypothesis-profile`` comes later, and decides."""
    settings.register_profile("lane", derandomize=True, max_examples=100, **COMMON)
    settings.register_profile("fuzz", derandomize=False, max_examples=300, print_blob=True, **COMMON)
    settings.load_profile("lane")


def examples(count, **options):
    """Return settings for so many examples in the tests' lane; under ``make fuzz`` for three times as many."""
    return settings(max_examples=count * settings.default.max_examples // 100, **options)
