"""Members and identities: numbers come to one member, and what is announced follows without a gap."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.member.domain.identity import WORLD, Identity, IdentityKind, masked
from services.member.domain.member import Member, NewName, NumbersOfTwoMembers, admitted, owner_of
from services.member.domain.phone import read_phone

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ID, OTHER = "0192f0c4-7b2a-7c3e-8f10-a2b3c4d5e001", "0192f0c4-7b2a-7c3e-8f10-a2b3c4d5f001"
NUMBERS = st.lists(
    st.tuples(st.sampled_from(["hotel", "office"]), st.text(min_size=1)), unique=True, max_size=6
)


def _identity(member: str, value: str) -> Identity:
    return Identity(IdentityKind.UNIT_NUMBER, "hotel", value, member, START)


@given(NUMBERS, st.booleans(), st.booleans())
def test_versions_follow_each_other_event_by_event(
    numbers: list[tuple[str, str]], known: bool, with_phone: bool
) -> None:
    before = Member(ID, 4, START, "importer") if known else None
    names = [NewName(IdentityKind.UNIT_NUMBER, unit, number) for unit, number in numbers]
    if with_phone:
        names.insert(len(names) // 2, NewName(IdentityKind.PHONE, WORLD, "+8613800138000"))
    admission = admitted(before, ID, "importer", names, START)
    first = 5 if known else 1
    assert [event.seq for event in admission.events] == list(range(first, first + len(admission.events)))
    assert admission.member.version == (admission.events[-1].seq if admission.events else 4)
    assert {event.key for event in admission.events} <= {admission.member.shown}
    assert len(admission.identities) == len(names)


@given(NUMBERS)
def test_a_phone_never_travels_in_an_event(numbers: list[tuple[str, str]]) -> None:
    names = [NewName(IdentityKind.UNIT_NUMBER, unit, number) for unit, number in numbers]
    names.append(NewName(IdentityKind.PHONE, WORLD, "+8613912345678"))
    admission = admitted(None, ID, "importer", names, START)
    assert all(
        "13912345678" not in repr(event) for event in admission.events if event.data.get("number") != "x"
    )


def test_numbers_of_two_members_are_not_guessed_to_be_one_person() -> None:
    assert owner_of([]) is None
    assert owner_of([_identity(ID, "1"), _identity(ID, "2")]) == ID
    with pytest.raises(NumbersOfTwoMembers):
        owner_of([_identity(ID, "1"), _identity(OTHER, "2")])


@pytest.mark.parametrize("text", ["13800138000", "+86 138 0013 8000", "+8613800138000", "138-0013-8000"])
def test_a_phone_has_one_spelling_however_it_is_written(text: str) -> None:
    phone = read_phone(text)
    assert phone is not None
    assert phone.e164 == "+8613800138000"
    assert phone.range_known


@pytest.mark.parametrize("text", ["", "12", "hello", "+8613800138000 ext. 5", "+999123456789", "1" * 30])
def test_what_no_network_could_call_is_no_phone(text: str) -> None:
    assert read_phone(text) is None


def test_an_unknown_range_is_a_flag_and_no_refusal() -> None:
    phone = read_phone("+8611200138000")
    assert phone is not None
    assert not phone.range_known


@given(st.integers(10**7, 10**14).map(lambda number: f"+{number}"))
def test_a_masked_phone_does_not_tell_the_middle(phone: str) -> None:
    shown = masked(phone)
    assert "****" in shown
    assert len(shown.replace("*", "")) <= len(phone) - 4
