"""Names: order of the alphabet, folded search, forms; the database makes the same keys as Python."""

import pytest
from django.db import connection
from django.utils.translation import override

from accounts.models import Organisation
from tests.factories import OrganisationFactory, UserFactory
from voucher_portal import people

NAMES = ["Әділет", "Бақыт", "Ғалым", "Дана", "Елена", "Ёлка", "Йод", "Қайрат", "Лаура", "Ңа", "Олжас", "Өркен"]
NAMES += ["Садық", "Ұлан", "Үміт", "Фарида", "Хасен", "Һанзада", "Цой", "Шынар", "Ынтымақ", "Ізгі", "Эльвира", "Яна"]


def test_names_sort_in_the_order_of_the_42_letters():
    assert sorted(set(NAMES), key=people.sort_key) == NAMES


def test_the_alphabet_has_42_letters_in_rising_code_points():
    keys = [people.sort_key(letter) for letter in people.ALPHABET]
    assert len(keys) == 42
    assert keys == sorted(set(keys))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Ан Борис", "Анов Азат"),  # a space comes before any letter
        ("№ 2 ән", "Ән"),  # digits too
        ("Ясная", "Smith"),  # Latin letters after Cyrillic ones
        ("«Айгөлек»", "Балапан"),  # quotation marks do not count
    ],
)
def test_a_shorter_surname_digits_and_quotes_have_their_place(first, second):
    assert people.sort_key(first) < people.sort_key(second)


def test_the_order_does_not_know_capital_letters():
    assert people.sort_key("ҚАЙРАТ") == people.sort_key("қайрат")


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Қайрат", "кайрат"),
        ("Ғалымжан", "Галимжан"),
        ("Әсел", "Асель"),
        ("Өркен Ұлан Үміт", "ОРКЕН улан умит"),
        ("Жеңіс", "Женис"),
        ("Һанзада", "Ханзада"),
        ("Алёна", "алена"),
        ("Smith", "SMITH"),
    ],
)
def test_search_finds_kazakh_names_typed_without_kazakh_letters(written, typed):
    assert people.fold(written) == people.fold(typed)


@pytest.mark.django_db
@pytest.mark.parametrize("text", [*NAMES, people.ALPHABET, people.ALPHABET.lower(), "«О'Нил-Қызы» „Smith“ № 12 ъЬ"])
def test_the_database_makes_the_same_keys(text):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT translate(%s, %s, %s), translate(%s, %s, %s)",
            [text, people.SORT_FROM, people.SORT_TO, text, people.FOLD_FROM, people.FOLD_TO],
        )
        assert cursor.fetchone() == (people.sort_key(text), people.fold(text))


@pytest.mark.django_db
def test_stored_keys_are_those_of_python():
    user = UserFactory(last_name="Сейтқали", first_name="Айша", middle_name="Асқарқызы")
    user.refresh_from_db()
    assert user.sort_key == people.sort_key("Сейтқали Айша Асқарқызы")


@pytest.mark.django_db
def test_organisations_sort_by_the_key_whatever_the_collation_of_the_database():
    for name in reversed(NAMES):
        OrganisationFactory(name_kk=f"«{name}»")
    found = Organisation.objects.order_by("sort_key_kk").values_list("name_kk", flat=True)
    assert list(found) == [f"«{name}»" for name in NAMES]


@pytest.mark.django_db
def test_a_fold_key_can_be_made_in_a_query():
    OrganisationFactory(name_ru="Школа «Қарлығаш»")
    found = Organisation.objects.alias(key=people.FoldKey("name_ru", "bin")).filter(
        key__contains=people.fold("Карлигаш")
    )
    assert found.count() == 1


@pytest.mark.parametrize(
    ("language", "names", "expected"),
    [
        ("ru", ("Сейтқали", "Айша", "Асқарқызы"), "Сейтқали А. А."),
        ("kk", ("Сейтқали", "Айша", "Асқарқызы"), "А.А. Сейтқали"),
        ("ru", ("Сейтқали", "Айша", ""), "Сейтқали А."),
        ("kk", ("Сейтқали", "Айша", ""), "А. Сейтқали"),
        ("ru", ("Сейтқали", "", ""), "Сейтқали"),
        ("kk", ("Сейтқали", "", ""), "Сейтқали"),
    ],
)
def test_initials_stand_where_the_language_puts_them(language, names, expected):
    with override(language):
        assert people.short_name(*names).replace("\xa0", " ") == expected


def test_a_missing_patronymic_leaves_no_gap():
    assert people.full_name("Сейтқали", "Айша", "") == "Сейтқали Айша"
