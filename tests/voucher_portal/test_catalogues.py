"""The check of the message catalogues, and the catalogues themselves."""

import datetime
from pathlib import Path

import axes
import django
import polib
import pytest
import unfold
from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.template import engines
from django.utils import formats, translation
from django.utils.translation import ngettext

from voucher_portal import catalogues

DAY = datetime.date(2026, 10, 5)  # a Monday


@pytest.fixture
def faults(tmp_path, monkeypatch):
    """What `check` finds when the code has the entry's message and Kazakh has the entry."""
    monkeypatch.setattr(catalogues, "LOCALE_DIR", tmp_path)
    monkeypatch.setattr(catalogues, "PLURAL_FORMS", {"kk": catalogues.PLURAL_FORMS["kk"]})

    def check(entry: polib.POEntry, *, needed: bool = True, header: str = "") -> list[str]:
        monkeypatch.setattr(catalogues, "needed", lambda: [entry] if needed else [])
        catalogue = polib.POFile()
        catalogue.metadata = {"Plural-Forms": header or catalogues.PLURAL_FORMS["kk"]}
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
        ("Бiлiм %(month)s", "Latin letters"),  # Latin i
        ("Bілім %(month)s", "Latin letters"),  # Latin B
        ("Ай %(mont)s", "unknown variable"),
        ("Ай", "a variable is missing"),
        ('"Ай" %(month)s', "quotation marks"),
        ("№ %(month)s", "U+00A0"),
    ],
)
def test_a_broken_translation_is_named(faults, text, fault):
    assert fault in " ".join(faults(polib.POEntry(msgid="Month %(month)s", msgstr=text)))


def test_latin_words_beside_kazakh_ones_are_no_fault(faults):
    entry = polib.POEntry(msgid="Sign with NCALayer", msgstr="<b>NCALayer</b> арқылы қол қою, PDF-файл")
    assert faults(entry) == []


@pytest.mark.parametrize(
    ("forms_of_child", "fault"),
    [
        ({0: "%(n)s бала", 1: ""}, "not translated"),
        ({0: "%(n)s бала"}, "not translated"),
        ({0: "бала", 1: "%(n)s бала"}, "a variable is missing"),
    ],
)
def test_every_plural_form_has_its_text_and_its_number(faults, forms_of_child, fault):
    entry = polib.POEntry(msgid="%(n)s child", msgid_plural="%(n)s children", msgstr_plural=forms_of_child)
    assert fault in " ".join(faults(entry))


def test_a_header_with_another_number_of_plural_forms_is_named(faults):
    entry = polib.POEntry(msgid="Month", msgstr="Ай")
    assert "the header must say" in faults(entry, header="nplurals=1; plural=0;")[0]


def test_a_guess_that_nobody_confirmed_is_named(faults):
    assert faults(polib.POEntry(msgid="Month", msgstr="Ай", flags=["fuzzy"])) == ["kk: 'Month': fuzzy"]


def test_a_message_that_nothing_uses_is_named(faults):
    assert "no longer used" in faults(polib.POEntry(msgid="Month", msgstr="Ай"), needed=False)[0]


def test_messages_are_found_in_code_and_templates():
    messages = {entry.msgid for entry in catalogues.extracted()}
    assert "Something went wrong" in messages, "a template's"
    assert "name in Russian" in messages, "a model's"


def test_both_catalogues_are_complete():
    assert list(catalogues.problems()) == []


def test_russian_has_three_plural_forms_and_kazakh_two():
    assert (catalogues.forms_of("ru"), catalogues.forms_of("kk")) == (3, 2)


@pytest.mark.parametrize(
    ("language", "count", "words"),
    [
        ("ru", 1, "ребёнок"),
        ("ru", 2, "ребёнка"),
        ("ru", 5, "детей"),
        ("ru", 11, "детей"),
        ("ru", 21, "ребёнок"),
        ("ru", 112, "детей"),
        ("kk", 1, "бала"),
        ("kk", 5, "бала"),
    ],
)
def test_a_count_takes_the_form_of_its_number(language, count, words):
    with translation.override(language):
        assert ngettext("%(count)s child", "%(count)s children", count) == f"%(count)s {words}"


def _words_of(package) -> str:
    """Everything in a package where a message may stand, in one text."""
    folder = Path(package.__file__).parent
    files = [path for pattern in ("*.py", "*.html", "en/LC_MESSAGES/django.po") for path in folder.rglob(pattern)]
    text = "\n".join(path.read_text(encoding="utf-8", errors="ignore") for path in files)
    return text.replace('"\n"', "").replace('\\"', '"')


def test_the_packages_still_have_every_message_that_we_say_for_them():
    theirs = "".join(map(_words_of, [django, unfold, axes]))
    messages = [entry.msgid for entry in polib.pofile(str(catalogues.FRAMEWORK))]
    assert [message for message in messages if message not in theirs] == []


@pytest.mark.parametrize(
    ("language", "full", "month", "short"),
    [
        ("ru", "понедельник, 5 октября 2026", "октябрь", "пн 5 окт"),
        ("kk", "дүйсенбі, 5 қазан 2026", "қазан", "дс 5 қаз"),
    ],
)
def test_days_and_months_on_a_page_are_in_its_language_with_small_letters(language, full, month, short):
    page = engines["django"].from_string('{{ day|date:"l, j E Y" }}|{{ day|date:"F" }}|{{ day|date:"D j b" }}')
    with translation.override(language):
        assert page.render({"day": DAY}).split("|") == [full, month, short]


@pytest.mark.parametrize(("language", "words"), [("ru", "5\xa0октября 2026\xa0г."), ("kk", "2026\xa0ж. 5\xa0қазан")])
def test_a_date_in_a_sentence_has_the_form_of_the_language(language, words):
    with translation.override(language):
        assert formats.date_format(DAY) == words


class _Form(forms.Form):
    count = forms.IntegerField(min_value=3)
    cost = forms.DecimalField(max_digits=5, decimal_places=2)
    day = forms.DateField()
    kind = forms.ChoiceField(choices=[("a", "A")])
    name = forms.CharField(max_length=3)
    missing = forms.CharField()


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "ru",
            [
                "Значение должно быть не меньше 3.",
                "После запятой может быть не больше 2 цифр.",
                "Введите дату в виде 05.10.2026.",
                "Выберите значение из списка: «b» в нём нет.",
                "Введите не больше 3 знаков (сейчас 4).",
                "Заполните это поле.",
            ],
        ),
        (
            "kk",
            [
                "Мән мынадан кем болмауы керек: 3.",
                "Үтірден кейін ең көбі 2 цифр болады.",
                "Күнді 05.10.2026 түрінде енгізіңіз.",
                "Тізімнен мән таңдаңыз: «b» тізімде жоқ.",
                "Ең көбі 3 таңба енгізіңіз (қазір 4).",
                "Бұл өрісті толтырыңыз.",
            ],
        ),
    ],
)
def test_what_a_form_refuses_is_said_in_our_words(language, expected):
    typed = {"count": "1", "cost": "1.999", "day": "x", "kind": "b", "name": "long"}
    with translation.override(language):
        assert [str(error) for found in _Form(typed).errors.values() for error in found] == expected


@pytest.mark.parametrize(("language", "word"), [("ru", "не меньше 10 знаков"), ("kk", "кемінде 10 таңба")])
def test_what_is_wrong_with_a_password_is_said_in_our_words(language, word):
    with translation.override(language), pytest.raises(ValidationError) as refused:
        password_validation.validate_password("12345")
    assert word in " ".join(refused.value.messages)
