"""Any command and any reply, for Hypothesis: drawn from the types of their fields."""

import dataclasses
import types
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from points_engine.amounts import MAX_UNITS, Amount
from points_engine.contract import PhoneNumber, SealedPin, Secret
from points_engine.wire.callers import Caller, CallerKind

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)
IDS = TEXTS.filter(lambda text: text not in {".", ".."})
_IDS = {"order_id", "member_no", "shop_id", "till_id", "courier_id"}

_LEAVES: dict[Any, Callable[[], st.SearchStrategy[Any]]] = {
    str: lambda: TEXTS,
    bool: st.booleans,
    int: lambda: st.integers(-(2**63), 2**63 - 1),
    bytes: lambda: st.binary(max_size=40),
    date: st.dates,
    datetime: lambda: st.datetimes(timezones=st.just(UTC)),
    Secret: lambda: st.builds(Secret, TEXTS),
    SealedPin: lambda: st.builds(SealedPin, st.binary(max_size=60)),
    PhoneNumber: lambda: st.builds(PhoneNumber, TEXTS),
    Amount: lambda: st.builds(
        Amount, st.sampled_from(get_type_hints(Amount)["asset"]), st.integers(0, MAX_UNITS)
    ),
}


def any_of(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a type that the contract's fields have."""
    if hint in _LEAVES:
        return _LEAVES[hint]()
    if get_origin(hint) in {Union, types.UnionType}:
        return st.one_of([any_of(part) for part in get_args(hint)])
    if get_origin(hint) is tuple:
        return st.lists(any_of(get_args(hint)[0]), max_size=3).map(tuple)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        fields = get_type_hints(hint)
        return st.builds(
            hint,
            **{name: IDS if name in _IDS and kind is str else any_of(kind) for name, kind in fields.items()},
        )
    return st.none() if hint is type(None) else st.sampled_from(hint)


def from_caller(command: Any, kind: CallerKind | None) -> tuple[Any, Caller | None]:
    """A command as a caller of this kind may send it, and that caller; None is nobody in particular."""
    if kind is None:
        return command, None
    caller = Caller(kind, "the caller")
    names = {field.name for field in dataclasses.fields(command)}
    return dataclasses.replace(command, **{k: v for k, v in caller.says.items() if k in names}), caller
