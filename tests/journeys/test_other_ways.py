"""Points come and go other than by receipt and order: check-ins, grants by hand, gifts, balances."""

from __future__ import annotations

import re
from pathlib import Path

import httpx2
import pytest

from infra.opening.loader import NotThatFile, bring_in
from infra.opening.sheet_file import checked
from infra.replay.door import Door
from infra.seed.keys import signer_of
from tests.journeys.caller import Caller, fresh_key
from tests.journeys.group import Group, until
from tests.journeys.test_points_journey import earned, receipt, wallet


def test_a_member_checks_in_once_a_day_and_sees_the_streak(group: Group) -> None:
    group.open_months()
    member = group.member()
    before = member.get("/points/v1/check-ins").json()
    assert (before["checked_in"], before["streak"], before["points_next"]) == (False, 0, 1)
    first, again = (member.post("/points/v1/check-ins") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201), first.text
    assert first.json() == again.json()
    assert (first.json()["streak"], first.json()["points"], first.json()["asset"]) == (1, 1, "GRUP")
    after = member.get("/points/v1/check-ins").json()
    assert (after["checked_in"], after["streak"], after["points_next"]) == (True, 1, 2)
    assert after["recent"] == [{"day": after["day"], "streak": 1, "points": 1}]
    assert wallet(member) == {"GRUP": 1}
    (movement,) = member.get("/points/v1/journals").json()["data"]
    assert (movement["kind"], movement["unit"]) == ("check-in", "group")


def test_staff_give_and_take_by_two_persons_and_each_sees_their_own_units(group: Group) -> None:
    group.open_months()
    number = fresh_key()
    member = group.person(office=number)
    earned(group, "office", number, 10_000)
    first, second = group.staff("operator-1"), group.staff("finance-office")
    body = {
        "receiver": {"unit": "office", "number": number},
        "unit": "office",
        "points": 20,
        "reason": "门店道歉 for the noise",
    }
    asked = first.post("/points/v1/grants", body)
    assert (asked.status_code, asked.json()["state"]) == (201, "open"), asked.text
    grant = asked.json()["grant"]
    assert grant in [one["grant"] for one in second.get("/points/v1/grants").json()["data"]]
    own = first.post(f"/points/v1/grants/{grant}/approve")
    assert (own.status_code, own.json()["code"]) == (409, "another-person-needed")
    assert group.staff("finance-hotel").post(f"/points/v1/grants/{grant}/approve").status_code == 404
    seen = group.staff("finance-hotel").get("/points/v1/grants?state=all").json()["data"]
    assert {one["unit"] for one in seen} <= {"hotel"}
    assert second.post(f"/points/v1/grants/{grant}/approve").json()["state"] == "approved"
    assert wallet(member) == {"OFFI": 70}
    taken = second.post("/points/v1/deductions", {**body, "points": 30})
    path = f"/points/v1/deductions/{taken.json()['deduction']}"
    assert first.post(f"{path}/approve").json()["decided_by"] == "operator-1"
    assert wallet(member) == {"OFFI": 40}
    (line,) = [
        one
        for one in first.get("/points/v1/deductions?state=approved").json()["data"]
        if one["receiver"] == {"unit": "office", "number": number.upper()}
    ]
    assert (line["asked_by"], line["decided_by"], line["reason"]) == (
        "finance-office",
        "operator-1",
        "门店道歉 for the noise",
    )


def test_finance_names_neither_another_units_number_nor_another_unit(group: Group) -> None:
    finance = group.staff("finance-office")
    body = {"receiver": {"unit": "hotel", "number": "1"}, "unit": "office", "points": 1, "reason": "a slip"}
    assert finance.post("/points/v1/grants", body).status_code == 404
    other = {**body, "receiver": {"unit": "office", "number": "1"}, "unit": "hotel"}
    assert finance.post("/points/v1/deductions", other).status_code == 404
    both = {**body, "receiver": {"unit": "office", "number": "1", "member": f"mem_{'0' * 32}"}}
    assert finance.post("/points/v1/grants", both).status_code == 422


