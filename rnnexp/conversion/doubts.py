"""What a user must know of a conversion that ended well."""

from __future__ import annotations

from collections.abc import Mapping

from rnnexp.quantization.diagnosis import SATURATED_SHARE
from rnnexp.quantization.network import IntegerNetwork
from rnnexp.report.conversion import content

# More of the evaluation's inputs than this outside of what was calibrated is worth a warning.
OUTSIDE_SHARE = 0.01
# The same for the error over that of rounding the outputs alone.
LARGEST_RATIO = 2.0
# Of the range of a yes or no's logits: less than this on one side of 0 are no answers.
ONE_SIDE = 0.02


def one_sided(network: IntegerNetwork) -> list[str]:
    """Return what to say of a yes or no whose codes hardly reach one of the two, because no calibration data does."""
    if not network.softmax or network.outputs != 1:
        return []
    low, high = network.output.limits
    if min(-low, high) >= ONE_SIDE * (high - low):
        return []
    seen, other = ("no", "yes") if high < -low else ("yes", "no")
    return [
        f"the calibration data shows {seen} alone (probabilities {'below' if seen == 'no' else 'above'} 0.5): int8 can "
        f"never answer {other}; give calibration data of both"
    ]


def doubts(
    fidelity: content.Fidelity, outside: float, saturation: Mapping[str, float], check: content.FloatCheck
) -> list[str]:
    """Return what a user must know."""
    found = []
    if check.absent is not None:
        found.append(f"that the network was read right has not been checked: {check.absent}")
    if outside > OUTSIDE_SHARE:
        found.append(
            f"{outside:.1%} of the evaluation's inputs lie outside what the calibration data showed: give more of it"
        )
    cut_off = {name: share for name, share in saturation.items() if share > SATURATED_SHARE and name != "input"}
    found += [
        f"{share:.1%} of the values of the {name} are cut off: give more calibration data"
        for name, share in cut_off.items()
    ]
    if fidelity.ratio > LARGEST_RATIO:
        found.append(f"the outputs are off by {fidelity.ratio:.1f} times what rounding them costs")
    return found
