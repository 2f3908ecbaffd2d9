import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.emulators.messages_sms import count_parts
from integrations.messages.segments import Encoding, Segments, segments

GSM, UCS = Encoding.GSM_7, Encoding.UCS_2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Segments(GSM, 1, 0)),
        ("a" * 160, Segments(GSM, 1, 160)),
        ("a" * 161, Segments(GSM, 2, 161)),
        ("a" * 306, Segments(GSM, 2, 306)),
        ("a" * 307, Segments(GSM, 3, 307)),
        ("€" * 80, Segments(GSM, 1, 160)),
        ("€" * 81, Segments(GSM, 2, 162)),
        ("a" * 152 + "€" * 5, Segments(GSM, 2, 162)),
        ("я" * 70, Segments(UCS, 1, 70)),
        ("я" * 71, Segments(UCS, 2, 71)),
        ("я" * 134, Segments(UCS, 2, 134)),
        ("я" * 135, Segments(UCS, 3, 135)),
        ("a" * 69 + "ә", Segments(UCS, 1, 70)),
        ("a" * 70 + "қ", Segments(UCS, 2, 71)),
        ("Voucher: 55 659 ₸", Segments(UCS, 1, 17)),
        ("😀" * 35, Segments(UCS, 1, 70)),
        ("😀" * 36, Segments(UCS, 2, 72)),
        ("😀" * 67, Segments(UCS, 3, 134)),
    ],
)
def test_parts_are_counted_as_networks_do(text, expected):
    assert segments(text) == expected


def test_neither_an_escape_nor_a_pair_is_cut_in_two():
    # 153 septets hold 76 signs of two septets, 67 units hold 33 pairs; the odd place stays empty.
    assert segments("€" * 153).parts == 3
    assert segments("😀" * 66).parts == 2


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=500))
def test_the_parts_hold_all_units_and_the_gateway_never_counts_more(text):
    counted = segments(text)
    alone, together = {GSM: (160, 153), UCS: (70, 67)}[counted.encoding]
    assert counted.units <= (alone if counted.parts == 1 else together * counted.parts)
    if counted.encoding == UCS:
        assert count_parts(text) <= counted.parts
