"""An answer that a row keeps for ever is kept there alone; whoever asks again is given all of it."""

from collections.abc import Sequence

import orjson

from shared.kernel.command import Answer, Command
from tests.service.points.hold_room import capture, hold, placed
from tests.service.points.ledger_house import LedgerHouse, answer_of, code_of, earn, redeem

KEPT = "SELECT answer FROM inbox WHERE name LIKE '%% ' || %s"


def obeyed(house: LedgerHouse, commands: Sequence[Command]) -> list[Answer]:
    """Obey each in a batch of its own."""
    return [house.obey(command)[0] for command in commands]


def test_a_repeat_is_given_the_first_answer_to_the_byte(house: LedgerHouse) -> None:
    identity = house.fund("kept", 2_000)
    held = placed(house, hold(identity, "kept-1", 300))
    commands: list[Command] = [
        earn("office", "kept", 40_000, "kept-2", key="kept-earn"),
        earn("office", "kept", 100, "kept-3", key="kept-nothing"),
        redeem(identity, "hotel", "kept-4", 300, key="kept-redeem"),
        hold(identity, "kept-5", 200, key="kept-hold"),
        capture(held, "1", 100, key="kept-capture"),
    ]
    first = obeyed(house, commands)
    again = obeyed(house, commands)
    assert [one.replayed for one in first + again] == [False] * 5 + [True] * 5
    assert [one.json for one in again] == [one.json for one in first]
    for key in ("kept-earn", "kept-nothing", "kept-redeem", "kept-hold", "kept-capture"):
        ((kept,),) = house.rows(KEPT, key)
        assert kept.startswith("@")
        assert len(kept) == 37


def test_the_function_that_older_processes_call_gives_the_whole_answer(house: LedgerHouse) -> None:
    identity = house.fund("older", 1_000)
    answer = answer_of(house.obey(redeem(identity, "hotel", "older-1", 300, key="older-redeem"))[0])
    ((found,),) = house.rows(
        "SELECT frame_claim('{}', array_agg(name), '{}', '{}', '{}', '{}') FROM inbox"
        " WHERE name LIKE '%% older-redeem'"
    )
    ((_, _, refused, told),) = found["first"]
    assert (refused, orjson.loads(told)) == (False, answer)


def test_another_key_for_the_same_order_keeps_its_answer_itself(house: LedgerHouse) -> None:
    identity = house.fund("other", 1_000)
    first = house.obey(redeem(identity, "hotel", "other-1", 300, key="other-a"))[0]
    second = house.obey(redeem(identity, "hotel", "other-1", 300, key="other-b"))[0]
    third = house.obey(redeem(identity, "hotel", "other-1", 300, key="other-b"))[0]
    assert answer_of(first) == answer_of(second) == answer_of(third)
    ((kept,),) = house.rows(KEPT, "other-b")
    assert orjson.loads(kept) == answer_of(first)


def test_a_refusal_is_kept_as_it_was(house: LedgerHouse) -> None:
    identity = house.fund("poor", 100)
    wish = redeem(identity, "hotel", "poor-1", 900, key="poor-a")
    told = obeyed(house, [wish, wish])
    assert [code_of(one) for one in told] == ["insufficient-points"] * 2
    assert told[1].replayed
