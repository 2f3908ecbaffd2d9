"""Message catalogues: `python -m voucher_portal.catalogues compile|update|check`.

`compile` needs no gettext tools. `update` and `check` need `xgettext`, to learn which messages the code has.
Messages of other packages that people can meet stand in `locale/framework.pot`: ours win over the packages' own.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import polib
from django.utils.translation.template import templatize

from voucher_portal.environment import BASE_DIR

PLURAL_FORMS = {
    "kk": "nplurals=2; plural=(n != 1);",
    "ru": "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);",
}
LOCALE_DIR = BASE_DIR / "locale"
FRAMEWORK = LOCALE_DIR / "framework.pot"
OURS = (
    *("voucher_portal", "accounts", "integrations", "schools", "registry", "beneficiaries", "acts", "monitoring"),
    "templates",
)
KEYWORDS = (
    *("gettext_noop", "gettext_lazy", "ngettext_lazy:1,2", "pgettext:1c,2", "npgettext:1c,2,3"),
    *("pgettext_lazy:1c,2", "npgettext_lazy:1c,2,3"),
)
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd%]|\{\w*\}|<[^>]*>|&\w+;")
VARIABLE = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")
FOREIGN_QUOTE = re.compile(r"[\"“”]")
MIXED_WORD = re.compile(r"\w*(?:[A-Za-zəıɵ]\w*[\u0400-\u052f]|[\u0400-\u052f]\w*[A-Za-zəıɵ])\w*")


def path_of(language: str) -> Path:
    """Where a language's messages lie."""
    return LOCALE_DIR / language / "LC_MESSAGES" / "django.po"


def read(language: str) -> polib.POFile:
    """A language's messages; none where there is no file yet."""
    if path_of(language).exists():
        return polib.pofile(str(path_of(language)), wrapwidth=119)
    catalogue = polib.POFile(wrapwidth=119)
    catalogue.metadata = {
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Language": language,
        "Plural-Forms": PLURAL_FORMS[language],
    }
    return catalogue


def update_all() -> None:
    """Add to each catalogue the messages that it lacks, empty; drop those that nothing uses; sort by message."""
    template = needed()
    for language in PLURAL_FORMS:
        catalogue = read(language)
        catalogue.merge(template)
        catalogue[:] = sorted((entry for entry in catalogue if not entry.obsolete), key=_key)
        path_of(language).parent.mkdir(parents=True, exist_ok=True)
        catalogue.save(str(path_of(language)))


def compile_all() -> None:
    """Write the .mo file beside each .po file that changed."""
    for source in LOCALE_DIR.glob("*/LC_MESSAGES/*.po"):
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            polib.pofile(str(source)).save_as_mofile(str(target))


def needed() -> polib.POFile:
    """The messages that a catalogue must have: those of our code and those of other packages."""
    template = extracted()
    ours = {_key(entry) for entry in template}
    template.extend(entry for entry in polib.pofile(str(FRAMEWORK)) if _key(entry) not in ours)
    return template


def extracted() -> polib.POFile:
    """The messages that the code and the templates have now."""
    with tempfile.TemporaryDirectory() as folder:
        files = [str(path) for path in _ours("*.py")]
        for number, template in enumerate([*_ours("*.html"), *_ours("*.txt")]):
            code = Path(folder) / f"{number}.py"
            code.write_text(templatize(template.read_text(encoding="utf-8"), origin=str(template)), encoding="utf-8")
            files.append(str(code))
        keywords = [f"--keyword={keyword}" for keyword in KEYWORDS]
        options = ["--language=Python", "--from-code=UTF-8", "--no-location", "--files-from=-", "--output=-"]
        result = subprocess.run(
            ["xgettext", *options, *keywords], input="\n".join(files), capture_output=True, text=True, check=True
        )
    return polib.pofile(result.stdout)


def _ours(pattern: str) -> Iterator[Path]:
    for folder in OURS:
        yield from (BASE_DIR / folder).rglob(pattern)


def problems() -> Iterator[str]:
    """Everything that keeps a catalogue from being complete."""
    template = {_key(entry) for entry in needed()}
    for language, plural_forms in PLURAL_FORMS.items():
        catalogue = read(language)
        if catalogue.metadata.get("Plural-Forms") != plural_forms:
            yield f"{language}: the header must say {plural_forms!r}"
        entries = {_key(entry): entry for entry in catalogue if not entry.obsolete}
        yield from (f"{language}: missing {key}" for key in sorted(template - entries.keys()))
        yield from (f"{language}: no longer used {key}" for key in sorted(entries.keys() - template))
        for entry in entries.values():
            yield from (f"{language}: {entry.msgid!r}: {text}" for text in _faults(entry, forms_of(language)))


def forms_of(language: str) -> int:
    """How many plural forms a message of the language has."""
    return int(re.match(r"nplurals=(\d)", PLURAL_FORMS[language])[1])


def _key(entry: polib.POEntry) -> tuple[str, str, str]:
    return (entry.msgctxt or "", entry.msgid, entry.msgid_plural or "")


def _faults(entry: polib.POEntry, forms: int) -> Iterator[str]:
    texts = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
    if entry.fuzzy:
        yield "fuzzy"
    if not all(text.strip() for text in texts) or (entry.msgid_plural and len(texts) != forms):
        yield "not translated"
        return
    variables = set(VARIABLE.findall(entry.msgid_plural or entry.msgid))
    for text in texts:
        yield from _faults_of_text(text, variables)


def _faults_of_text(text: str, variables: set[str]) -> Iterator[str]:
    found = set(VARIABLE.findall(text))
    if unknown := found - variables:
        yield f"unknown variable {sorted(unknown)}"
    if variables - found:
        yield "a variable is missing"
    words = PLACEHOLDER.sub(" ", text)
    if mixed := MIXED_WORD.search(words):
        yield f"Latin letters in the word {mixed.group()!r}"
    if FOREIGN_QUOTE.search(words):
        yield "quotation marks must be « »"
    if "№ " in text:
        yield "№ must be followed by U+00A0"


def main(arguments: list[str] | None = None) -> int:
    """Do as told; 1 when `check` found something."""
    parser = argparse.ArgumentParser(prog="python -m voucher_portal.catalogues", description=__doc__)
    parser.add_argument("action", choices=["compile", "update", "check"])
    action = parser.parse_args(arguments).action
    if action == "check":
        return _report(list(problems()))
    update_all() if action == "update" else compile_all()
    return 0


def _report(found: list[str]) -> int:
    sys.stdout.write("".join(f"{problem}\n" for problem in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
