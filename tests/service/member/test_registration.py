"""Registration by systems, over HTTP: a person is one member, whoever says it and however often."""

import time
from concurrent.futures import ThreadPoolExecutor

import orjson

from contracts.catalogue import EVENTS, written
from services.member.settings import DEMO_STAFF
from shared.kernel.ids import read
from tests.service.member.running import Running, System, fresh_key

UNITS = ("residential", "mall-east", "mall-west", "hotel", "office", "property")


def _persons(first: int, until: int) -> dict[str, list[dict[str, object]]]:
    numbers = [str(number) for number in range(first, until)]
    return {"persons": [{"reference": number, "numbers": dict.fromkeys(UNITS, number)} for number in numbers]}


def _members(answer: dict[str, list[dict[str, dict[str, str]]]]) -> list[str]:
    return [item["body"]["member"] for item in answer["results"]]


def test_a_years_households_are_registered_in_three_calls(member: Running, importer: System) -> None:
    began = time.monotonic()
    answers = [
        importer.post("/member/v1/persons/bulk", _persons(first, min(first + 1_000, 2_470)))
        for first in range(1, 2_470, 1_000)
    ]
    took = time.monotonic() - began
    print(f"2,469 persons with six numbers each in {took:.2f} s")
    assert {item["status"] for answer in answers for item in answer.json()["results"]} == {201}
    assert len({name for answer in answers for name in _members(answer.json())}) == 2_469
    assert member.rows("SELECT count(*) FROM identities WHERE kind = 'unit-number'") == [(2_469 * 6,)]
    # Three seconds on a quiet machine; a test run that shares two cores with others gets four times that.
    assert took <= 12.0


def test_a_batch_sent_again_gives_the_same_members_and_changes_nothing(
    member: Running, importer: System
) -> None:
    key, body = fresh_key(), _persons(100_000, 100_050)
    first = importer.post("/member/v1/persons/bulk", body, key).json()
    events = member.rows("SELECT count(*) FROM outbox")
    again = importer.post("/member/v1/persons/bulk", body, key).json()
    other_key = importer.post("/member/v1/persons/bulk", body).json()
    assert _members(first) == _members(again) == _members(other_key)
    assert {item["replayed"] for item in again["results"]} == {True}
    assert {item["replayed"] for item in other_key["results"]} == {False}
    assert member.rows("SELECT count(*) FROM outbox") == events


def test_an_item_with_another_body_under_its_key_is_refused_alone(importer: System) -> None:
    persons = [{"reference": "a", "numbers": {"hotel": "h-1"}, "key": fresh_key()}]
    assert (
        importer.post("/member/v1/persons/bulk", {"persons": persons}).json()["results"][0]["status"] == 201
    )
    changed = [{**persons[0], "numbers": {"hotel": "h-2"}}, {"reference": "b", "numbers": {"hotel": "h-3"}}]
    refused, accepted = importer.post("/member/v1/persons/bulk", {"persons": changed}).json()["results"]
    assert (refused["status"], refused["body"]["code"]) == (422, "key-reused")
    assert accepted["status"] == 201


def test_events_tell_each_members_story_without_a_gap_and_without_a_phone(
    member: Running, importer: System
) -> None:
    phone = "+8613700000001"
    person = {"reference": "story", "numbers": {"hotel": "story-1"}, "phone": phone}
    name = importer.post("/member/v1/persons", person).json()["member"]
    more = {"reference": "story", "numbers": {"hotel": "story-1", "office": "story-2"}}
    assert importer.post("/member/v1/persons", more).json()["member"] == name
    told = member.rows("SELECT type, seq, data FROM outbox WHERE key = %s ORDER BY id", name)
    assert [(type_, seq) for type_, seq, _ in told] == [
        ("member.member.registered", 1),
        ("member.identity.linked", 2),
        ("member.identity.linked", 3),
    ]
    for type_, _, text in told:
        assert phone[3:] not in text
        assert written(type_, orjson.loads(text))
        assert type_ in EVENTS


def test_numbers_of_two_members_are_no_one_person(importer: System) -> None:
    for place in ("1", "2"):
        person = {"reference": place, "numbers": {"hotel": f"two-{place}"}}
        assert importer.post("/member/v1/persons", person).status_code == 201
    both = {"reference": "3", "numbers": {"hotel": "two-1", "office": "two-3", "mall-east": "two-1"}}
    assert importer.post("/member/v1/persons", both).status_code == 201
    crossed = {"reference": "4", "numbers": {"office": "two-3", "hotel": "two-2"}}
    answer = importer.post("/member/v1/persons", crossed)
    assert (answer.status_code, answer.json()["code"]) == (409, "numbers-of-two-members")


