"""People's names: order of the 42-letter alphabet, search that folds Kazakh letters, and the forms of a name.

Source: glossary, "How to write for people", 6 and 7. The embedded PostgreSQL has no ICU, so the alphabet's order is
kept as a key. Keys are made by one `translate()` in the database as well as here, with the same pair of strings:

    sort_key = models.GeneratedField(expression=SortKey("last_name", "first_name"), …, db_persist=True)
    INSERT … SELECT translate(last_name || ' ' || first_name, %(SORT_FROM)s, %(SORT_TO)s)

A key column needs `db_collation="C"`: any other collation would reorder the code points once more.
"""

import string

from django.db.models import F, Func, TextField, Value
from django.db.models.functions import Concat
from django.utils.translation import get_language

ALPHABET = "АӘБВГҒДЕЁЖЗИЙКҚЛМНҢОӨПРСТУҰҮФХҺЦЧШЩЪЫІЬЭЮЯ"

# Cyrillic goes to A-Z a-p, so that digits, space and hyphen stay below it; Latin letters come after all of it.
_RANKS = (string.ascii_uppercase + string.ascii_lowercase)[: len(ALPHABET)]
_LATIN_RANKS = "".join(chr(0x100 + place) for place in range(26))
# PostgreSQL drops the characters of `from` that have no partner in `to`: quotation marks do not count in the order.
_QUOTES = "«»„“”\"'’№"

SORT_FROM = ALPHABET + ALPHABET.lower() + string.ascii_uppercase + string.ascii_lowercase + _QUOTES
SORT_TO = _RANKS * 2 + _LATIN_RANKS * 2

# What people type for a letter that their keyboard lacks: Кайрат for Қайрат, Галимжан for Ғалымжан, Асель for Әсел.
_FOLDED = dict(zip("әғқңөұүһіыё", "агкноуухиие", strict=True))
_SILENT = "ъь"
_KEPT = "".join(letter for letter in ALPHABET.lower() if letter not in _SILENT)
_KEPT_FOLDED = "".join(_FOLDED.get(letter, letter) for letter in _KEPT)

FOLD_FROM = _KEPT + _KEPT.upper() + string.ascii_uppercase + _SILENT + _SILENT.upper() + _QUOTES
FOLD_TO = _KEPT_FOLDED * 2 + string.ascii_lowercase


def _table(source: str, target: str) -> dict[int, str | None]:
    """The Python twin of PostgreSQL's `translate(text, source, target)`."""
    padded = [*target, *[None] * (len(source) - len(target))]
    return dict(zip(map(ord, source), padded, strict=True))


_SORT_TABLE = _table(SORT_FROM, SORT_TO)
_FOLD_TABLE = _table(FOLD_FROM, FOLD_TO)


def sort_key(text: str) -> str:
    """A key whose code-point order is the order of the 42-letter alphabet; case and quotation marks do not count."""
    return text.translate(_SORT_TABLE)


def fold(text: str) -> str:
    """`text` in small letters with Kazakh letters as people without a Kazakh keyboard type them."""
    return text.translate(_FOLD_TABLE)


class _Translate(Func):
    """`translate(a || ' ' || b …, from, to)`: immutable, so it may stand in a generated column or an index."""

    function = "translate"
    output_field = TextField()
    source = target = ""

    def __init__(self, *fields: str):
        first, *rest = fields
        text = Concat(first, *[part for field in rest for part in (Value(" "), field)]) if rest else F(first)
        super().__init__(text, Value(self.source), Value(self.target))


class SortKey(_Translate):
    """`sort_key()` of the named columns joined by a space, made by the database."""

    source, target = SORT_FROM, SORT_TO


class FoldKey(_Translate):
    """`fold()` of the named columns joined by a space, made by the database; compare with `fold(query)`."""

    source, target = FOLD_FROM, FOLD_TO


def full_name(last_name: str, first_name: str, middle_name: str = "") -> str:
    """Surname first, in full, as the register writes it; a missing patronymic leaves no gap."""
    return " ".join(part for part in (last_name, first_name, middle_name) if part)


def short_name(last_name: str, first_name: str, middle_name: str = "") -> str:
    """«Сейтқали А. А.» on a Russian page, «А.А. Сейтқали» on a Kazakh one (glossary, names)."""
    initials = [f"{part[0]}." for part in (first_name, middle_name) if part]
    if get_language() == "kk":
        return f"{''.join(initials)}\N{NO-BREAK SPACE}{last_name}" if initials else last_name
    return "\N{NO-BREAK SPACE}".join([last_name, *initials])
