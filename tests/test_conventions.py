"""The habits that no linter knows: names, protection, sizes, and nothing that is left over."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models
from django.urls import URLPattern, get_resolver
from django_fsm import FSMField

from voucher_portal.listing import Listing

ROOT = Path(settings.BASE_DIR)
APPS = ("voucher_portal", "accounts", "integrations", "schools", "registry", "beneficiaries", "acts", "monitoring")
CODE_LINES, TEST_LINES, FUNCTION_LINES = 400, 600, 30
TEMPLATE_LINES, PARTIAL_LINES, SCRIPT_LINES = 120, 60, 100

# `last_login` is Django's own; an entry of a journal happens `at`.
MOMENTS = {"last_login", "at"}
# A month is named by its first day; `birth_date` is the contracts' own word; both others name a limit, not an event.
DAYS = {"month", "bill_month", "service_month", "birth_date", "pay_before", "from_day"}
# A calendar's months are computed from it and are nothing without it; vouchers and charges hold their own month.
CASCADES = ["registry.StudyMonth.calendar"]
# Only the operator sees the systems that feeds come from, and they hold nothing of people.
LISTED_WITHOUT_ROW_FILTER = {"integrations.Lms"}
PUBLIC = {
    "healthz_live",
    "healthz_ready",
    "accounts:sign_in",
    "accounts:sign_in_by_signature",
    "accounts:bytes_to_sign",
    "accounts:language",
    "admin:login",
}
# Lists of values, one a line: cutting one in two would hide what it is.
LONG_FUNCTIONS = {
    "acts/closing.py:close_month",
    "acts/payments/routing.py:route_payments",
    "benchmarks/feed.py:reference",
    "integrations/emulators/region.py:write_region",
    "integrations/emulators/treasury_work.py:_entry",
    "voucher_portal/logs.py:configure",
}

OURS = [model for model in apps.get_models() if model._meta.app_label in APPS]
FIELDS = [(model, field) for model in OURS for field in model._meta.local_fields]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def names(found) -> list[str]:
    return sorted(f"{model._meta.label}.{field.name}" for model, field in found)


def python_files(*folders: str) -> Iterator[Path]:
    """Our modules without migrations, whose length is Django's."""
    for folder in folders:
        yield from (path for path in sorted((ROOT / folder).rglob("*.py")) if "migrations" not in path.parts)


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def lines_of(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def strings_of_code() -> tuple[set[str], list[re.Pattern]]:
    """Every text literal of our code, and every f-string as a pattern that its values may fill."""
    literals, patterns = set(), []
    for path in python_files(*APPS):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                literals.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = [re.escape(part.value) if isinstance(part, ast.Constant) else ".+" for part in node.values]
                patterns.append(re.compile("".join(parts)))
    return literals, patterns


def views(resolver=None, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Name and pattern of every address."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLPattern):
            yield namespace + (entry.name or str(entry.pattern)), entry
        else:
            yield from views(entry, namespace + (f"{entry.namespace}:" if entry.namespace else ""))


def listings(kind: type[Listing] = Listing) -> Iterator[type[Listing]]:
    for listing in kind.__subclasses__():
        yield listing
        yield from listings(listing)


def test_sums_are_called_by_their_unit():
    decimals = [(model, field) for model, field in FIELDS if isinstance(field, models.DecimalField)]
    assert decimals
    assert names(found for found in decimals if not found[1].name.endswith("_kzt")) == []


def test_moments_end_in_at_and_days_in_on():
    moments = [found for found in FIELDS if isinstance(found[1], models.DateTimeField)]
    days = [found for found in FIELDS if type(found[1]) is models.DateField]
    assert moments
    assert days
    assert names(f for f in moments if not f[1].name.endswith("_at") and f[1].name not in MOMENTS) == []
    assert names(f for f in days if not f[1].name.endswith("_on") and f[1].name not in DAYS) == []


def test_no_row_disappears_with_another():
    references = [found for found in FIELDS if found[1].remote_field]
    assert references
    assert names(f for f in references if f[1].remote_field.on_delete is not models.PROTECT) == CASCADES


def test_states_change_by_transitions_only():
    states = [found for found in FIELDS if found[1].name == "state" or isinstance(found[1], FSMField)]
    assert states
    assert names(f for f in states if not (isinstance(f[1], FSMField) and f[1].protected)) == []


def test_every_model_says_what_it_is():
    assert [model._meta.label for model in OURS if model.__doc__.startswith(f"{model.__name__}(")] == []
    plain = [model._meta.label for model in OURS if "verbose_name" not in model._meta.original_attrs]
    assert plain == []


def test_what_a_list_shows_is_filtered_by_who_looks():
    list(views())  # imports every view, and so every list
    shown = {listing.filters._meta.model for listing in listings() if getattr(listing, "filters", None)} - {None}
    shown = {model for model in shown if model._meta.app_label in APPS}
    assert len(shown) > 5
    bare = {model._meta.label for model in shown if not hasattr(model._default_manager.all(), "visible_to")}
    assert bare <= LISTED_WITHOUT_ROW_FILTER


def test_no_view_is_public_by_accident():
    public = {name for name, view in views() if not getattr(view.callback, "login_required", True)}
    assert public == PUBLIC


def test_every_template_is_used():
    literals, patterns = strings_of_code()
    markup = "\n".join(path.read_text(encoding="utf-8") for path in TEMPLATES)
    literals |= set(re.findall(r"""["']([\w/]+\.html)["']""", markup))
    unused = [name for name in template_names() if not is_named(name, literals, patterns)]
    assert unused == []


def template_names() -> list[str]:
    return [path.relative_to(ROOT / "templates").as_posix() for path in TEMPLATES]


def is_named(name: str, literals: set[str], patterns: list[re.Pattern]) -> bool:
    """Named whole, by an f-string that ends in .html, or by its tail where the code puts the folder before it."""
    tail = name.split("/", 1)[-1]
    filled = any(pattern.pattern.endswith(r"\.html") and pattern.fullmatch(name) for pattern in patterns)
    return name in literals or tail in literals or filled


def test_every_sql_file_is_used():
    literals, patterns = strings_of_code()
    files = [path for app in APPS for path in (ROOT / app).glob("sql/**/*.sql")]
    assert files
    unused = []
    for path in files:
        name = relative(path).replace("/sql/", "/").removesuffix(".sql")
        is_rule = path.parent.name == "rules" and path.parent.parent.parent.name in {"registry", "acts"}
        filled = any("/" in pattern.pattern and pattern.fullmatch(name) for pattern in patterns)
        if not (name in literals or is_rule or filled):
            unused.append(name)
    assert unused == []


@pytest.mark.parametrize("app", APPS)
def test_migrations_have_names(app):
    assert [path.name for path in (ROOT / app).glob("migrations/*_auto_*.py")] == []


def test_files_are_short():
    code = [path for path in python_files(*APPS, "benchmarks") if lines_of(path) > CODE_LINES]
    tests = [path for path in python_files("tests") if lines_of(path) > TEST_LINES]
    scripts = [path for path in (ROOT / "static").rglob("*.js") if lines_of(path) > SCRIPT_LINES]
    assert [relative(path) for path in [*code, *tests, *scripts]] == []


def test_templates_are_short():
    def limit(path: Path) -> int:
        return PARTIAL_LINES if "partials" in path.parts else TEMPLATE_LINES

    assert [relative(path) for path in TEMPLATES if lines_of(path) > limit(path)] == []


def test_functions_are_short():
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    found = {
        f"{relative(path)}:{node.name}"
        for path in python_files(*APPS, "benchmarks", "tests")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, functions) and node.end_lineno - node.lineno + 1 > FUNCTION_LINES
    }
    assert found - LONG_FUNCTIONS == set()
    assert LONG_FUNCTIONS - found == set()  # a function that became short leaves the list


@pytest.mark.parametrize("path", TEMPLATES, ids=relative)
def test_templates_trust_no_text_and_run_no_inline_script(path):
    markup = path.read_text(encoding="utf-8")
    markup = markup.replace("field.help_text|safe", "")  # the help of a password is a list, written by Django
    assert not re.search(r"\|\s*safe\b|autoescape off|\son[a-z]+=[\"']|javascript:", markup)
    for script in re.findall(r"<script\b[^>]*>", markup):
        assert "nonce=" in script or 'type="application/json"' in script