def test_fifty_registrations_of_one_number_at_once_are_one_member(member: Running, till: System) -> None:
    def register(place: int) -> str:
        body = {
            "number": ("crowd", "CROWD", " Crowd", "ｃｒｏｗｄ")[place % 4],
            "phone": f"+86137000001{place:02d}",
        }
        answer = till.post("/member/v1/members/numbers", body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["member"])

    with ThreadPoolExecutor(20) as crowd:
        assert len(set(crowd.map(register, range(50)))) == 1
    assert member.rows("SELECT count(*) FROM identities WHERE value = 'CROWD'") == [(1,)]


def test_a_number_typed_in_many_ways_is_one_member_and_is_announced_in_its_one_spelling(
    member: Running, till: System, importer: System
) -> None:
    typed = ["vip-a1", "VIP-A1", " Vip-A1 ", "ＶＩＰ－ａ１"]
    answers = [till.post("/member/v1/members/numbers", {"number": number}) for number in typed]
    assert [answer.status_code for answer in answers] == [201] * 4
    (told,) = {orjson.dumps(answer.json()) for answer in answers}
    name = orjson.loads(told)["member"]
    assert orjson.loads(told)["number"] == "VIP-A1"
    bulk = till.post(
        "/member/v1/members/numbers/bulk", {"numbers": [{"number": one} for one in typed]}
    ).json()
    assert set(_members(bulk)) == {name}
    for number in typed:
        person = {"reference": number, "numbers": {"hotel": number}}
        assert importer.post("/member/v1/persons", person).json()["member"] == name
    linked = member.rows("SELECT data FROM outbox WHERE key = %s AND type = 'member.identity.linked'", name)
    assert [orjson.loads(data)["number"] for (data,) in linked] == ["VIP-A1"]
    assert member.rows("SELECT value FROM identities WHERE member::text = %s", read("mem", name)) == [
        ("VIP-A1",)
    ]


def test_a_number_that_its_one_spelling_leaves_nothing_of_or_makes_too_long_is_refused(till: System) -> None:
    for number in (" ", "\u3000", "\ufdfa" * 4, "ß" * 33):
        answer = till.post("/member/v1/members/numbers", {"number": number})
        assert answer.status_code == 422, number
        assert [fault["pointer"] for fault in answer.json()["faults"]] == ["/number"]


def test_a_phone_that_a_unit_states_links_nothing(member: Running, till: System) -> None:
    phone = "+8613700000002"
    numbers = [{"number": f"stated-{place}", "phone": phone} for place in range(3)]
    answer = till.post("/member/v1/members/numbers/bulk", {"numbers": numbers}).json()
    assert len(set(_members(answer))) == 3
    assert member.rows("SELECT count(*) FROM stated_phones WHERE phone = %s", phone) == [(3,)]
    assert member.rows("SELECT count(*) FROM identities WHERE value = %s", phone) == [(0,)]
    assert member.sign_in(phone)["member"] not in _members(answer)


def test_a_till_registers_numbers_of_its_own_unit_alone(member: Running, till: System) -> None:
    name = till.post("/member/v1/members/numbers", {"number": "own"}).json()["member"]
    assert till.post("/member/v1/members/numbers", {"number": "own", "unit": "office"}).status_code == 422
    assert till.post("/member/v1/persons", {"reference": "1", "numbers": {"office": "x"}}).status_code == 403
    (scope,) = member.rows("SELECT scope FROM identities WHERE value = 'OWN'")[0]
    assert scope == "hotel"
    office = member.system("till-office", "unit-system", "office")
    assert office.post("/member/v1/members/numbers", {"number": "own"}).json()["member"] != name


def test_a_demo_phone_of_an_importer_signs_in_as_its_person(member: Running, importer: System) -> None:
    phone = "+8613700000003"
    person = {"reference": "demo", "numbers": {"hotel": "demo-1"}}
    name = importer.post("/member/v1/persons", person).json()["member"]
    # The phone comes later: it is linked to the member who has the number, and nothing is announced.
    events = member.rows("SELECT count(*) FROM outbox")
    for _ in range(2):
        assert importer.post("/member/v1/persons", {**person, "phone": phone}).json()["member"] == name
    assert member.rows("SELECT count(*) FROM outbox") == events
    assert member.sign_in(phone)["member"] == name


def test_an_importer_may_state_when_it_was(member: Running, importer: System) -> None:
    at = "2017-01-01T06:53:26+08:00"
    person = {"reference": "old", "numbers": {"hotel": "old-1"}, "at": at}
    name = importer.post("/member/v1/persons", person).json()["member"]
    told = member.rows("SELECT DISTINCT occurred_at::text FROM outbox WHERE key = %s", name)
    assert told == [("2016-12-31 22:53:26+00",)]


def test_the_staff_of_the_settings_stand_in_the_table(member: Running) -> None:
    people = member.rows("SELECT subject FROM staff WHERE active ORDER BY subject")
    assert [subject for (subject,) in people] == sorted(entry.split("=")[0] for entry in DEMO_STAFF.split())
