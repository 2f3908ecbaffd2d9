"""Rows of one table to be inserted or updated by a natural key, in as few statements as there are kinds of change."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Model

CREATED, UPDATED, UNCHANGED = OUTCOMES = "created", "updated", "unchanged"


def new_tally() -> Counter:
    """Counts of a kind, with zeros."""
    return Counter(dict.fromkeys(OUTCOMES, 0))


class Upsert:
    """The rows of a table as they will be: those of the database, changed or not, and new ones.

    `put` changes the rows in memory only, so that the whole can be checked; `write` saves what changed.
    """

    def __init__(self, model: type[Model], existing: Iterable[Any], key_of: Callable[[Any], Any]) -> None:
        self.model = model
        self.rows: dict[Any, Any] = {key_of(row): row for row in existing}
        self.created: list[Any] = []
        self.updated: list[Any] = []
        self._before: dict[int, dict[str, Any]] = {}
        self._paths: dict[int, str] = {}

    def put(self, key: Any, path: str, **values: Any) -> str:
        """Give the row of `key` these values; says what that means for it. `path` names it in reasons."""
        row = self.rows.get(key)
        if row is None:
            row = self.rows[key] = self.model(**values)
            self.created.append(row)
            outcome = CREATED
        else:
            before = {name: getattr(row, name) for name, value in values.items() if getattr(row, name) != value}
            for name in before:
                setattr(row, name, values[name])
            outcome = UNCHANGED
            if before:
                self.updated.append(row)
                self._before[id(row)] = before
                outcome = UPDATED
        self._paths[id(row)] = path
        return outcome

    def was(self, row: Any, name: str) -> Any:
        """The value that `put` replaced, or the present one."""
        return self._before.get(id(row), {}).get(name, getattr(row, name))

    def has_changed(self, row: Any, *names: str) -> bool:
        """Whether `put` has replaced one of these values."""
        return any(name in self._before.get(id(row), ()) for name in names)

    def path_of(self, row: Any) -> str | None:
        """Where the row stands in the file; None when it is only in the database."""
        return self._paths.get(id(row))

    @property
    def touched(self) -> list[Any]:
        """The rows that `write` will save."""
        return self.updated + self.created

    def write(self) -> None:
        """Save: first what makes room, then what takes it. At most two queries."""
        if self.updated:
            self.model.objects.bulk_create(
                self.updated,
                update_conflicts=True,
                unique_fields=[self.model._meta.pk.name],
                update_fields=[
                    each.name
                    for each in self.model._meta.concrete_fields
                    if not each.primary_key and not each.generated
                ],
            )
        self.model.objects.bulk_create(self.created)