def proof_for(group: Group, member: Caller, gift: str) -> str:
    """Ask for a code for a gift, read it on the member's phone, and answer with it."""
    phone = member.facts["phone"]
    seen = len(group.texts_to(phone))
    assert member.post("/member/v1/confirmations", {"purpose": gift}).status_code == 202
    texts = until(lambda: found if len(found := group.texts_to(phone)) > seen else [])
    code = re.search(r"[0-9]{6}", texts[0])
    assert code is not None
    answer = member.post("/member/v1/confirmations/answer", {"purpose": gift, "code": code[0]})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["confirmation"])


def _accepted(answer: httpx2.Response) -> httpx2.Response | None:
    return answer if answer.status_code == 201 else None


def test_a_member_gives_points_to_another_who_has_never_been_anywhere(group: Group) -> None:
    group.open_months()
    number = fresh_key()
    giver, receiver = group.person(office=number), group.member()
    earned(group, "office", number, 40_000)
    body = {"receiver": {"member": receiver.facts["member"]}, "asset": "OFFI", "points": 120}
    # Points hear of a new member a moment after member does.
    prepared = until(
        lambda: one if (one := giver.post("/points/v1/gifts", body)).status_code == 201 else None
    )
    assert prepared is not None
    gift = prepared.json()["gift"]
    assert (prepared.json()["state"], wallet(giver)) == ("prepared", {"OFFI": 200})
    path = f"/points/v1/gifts/{gift}/confirm"
    for wrong in ("made.up.proof", giver.prove("", "", b"", None)["Authorization"].removeprefix("Bearer ")):
        refused = giver.post(path, {"confirmation": wrong})
        assert (refused.status_code, refused.json()["code"]) == (401, "wrong-confirmation")
    proof = proof_for(group, giver, gift)
    assert receiver.post(path, {"confirmation": proof}).status_code == 401
    other = giver.post("/points/v1/gifts", {**body, "points": 1}).json()["gift"]
    assert giver.post(f"/points/v1/gifts/{other}/confirm", {"confirmation": proof}).status_code == 401
    first, again = (giver.post(path, {"confirmation": proof}) for _ in range(2))
    assert (first.status_code, first.json()["state"]) == (200, "given"), first.text
    assert again.json() == first.json()
    assert (wallet(giver), wallet(receiver)) == ({"OFFI": 80}, {"OFFI": 120})
    shown = giver.get(f"/points/v1/gifts/{gift}").json()
    assert (shown["state"], shown["receiver"]) == ("given", {"member": receiver.facts["member"]})
    assert receiver.get(f"/points/v1/gifts/{gift}").status_code == 404
    assert receiver.get("/points/v1/gifts").json()["data"] == []
    assert [one["kind"] for one in receiver.get("/points/v1/journals").json()["data"]] == ["gift-received"]
    assert "gift" in [one["kind"] for one in giver.get("/points/v1/journals").json()["data"]]


