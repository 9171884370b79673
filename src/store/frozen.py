"""Frozen values whose classes cost next to nothing to define."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, Self, dataclass_transform

_NONE_GIVEN: Final[Any] = object()


class Field:
    """What is declared of one field of a `Frozen` value.

    Args:
        default: What it holds where nothing is given.
        factory: Makes that anew for each value, in the place of a default.
        shown: Whether it stands in the value's repr (and takes part in its hash): a secret does not.

    Attributes:
        name: What the field is called; its class fills it in.
    """

    name: str = ""

    def __init__(
        self,
        default: Any = _NONE_GIVEN,  # noqa: ANN401 - each field has its own type
        *,
        factory: Callable[[], Any] | None = None,
        shown: bool = True,
    ) -> None:
        self.default = default
        self.factory = factory
        self.shown = shown


def field(
    *,
    default: Any = _NONE_GIVEN,  # noqa: ANN401 - each field has its own type
    factory: Callable[[], Any] | None = None,
    shown: bool = True,
) -> Any:  # noqa: ANN401 - what a type checker takes for the field's value
    """Declare a field of which more is to be said than its type and default; see `Field`."""
    return Field(default, factory=factory, shown=shown)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
class Frozen:
    """A value with named fields: made by keywords, never changed, equal by content.

    A subclass declares its fields by annotations, as an attrs class does; what begins with an underscore
    is no field. Nothing is generated for it, so
    that defining it takes some microseconds where attrs takes half a millisecond and, before the first,
    fifteen to be imported: this is for the values that a warm ``store fetch`` makes (decision 10). All
    others are attrs classes, and those that are made by the thousand named tuples.

    Args:
        values: The fields' values by name; those that have a default may be left out.

    Raises:
        TypeError: A field is unknown, or one without a default is missing.
    """

    _fields: ClassVar[Mapping[str, Field]] = {}
    """What is declared of each field, in order."""

    _unset: ClassVar[tuple[Field, ...]] = ()
    """The fields whose default does not stand in the class itself."""

    def __init_subclass__(cls, **arguments: Any) -> None:  # noqa: ANN401 - whatever a base takes
        """Note the fields, the bases' ones first, and let the defaults stand in the class."""
        super().__init_subclass__(**arguments)
        fields = dict(cls._fields)
        for name, kind in cls.__annotations__.items():
            if name.startswith("_") or str(kind).startswith(("ClassVar", "typing.ClassVar")):
                continue
            declared = cls.__dict__.get(name, _NONE_GIVEN)
            fields[name] = one = declared if isinstance(declared, Field) else Field(declared)
            one.name = name
            if one.default is not _NONE_GIVEN:
                setattr(cls, name, one.default)
            elif declared is one:
                delattr(cls, name)
        cls._fields = fields
        cls._unset = tuple(one for one in fields.values() if one.default is _NONE_GIVEN)

    def __init__(self, **values: Any) -> None:  # noqa: ANN401 - each field has its own type
        if not values.keys() <= self._fields.keys():
            unknown = ", ".join(sorted(values.keys() - self._fields.keys()))
            raise TypeError(f"{type(self).__name__} has no field {unknown}")
        own = self.__dict__
        own.update(values)
        for one in self._unset:
            if one.name not in own:
                if one.factory is None:
                    raise TypeError(f"{type(self).__name__} needs {one.name}")
                own[one.name] = one.factory()

    def _replace(self, **changes: Any) -> Self:  # noqa: ANN401 - each field has its own type
        """Return a copy with some fields changed, as named tuples have it."""
        return type(self)(**{**{name: getattr(self, name) for name in self._fields}, **changes})

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse: a frozen value is not changed."""
        raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be set")

    def __delattr__(self, name: str) -> None:
        """Refuse: a frozen value is not changed."""
        raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be deleted")

    def __eq__(self, other: object) -> bool:
        """Whether the other is of the same class and all fields are equal."""
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self._fields)

    def __hash__(self) -> int:
        """Return a hash of the fields that are shown."""
        shown = (getattr(self, one.name) for one in self._fields.values() if one.shown)
        return hash((type(self), *shown))

    def __repr__(self) -> str:
        """Name the class and the fields that are shown."""
        shown = (
            f"{one.name}={getattr(self, one.name)!r}" for one in self._fields.values() if one.shown
        )
        return f"{type(self).__qualname__}({', '.join(shown)})"
