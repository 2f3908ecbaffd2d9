import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.onec import letters
from integrations.onec.letters import Encoding, plain, unwritable
from integrations.onec.messages import BadFile, Reason

KAZAKH = "әғқңөұүһӘҒҚҢӨҰҮҺ"


def test_the_eight_letters_that_windows_lacks_are_transliterated_in_both_cases():
    assert plain("Әлия Ғани Қаңтар Өмір Ұлан Үш Һәм", Encoding.WINDOWS) == "Алия Гани Кантар Омір Улан Уш Хам"
    assert plain(KAZAKH, Encoding.WINDOWS) == "агкноуухАГКНОУУХ"


def test_utf8_keeps_every_kazakh_letter():
    assert plain(KAZAKH, Encoding.UTF8) == KAZAKH


def test_windows_keeps_the_kazakh_i_and_what_names_are_written_with():
    text = "«Қазына» № 1 – Іле ёЁ іІ “x”…"
    assert plain(text, Encoding.WINDOWS) == text.replace("Қ", "К")
    assert unwritable(plain(text, Encoding.WINDOWS), Encoding.WINDOWS) is None


def test_a_letter_in_two_pieces_is_put_together_before_it_is_looked_at():
    assert plain("Детскии\u0306", Encoding.WINDOWS) == "Детский"


def test_what_cannot_be_written_is_named_with_its_place():
    assert unwritable("Сад ☃", Encoding.WINDOWS) == (5, "☃")
    assert unwritable("Сад ☃", Encoding.UTF8) is None


@given(st.text(max_size=200), st.sampled_from(Encoding))
def test_a_plain_text_is_one_printable_line_of_bounded_length(text, encoding):
    value = plain(text, encoding)
    assert len(value) <= 140
    assert value.isprintable()
    assert value.splitlines() in ([], [value])
    assert value == value.strip()


@given(st.text(max_size=200))
def test_a_text_that_is_not_called_unwritable_can_be_written(text):
    value = plain(text, Encoding.WINDOWS)
    refused = unwritable(value, Encoding.WINDOWS)
    if refused:
        place, sign = refused
        assert value[place - 1] == sign
    else:
        assert value.encode("cp1251").decode("cp1251") == value


@pytest.mark.parametrize(
    ("content", "codec"),
    [
        pytest.param(b"\xef\xbb\xbf1CClientBankExchange", "utf-8", id="BOM"),
        pytest.param("Кодировка=Windows".encode(), "utf-8", id="UTF-8 that says Windows"),
        pytest.param("Кодировка=Windows".encode("cp1251"), "cp1251", id="Windows"),
        pytest.param("Кодировка=DOS".encode("cp866"), "cp866", id="DOS"),
        pytest.param("КОДИРОВКА=DOS".encode("cp866"), "cp866", id="DOS, other case"),
        pytest.param("Кодировка=UTF8\nАлия".encode("cp1251"), "cp1251", id="Windows that says UTF8"),
        pytest.param("Получатель=1С".encode("cp1251"), "cp1251", id="no word about it"),
        pytest.param("Кодировка=UTF8\nАлия".encode() + b"\xff", "utf-8", id="broken UTF-8"),
        pytest.param("Кодировка=UTF8\nАлия".encode()[:-1], "utf-8", id="UTF-8 cut inside a letter"),
        pytest.param(b"\xef\xbb\xbf\xcf\xee", "utf-8", id="BOM before what is no UTF-8"),
        pytest.param("Получатель=Алия".encode()[:-1], "cp1251", id="cut inside a letter, no word about it"),
        pytest.param(b"", "utf-8", id="nothing"),
    ],
)
def test_the_encoding_is_found_by_mark_then_utf8_then_header_then_windows(content, codec):
    assert letters.codec_of(content) == codec


def test_only_line_feeds_end_a_line():
    content = "a\x0bb\x0cc\x1cd\x85e\u2028f\rg\r\nh".encode()
    assert list(letters.lines_of(content, "utf-8")) == ["a\x0bb\x0cc\x1cd\x85e\u2028f\rg\r", "h"]


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=8), min_size=1), st.booleans())
def test_lines_come_out_whole_however_they_fall_on_the_chunks(lines, has_end):
    content = "\n".join([*lines, "x"] + [""] * has_end).encode()
    chunk, letters._CHUNK_BYTES = letters._CHUNK_BYTES, 64
    try:
        assert list(letters.lines_of(content, "utf-8")) == [*lines, "x"]
        assert letters.codec_of(content) == "utf-8"
    finally:
        letters._CHUNK_BYTES = chunk


@pytest.mark.parametrize("before", [0, 1, 100_000])
def test_a_line_that_is_no_text_is_named_by_its_number(before):
    content = b"x" * 20 + b"\n"
    with pytest.raises(BadFile) as refused:
        list(letters.lines_of(content * before + b"\x98\n" + content, "cp1251"))
    assert (refused.value.line, refused.value.reason) == (before + 1, Reason.NOT_TEXT)


def test_a_line_without_end_is_refused_before_it_is_read():
    with pytest.raises(BadFile) as refused:
        list(letters.lines_of(b"a\n" + b"x" * 3_000_000, "cp1251"))
    assert refused.value.reason == Reason.TOO_LONG
