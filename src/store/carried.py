"""An error that carries its data as attributes, and over processes."""

from __future__ import annotations

from typing import Any

from e3.error import E3Error


class CarriedError(E3Error):  # type: ignore[misc, unused-ignore]
    """What `store.errors.StoreError` is made of: see there for the meaning of the arguments."""

    def __init__(
        self, message: str | list[str] = "", origin: str | None = None, **data: object
    ) -> None:
        super().__init__(message, origin)
        for name, value in data.items():
            if not hasattr(type(self), name):
                raise TypeError(f"{type(self).__name__} carries no {name!r}")
            setattr(self, name, value)

    def __str__(self) -> str:
        """Return the last message, after its origin where one is given."""
        text = self.messages[-1] if self.messages else type(self).__name__
        return f"{self.origin}: {text}" if self.origin else text

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the message and the data: an error may cross a process."""
        data = dict(self.__dict__)
        if isinstance(self, OSError):
            # These stand in the object itself, not in its dictionary.
            data |= {name: getattr(self, name) for name in ("errno", "strerror", "filename")}
        return _rebuilt, (type(self), self.args, data)


def class_of(error: BaseException) -> str:
    """Return the name of an error's class as the tree of errors has it, which is what callers compare with.

    A class of elsewhere, such as an error of requests at once, goes by the nearest one there that it is
    made of; what is no error of ours keeps its own name.
    """
    kinds = type(error).__mro__
    return next(
        (one for one in kinds if one.__module__ == f"{__package__}.errors"), kinds[0]
    ).__name__


def _rebuilt(kind: type[CarriedError], args: tuple[Any, ...], data: dict[str, Any]) -> CarriedError:
    # Not by calling the class: one with a parent elsewhere may want other arguments.
    error = kind.__new__(kind)
    error.args = args
    for name, value in data.items():
        setattr(error, name, value)
    return error
