"""Values in, answers out: the part of a network's C that goes from raw values to its codes, and on to answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rnnexp.formats.about import About
from rnnexp.formats.c import listening
from rnnexp.formats.c.text import declaration, explained, filled, remark
from rnnexp.formats.c.values import scaling
from rnnexp.formats.c.values.interface import Interface
from rnnexp.formats.c.values.real import RealValues
from rnnexp.formats.c.values.scaling import NoValues, Scalings
from rnnexp.formats.c.values.whole import VALUE_BITS, WholeNumbers


@dataclass(frozen=True)
class Section:
    """The texts.

    Attributes:
        declarations: of the header.
        definitions: of the source.
        constant_bytes: what the numbers of all features take, where there is a function for a time step, which streams
            need; those of the other functions a linker leaves out where nobody calls them.
        predicts: whether there is a function from a sequence to its answer.
        encodes: whether there is one for the codes of a time step.
    """

    declarations: str
    definitions: str
    constant_bytes: int
    predicts: bool
    encodes: bool


def of(interface: Interface, about: About) -> Section:
    """Return that part.

    Args:
        interface: of the network.
        about: what the model says of itself.
    """
    scalings, why = None, ""
    try:
        scalings = scaling.of(about.input_map, interface.network, about.task)
    except NoValues as error:
        why = str(error)
    real = RealValues(interface, scalings, listens=listening.listens(interface.network, about.detector))
    whole, problem = _whole(interface, scalings)
    values = {"p": interface.prefix, "P": interface.macro}
    if scalings is not None and not real.predicts:
        why = "Nothing says how predictions in the data's own units are made of outputs."
    declarations = [f"\n{remark(why)}\n"] if why else []
    definitions = []
    reals = list(_declared(real, about))
    if reals:
        functions = "\n".join(f"\n{text}" for text in reals)
        declarations.append(filled("values/real.h", values | {"functions": functions}))
        definitions.append(filled("values/real.c", values | {"functions": _apart(real.definitions())}))
    if whole is not None:
        declarations += [f"\n{text}\n" for text in _of_whole_numbers(whole)]
        definitions.append("\n" + _apart(whole.definitions()))
    elif problem:
        text = f"There is no {interface.prefix}_predict_int for whole numbers: {problem}."
        declarations.append(f"\n{remark(text)}\n")
    return Section(
        "".join(declarations),
        "".join(definitions),
        real.constant_bytes if real.encodes else 0,
        real.predicts,
        real.encodes,
    )


def _whole(interface: Interface, scalings: Scalings | None) -> tuple[WholeNumbers | None, str]:
    """Return the functions of whole numbers, or why there are none."""
    if scalings is None or interface.words:
        return None, ""
    try:
        found = WholeNumbers(interface, scalings)
    except NoValues as error:
        return None, str(error)
    return (found, "") if found.encodes or found.predicts else (None, "")


def _apart(definitions: list[str]) -> str:
    """Return definitions with a line between them."""
    return "\n\n".join(text.strip("\n") for text in definitions) + "\n"


def _declared(real: RealValues, about: About) -> Iterator[str]:
    """Yield the declarations of values with a point."""
    own = real.interface
    if real.encodes:
        yield explained(
            f"The input codes of one time step: {_sample(own, about)}, in the data's own units. (Python has more "
            "digits than float: there, a value right between two codes may get the other one.)",
            f"{declaration(real.encode_head)};",
        )
    if real.decodes:
        units = ", in the data's own units" if about.task == "regression" else ""
        yield explained(f"What output codes stand for{units}.", f"{declaration(real.decode_head)};")
    if real.predicts:
        yield explained(_of_predict(own, about), f"{declaration(real.predict_head)};")
    if own.classes:
        yield explained(
            "How probable a class is, from 0 to 1, after an output's codes.", f"{declaration(real.probability_head)};"
        )


def _of_predict(own: Interface, about: About) -> str:
    """Return what is said of the function that goes all the way."""
    given = "the numbers of all words of a sequence"
    if not own.words:
        given = (
            f"the raw values of a sequence, in the data's own units: of each of its {own.macro}_TIME_STEPS time steps, "
            f"the earliest first, {_sample(own, about)}"
        )
    made = f"the probabilities of the {own.classes} classes" if own.classes else "the prediction"
    units = " in the data's own units" if about.task == "regression" and not own.classes else ""
    several = " after every step with an output, one after the other" if own.network.every_step else ""
    length = (
        " length is the number of steps that are there, without any padding." if own.network.variable_length else ""
    )
    return (
        f"From {given}, to {made}{units}{several}. It is what `rnnexp run --runtime numpy` answers, to the digits of "
        f"float.{length} The codes take {own.stack_bytes} bytes of the stack."
    )


def _of_whole_numbers(whole: WholeNumbers) -> Iterator[str]:
    """Yield the declarations of whole numbers."""
    own = whole.interface
    limit = f"Values beyond {2**VALUE_BITS - 1} count as that, likewise below 0."
    near = "" if whole.exact else " A value right between two codes may get the other one."
    if whole.encodes:
        yield explained(
            f"The input codes of one time step of whole numbers, without floating point. {limit}{near}",
            f"{declaration(whole.encode_head)};",
        )
    if whole.predicts:
        made = "the number of the likeliest class" if own.classes else "the prediction, rounded to whole numbers"
        within = "" if own.classes else ", and the prediction is within 1 of its own"
        yield explained(
            f"From whole numbers, such as a converter's counts, to {made}, without floating point. Codes are those of "
            f"{own.prefix}_predict{within}. {limit}{near}",
            f"{declaration(whole.predict_head)};",
        )


def _sample(own: Interface, about: About) -> str:
    """Return what the numbers of a time step are."""
    together = about.recordings.samples_per_step if about.recordings else 1
    numbers = own.network.features // together
    one = "one number" if numbers == 1 else f"{numbers} numbers"
    return one if together == 1 else f"{together} samples, the earliest first, each {one}"
