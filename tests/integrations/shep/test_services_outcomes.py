"""What the business layer of an answer amounts to, for every state database."""

import pytest
from lxml import etree

from integrations.safe_xml import MAX_BYTES, BadMessage
from integrations.shep.registers import Outcome
from integrations.shep.services.catalogue import REGISTERS
from tests.integrations.shep.services_examples import answer_of
from tests.patience import no_hang

REAL = ["GBDFL", "GBDUL", "KGD"]
PROFILED = [code for code in REGISTERS if code not in REAL]
PROFILE = "urn:voucher-portal:shep:1"


def changed(code, name, text):
    """The recorded answer with another text in the first element of that name."""
    data = answer_of(code)
    element = data.xpath(f"(.//*[local-name()='{name}'])[1]")[0]
    for child in list(element):
        element.remove(child)
    element.text = text
    return data


def without(data, *names):
    """`data` without the elements of these names."""
    for name in names:
        for element in data.xpath(f".//*[local-name()='{name}']"):
            element.getparent().remove(element)
    return data


def read(code, data):
    return REGISTERS[code].read(data)


@pytest.mark.parametrize("code", REGISTERS)
def test_found(code):
    assert read(code, answer_of(code)).outcome is Outcome.FOUND


@pytest.mark.parametrize("code", REGISTERS)
def test_an_empty_answer_has_no_data(code):
    assert read(code, etree.Element("data")).outcome is Outcome.NO_DATA


@pytest.mark.parametrize("code", REGISTERS)
def test_an_answer_to_another_question_is_refused(code):
    data = etree.Element("data")
    etree.SubElement(data, "something")
    with pytest.raises(BadMessage):
        read(code, data)


@pytest.mark.parametrize("code", REGISTERS)
def test_nothing_is_found_where_only_the_status_code_404_says_so(code):
    assert "404" in REGISTERS[code].not_found_codes


@pytest.mark.parametrize("code", PROFILED)
@pytest.mark.parametrize("result", ["NOT_FOUND", "NO_DATA", "DENIED", "ERROR"])
def test_a_profiled_register_says_that_it_has_nothing(code, result):
    found = read(code, without(changed(code, "result", result), "record"))
    assert (found.outcome, found.records) == (Outcome(result), ())
    assert result in found.reason


@pytest.mark.parametrize("code", PROFILED)
@pytest.mark.parametrize("result", ["NOT_FOUND", "NO_DATA", "DENIED", "ERROR"])
def test_a_profiled_register_contradicts_itself(code, result):
    found = read(code, changed(code, "result", result))
    assert (found.outcome, found.records) == (Outcome.ERROR, ())


@pytest.mark.parametrize("code", PROFILED)
def test_found_without_a_record_is_no_data(code):
    assert read(code, without(answer_of(code), "record")).outcome is Outcome.NO_DATA


@pytest.mark.parametrize("code", PROFILED)
@pytest.mark.parametrize("result", ["PERHAPS", "found", ""])
def test_an_unknown_result_is_an_error(code, result):
    found = read(code, without(changed(code, "result", result), "record"))
    assert found.outcome is Outcome.ERROR
    assert result in found.reason


@pytest.mark.parametrize("code", PROFILED)
@pytest.mark.parametrize("profile", ["OTHER/1", "", None])
def test_an_answer_of_another_profile_is_refused(code, profile):
    data = answer_of(code)
    del data[0].attrib["profile"]
    if profile is not None:
        data[0].set("profile", profile)
    with pytest.raises(BadMessage, match="profile"):
        read(code, data)


@pytest.mark.parametrize("code", PROFILED)
def test_the_source_says_how_fresh_it_is(code):
    assert read(code, answer_of(code)).actual_at.isoformat()[:5] == "2025-"
    assert read(code, without(answer_of(code), "actualAt")).actual_at is None


@pytest.mark.parametrize("code", REGISTERS)
def test_unknown_elements_are_ignored(code):
    data = answer_of(code)
    before = read(code, data).records
    for element in list(data.iter())[1:]:
        if len(element):
            element.insert(0, etree.fromstring('<n:news xmlns:n="urn:news"><n:a>1</n:a></n:news>'))
    assert read(code, data).records == before


