"""The bytes of a reference file as plain lists, mappings, text and numbers.

A file may come from anywhere: size, depth and number of its values are bounded, before they are built and after its
aliases are unfolded; tags, which make objects, are refused. Dates stay text: their check names the path.
"""

import re
from typing import Any

import yaml

from registry.reference.problems import WrongReference, shown

MOST_BYTES = 16 * 1024 * 1024  # a country of 10 000 providers has 8 MB
MOST_NODES = 1_000_000
MOST_DEPTH = 8
TOO_MUCH = "is nested too deeply or has too many values"

_WORDS = {
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": (r"-?(0|[1-9][0-9]{0,17})", list("-0123456789")),
    "float": (r"-?(0|[1-9][0-9]{0,17})\.[0-9]{1,18}", list("-0123456789")),
}


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML without dates, merge keys and repeated keys, whose numbers are plain decimal ones."""

    yaml_implicit_resolvers = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        """A mapping, each of whose keys stands once."""
        seen = set()
        for key in (key for key, _value in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    problem=f"the key {shown(key.value)} stands twice", problem_mark=key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


for _name, (_pattern, _first) in _WORDS.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(rf"^(?:{_pattern})\Z"), _first)


def read_document(data: bytes) -> dict[str, Any]:
    """The mapping at the top of the file.

    Raises:
        WrongReference: the bytes are no such document.
    """
    if len(data) > MOST_BYTES:
        raise WrongReference([f"file: is larger than {MOST_BYTES} bytes"])
    try:
        text = data.decode("utf-8-sig")
        _refuse_bombs(text)
        document = yaml.load(text, Loader=_Loader)
        _refuse_unfolding(document)
    except UnicodeDecodeError as error:
        raise WrongReference([f"file: is not UTF-8 (byte {error.start})"]) from None
    except yaml.YAMLError as error:
        raise WrongReference([_where(error)]) from None
    if not isinstance(document, dict):
        raise WrongReference(["file: must be a mapping of issuers, programmes, calendars …"])
    return document


def _refuse_bombs(text: str) -> None:
    """Walk the file without building anything of it."""
    depth = nodes = 0
    for event in yaml.parse(text, Loader=_Loader):
        if getattr(event, "tag", None):
            raise yaml.MarkedYAMLError(problem="tags are not taken", problem_mark=event.start_mark)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        nodes += isinstance(event, yaml.NodeEvent)
        if depth > MOST_DEPTH or nodes > MOST_NODES:
            raise yaml.MarkedYAMLError(problem=TOO_MUCH, problem_mark=event.start_mark)


def _refuse_unfolding(document: Any) -> None:
    """Walk what the aliases make of the file: a few lines can stand for billions of values, or for no end of them."""
    waiting, values = [(document, 0)], 0
    while waiting:
        value, depth = waiting.pop()
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        values += len(inner)
        if values > MOST_NODES or depth > MOST_DEPTH:
            raise WrongReference([f"file: {TOO_MUCH}"])
        waiting += [(each, depth + 1) for each in inner if isinstance(each, dict | list)]


def _where(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "is not YAML"
    return f"line {mark.line + 1}: {shown(reason)}" if mark else f"file: {shown(reason)}"