def test_a_units_balances_come_in_by_a_file_that_two_persons_stand_for(group: Group, tmp_path: Path) -> None:
    group.open_months()
    tag, numbers = fresh_key()[:12], [fresh_key() for _ in range(3)]
    lines = [
        f"property,{number},{100 + place},{tag}-{place},2031-01-01\n" for place, number in enumerate(numbers)
    ]
    over = f"property,{numbers[0]},7,{tag}-over,2020-01-01\n"
    path = tmp_path / "balances.csv"
    path.write_bytes(("unit,number,points,reference,expires_at\n" + "".join(lines) + over).encode("gb18030"))
    found = checked(path)
    body = {"unit": found.unit, "digest": found.digest, "lines": found.lines, "points": found.points}
    sheet = group.staff("operator-1").post("/points/v1/openings", body).json()["sheet"]
    signer = signer_of(Path(group.found["keys"]), "importer")
    with Door(group.address, signer) as door:
        with pytest.raises(NotThatFile, match="nobody has approved"):
            bring_in(door, sheet, path)
        own = group.staff("operator-1").post(f"/points/v1/openings/{sheet}/approve")
        assert (own.status_code, own.json()["code"]) == (409, "another-person-needed")
        assert group.staff("finance-property").post(f"/points/v1/openings/{sheet}/approve").status_code == 200
        first, again = bring_in(door, sheet, path), bring_in(door, sheet, path)
        changed = tmp_path / "changed.csv"
        changed.write_bytes(path.read_bytes().replace(b",100,", b",900,"))
        with pytest.raises(NotThatFile, match="the file"):
            bring_in(door, sheet, changed)
    assert (first.taken, first.there, again.taken, again.there) == (3, 0, 0, 3)
    (refused,) = first.refused
    assert (refused.place, refused.reference, refused.code) == (5, f"{tag}-over", "opening-invalid")
    view = group.staff("finance-property").get(f"/points/v1/openings/{sheet}").json()
    assert (view["taken_lines"], view["taken_points"]) == (3, 303)
    assert group.staff("finance-hotel").get(f"/points/v1/openings/{sheet}").status_code == 404
    assert group.holder_of("property", numbers[1])["holder"] is not None
    audit = group.staff("operator-1").get("/points/v1/audit").json()
    assert (audit["sound"], audit["findings"]) == (True, [])


def test_a_photographed_receipt_waits_for_a_till_or_a_person_and_earns_once(group: Group) -> None:
    group.open_months()
    number = fresh_key()
    member, stranger = group.person(office=number), group.member()
    till, finance = group.system("till-office"), group.staff("finance-office")
    first, second = receipt("office", number, 10_000), receipt("office", number, 20_000)
    claims = [
        {name: one[name] for name in ("unit", "store", "receipt_no", "amount_fen", "purchased_at")}
        for one in (first, second)
    ]
    told = [member.post("/points/v1/receipts/claims", claim).json() for claim in claims]
    assert [(one["state"], one["points"]) for one in told] == [("open", None)] * 2
    assert till.post("/points/v1/receipts", {**first, "source": "payment"}).json()["points"] == 50
    copied = stranger.post("/points/v1/receipts/claims", claims[0]).json()
    assert (copied["state"], copied["points"]) == ("open", None)
    path = f"/points/v1/receipts/doubts/{told[1]['doubt']}"
    reason = {"reason": "the slip was seen"}
    assert group.staff("finance-hotel").post(f"{path}/accept", reason).status_code == 404
    accepted = finance.post(f"{path}/accept", reason)
    assert (accepted.status_code, accepted.json()["points"], accepted.json()["source"]) == (200, 100, "photo")
    assert finance.post(f"{path}/reject", reason).json()["code"] == "doubt-decided"
    (waiting,) = [
        one
        for one in finance.get("/points/v1/receipts/doubts?limit=100").json()["data"]
        if one["doubt"] == copied["doubt"]
    ]
    assert waiting["known"]["amount_fen"] == 10_000
    assert waiting["known"]["receiver"] == {"unit": "office", "number": number.upper()}
    path = f"/points/v1/receipts/doubts/{copied['doubt']}"
    unseen = finance.post(f"{path}/accept", reason).json()
    assert (unseen["code"], unseen["receipt"]) == ("doubt-changed", waiting["known"]["receipt"])
    refused = finance.post(f"{path}/reject", {"reason": "another one's"})
    assert refused.json()["state"] == "rejected"
    assert till.post("/points/v1/receipts", second).json()["points"] == 100
    assert (wallet(member), wallet(stranger)) == ({"OFFI": 150}, {})
    listed = member.get("/points/v1/receipts/claims").json()["data"]
    assert [(one["state"], one["points"]) for one in listed] == [("accepted", 100), ("settled", 50)]