@pytest.mark.parametrize("code", REGISTERS)
def test_elements_without_a_namespace_read_the_same(code):
    data = answer_of(code)
    before = read(code, data)
    for element in data.iter():
        element.tag = etree.QName(element).localname
    assert read(code, data) == before


@pytest.mark.parametrize(
    ("code", "name", "text"),
    [
        ("GBDFL", "iin", "19010159901"),
        ("GBDFL", "birthDate", "01.01.2019"),
        ("GBDFL", "removed", "maybe"),
        ("GBDUL", "RegistrationDate", "2024-13-03"),
        ("GBDUL", "BIN", "absent"),
        ("KGD", "totalArrear", "12 500,00"),
        ("KGD", "totalArrear", "0.001"),
        ("ELIC", "validityStartDate", "soon"),
        ("RN", "flourCount", "two"),
        ("SANEPID", "capacity", "120.5"),
        ("ENPF", "month", "October"),
        ("TREASURY", "amount", "1e9"),
        ("MED", "from", "2025-02-29"),
    ],
)
def test_what_does_not_fit_its_type_is_refused_by_name_and_without_its_value(code, name, text):
    with pytest.raises(BadMessage, match=name) as refused:
        read(code, changed(code, name, text))
    assert text not in refused.value.reason


@pytest.mark.parametrize("code", ["00404", "99999", "", "190101599018"])
def test_a_person_is_found_by_the_code_00000_only(code):
    found = read("GBDFL", changed("GBDFL", "messageResult", "") if not code else _person(code))
    assert found.outcome is Outcome.ERROR
    assert "190101599018" not in found.reason


def _person(code):
    data = answer_of("GBDFL")
    data.find("messageResult/code").text = code
    return data


def test_a_person_found_without_a_person_is_no_data():
    assert read("GBDFL", without(answer_of("GBDFL"), "person")).outcome is Outcome.NO_DATA
    assert read("GBDFL", without(answer_of("GBDFL"), "persons")).outcome is Outcome.NO_DATA


def test_a_person_answer_may_stand_in_an_element_of_its_own():
    inside = answer_of("GBDFL")
    inside.tag = "{http://message.persistence.interactive.nat}Response"
    data = etree.Element("data")
    data.append(inside)
    assert read("GBDFL", data) == read("GBDFL", answer_of("GBDFL"))


def test_a_person_without_names_is_a_person():
    found = read("GBDFL", without(answer_of("GBDFL"), "surname", "name", "patronymic"))
    assert found.outcome is Outcome.FOUND
    assert (found.records[0].last_name, found.records[0].iin) == (None, "190101599018")


def test_what_stops_a_person_is_read_in_the_form_of_the_xsd():
    data = answer_of("GBDFL")
    person = data.find("persons/person")
    person.find("removed").text = "true"
    person.append(etree.fromstring("<deathDate>2024-02-29+06:00</deathDate>"))
    person.append(etree.fromstring("<missingStatus><missing>true</missing></missingStatus>"))
    person.append(etree.fromstring("<excludeStatus><excludeReason><code>7</code></excludeReason></excludeStatus>"))
    stopped = read("GBDFL", data).records[0]
    assert (stopped.is_removed, stopped.is_missing, stopped.exclude_reason.code) == (True, True, "7")
    assert stopped.death_date.isoformat() == "2024-02-29"


@pytest.mark.parametrize(
    "status",
    ["<excludeStatus><excludeDate>2024-01-01</excludeDate></excludeStatus>", "<excludeStatus>3</excludeStatus>"],
)
def test_any_exclusion_of_a_person_counts(status):
    data = answer_of("GBDFL")
    data.find("persons/person").append(etree.fromstring(status))
    assert read("GBDFL", data).records[0].exclude_reason is not None


@pytest.mark.parametrize("code", ["031", "034", "035"])
def test_an_organisation_that_is_not_registered_is_not_found(code):
    found = read("GBDUL", without(changed("GBDUL", "Code", code), "Organization"))
    assert (found.outcome, found.reason[:3]) == (Outcome.NOT_FOUND, code)
    assert read("GBDUL", changed("GBDUL", "Code", code)).outcome is Outcome.ERROR


@pytest.mark.parametrize("code", ["001", "404", "", "2"])
def test_another_status_of_an_organisation_is_an_error(code):
    assert read("GBDUL", changed("GBDUL", "Code", code)).outcome is Outcome.ERROR


