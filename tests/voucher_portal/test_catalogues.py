"""The check of the message catalogues."""

import polib
import pytest

from voucher_portal import catalogues


@pytest.fixture
def faults(tmp_path, monkeypatch):
    """What `check` finds when the code has the entry's message and Kazakh has the entry."""
    monkeypatch.setattr(catalogues, "LOCALE_DIR", tmp_path)
    monkeypatch.setattr(catalogues, "PLURAL_FORMS", {"kk": catalogues.PLURAL_FORMS["kk"]})

    def check(entry: polib.POEntry, *, needed: bool = True) -> list[str]:
        monkeypatch.setattr(catalogues, "extracted", lambda: [entry] if needed else [])
        catalogue = polib.POFile()
        catalogue.append(entry)
        catalogues.path_of("kk").parent.mkdir(parents=True, exist_ok=True)
        catalogue.save(str(catalogues.path_of("kk")))
        return list(catalogues.problems())

    return check


def test_a_complete_catalogue_has_no_faults(faults):
    assert faults(polib.POEntry(msgid="Month", msgstr="Ай")) == []
    plural = {0: "%(n)s бала", 1: "%(n)s бала"}
    assert faults(polib.POEntry(msgid="%(n)s child", msgid_plural="%(n)s children", msgstr_plural=plural)) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "not translated"),
        ("Бiлiм", "Latin letters"),  # Latin i
        ("Bілім", "Latin letters"),  # Latin B
        ("Ай %(mont)s", "unknown variable"),
        ("Ай", "a variable is missing"),
    ],
)
def test_a_broken_translation_is_named(faults, text, fault):
    assert fault in " ".join(faults(polib.POEntry(msgid="Month %(month)s", msgstr=text)))


def test_latin_words_beside_kazakh_ones_are_no_fault(faults):
    entry = polib.POEntry(msgid="Sign with NCALayer", msgstr="<b>NCALayer</b> арқылы қол қою, PDF-файл")
    assert faults(entry) == []


def test_a_plural_form_that_is_empty_is_named(faults):
    entry = polib.POEntry(msgid="child", msgid_plural="children", msgstr_plural={0: "бала", 1: ""})
    assert faults(entry) == ["kk: 'child': not translated"]


def test_a_guess_that_nobody_confirmed_is_named(faults):
    assert faults(polib.POEntry(msgid="Month", msgstr="Ай", flags=["fuzzy"])) == ["kk: 'Month': fuzzy"]


def test_a_message_that_nothing_uses_is_named(faults):
    assert "no longer used" in faults(polib.POEntry(msgid="Month", msgstr="Ай"), needed=False)[0]


def test_messages_are_found_in_code_and_templates():
    messages = {entry.msgid for entry in catalogues.extracted()}
    assert "Something went wrong" in messages, "a template's"
    assert "name in Russian" in messages, "a model's"