def test_founders_are_read_alone_or_in_a_list():
    data = answer_of("GBDUL")
    organisation = data[0].find("Organization")
    organisation.append(etree.fromstring("<FoundersFL><IIN>850630399010</IIN><SurName>ТЕСТОВ</SurName></FoundersFL>"))
    organisation.append(
        etree.fromstring(
            "<FoundersUL><FounderUL><BIN>250140990016</BIN></FounderUL><FounderUL><X/></FounderUL></FoundersUL>"
        )
    )
    founders = read("GBDUL", data).records[0].founders
    assert [(each.number, each.name) for each in founders] == [
        ("850630399010", "ТЕСТОВ"), ("250140990016", None), (None, None),
    ]  # fmt: skip


def test_liquidation_and_the_hyphen_for_nothing_are_understood():
    data = answer_of("GBDUL")
    organisation = data[0].find("Organization")
    organisation.append(etree.fromstring("<Liquidation><Date>2025-01-01</Date></Liquidation>"))
    organisation.append(etree.fromstring("<HeaderOrganization>250140990016</HeaderOrganization>"))
    organisation.find("Address/CityRu").text = "-"
    read_one = read("GBDUL", data).records[0]
    assert read_one.has_liquidation
    assert (read_one.head_organisation_bin, read_one.address.city) == ("250140990016", None)


@pytest.mark.parametrize("code", ["DENIED", "NOT_FOUND", "ok", "", "404"])
def test_another_code_of_the_tax_authority_is_never_no_debt(code):
    found = read("KGD", changed("KGD", "responseCode", code))
    assert (found.outcome, found.records) == (Outcome.ERROR, ())


def test_a_tax_answer_without_any_sum_says_nothing():
    assert read("KGD", without(answer_of("KGD"), "totalArrear", "taxOrgInfo")).outcome is Outcome.NO_DATA


def test_the_sign_of_a_debt_stays_as_it_came():
    debt = read("KGD", changed("KGD", "totalArrear", "-12500.00")).records[0]
    assert str(debt.total_kzt) == "-12500.00"


def test_tax_is_as_fresh_as_the_oldest_office():
    assert read("KGD", answer_of("KGD")).actual_at.isoformat() == "2025-11-04T00:00:00+05:00"


def test_whose_number_it_is_may_stand_in_the_names_of_a_labour_contract():
    data = answer_of("ESUTD")
    before = read("ESUTD", data)
    for name, whose in (("bin", "employerBin"), ("iin", "employeeIin")):
        for element in data.xpath(f".//*[local-name()='record']/*[local-name()='{name}']"):
            element.tag = f"{{{PROFILE}}}{whose}"
    assert read("ESUTD", data) == before


@pytest.mark.parametrize(("code", "is_known"), [("0", True), ("5", False)])
def test_the_result_code_of_a_guardianship_is_looked_at(code, is_known):
    data = answer_of("ZAGS")
    guardianship = data.xpath(".//*[local-name()='guardianship']")[0]
    etree.SubElement(guardianship, f"{{{PROFILE}}}result_code").text = code
    if is_known:
        assert read("ZAGS", data).records[0].guardianships[0].guardian_iin == "850630399010"
    else:
        with pytest.raises(BadMessage, match="result_code"):
            read("ZAGS", data)


def test_the_words_of_the_other_side_come_without_numbers_and_not_at_length():
    data = without(changed("BORDER", "result", "DENIED"), "record")
    etree.SubElement(data[0], f"{{{PROFILE}}}resultText").text = "no right to 190101599018 " + "long " * 100
    reason = read("BORDER", data).reason
    assert reason.startswith("DENIED: no right to … long")
    assert len(reason) <= 300


@pytest.mark.parametrize("code", ["NOBD", "ENPF"])
def test_too_many_records_are_refused_and_the_most_are_read_in_good_time(code):
    data = answer_of(code)
    record = data.xpath(".//*[local-name()='record']")[0]
    smaller = etree.tostring(record, with_tail=False)
    count = min(10_000, MAX_BYTES // len(smaller))
    without(data, "record")
    data[0].extend(etree.fromstring(smaller) for _ in range(count))
    with no_hang():
        assert len(read(code, data).records) == count
    data[0].extend(etree.fromstring(smaller) for _ in range(10_001 - count))
    with pytest.raises(BadMessage, match="more than 10000"):
        read(code, data)
