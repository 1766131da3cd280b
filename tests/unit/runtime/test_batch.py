"""One batch: twins, first answers, who waits and who may not overtake, what is kept and what is not."""

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.command import Answer
from shared.runtime.batch import Batch
from shared.runtime.waiting import Ticket
from tests.unit.runtime.small_shop import Fill, Shelf, asked, heard, obey, signed, tickets


def told(batch: Batch, commands: list[Fill]) -> list[str]:
    """Give, for each command, what it was answered: its JSON's `inside`, a code, `defect` or `waits`."""
    by_place: dict[int, str] = {ticket.place: _one(answer) for ticket, answer in batch.answers}
    return [by_place.get(place, "waits") for place in range(len(commands))]


def _one(answer: Answer) -> str:
    if answer.refusal is not None:
        return answer.refusal.code
    read: Any = orjson.loads(answer.json) if answer.json is not None else {"inside": "defect"}
    return f"{'again ' if answer.replayed else ''}{read.get('inside', '')}"


def run(shelf: Shelf, *commands: Fill) -> list[str]:
    """Obey the commands as one batch and tell what each was answered."""
    return told(obey(shelf, tickets(*commands)), list(commands))


def test_a_twin_waits_for_the_first_and_gets_its_answer() -> None:
    shelf = Shelf()
    twins = [Fill(asked("k"), "a", 1) for _ in range(3)]
    assert run(shelf, *twins) == ["1", "again 1", "again 1"]
    assert run(shelf, twins[0]) == ["again 1"]
    assert shelf.inside == {"a": 1}
    assert len(shelf.outgoing) == 1


def test_a_key_with_another_body_is_refused_beside_its_twin_and_later() -> None:
    shelf = Shelf()
    assert run(shelf, Fill(asked("k", "x"), "a", 1), Fill(asked("k", "y"), "a", 2)) == ["1", "key-reused"]
    assert run(shelf, Fill(asked("k", "y"), "a", 2)) == ["key-reused"]
    assert shelf.inside == {"a": 1}


def test_a_refusal_is_kept_with_its_facts_and_its_changes() -> None:
    shelf = Shelf()
    full = Fill(asked("k"), "a", 1, "full")
    assert run(shelf, full, Fill(asked("k"), "a", 1)) == ["test-box-full", "test-box-full"]
    batch = obey(shelf, tickets(full))
    (answer,) = [answer for _, answer in batch.answers]
    assert answer.replayed
    assert answer.refusal is not None
    assert answer.refusal.facts == {"box": "a"}
    assert shelf.inside == {"refusals": 1}


def test_what_may_be_tried_again_is_never_kept() -> None:
    shelf = Shelf()
    assert run(shelf, Fill(asked("k"), "a", 1, "shut")) == ["test-box-shut"]
    assert run(shelf, Fill(asked("k"), "a", 1)) == ["1"]


def test_a_defect_costs_one_command_and_is_never_kept() -> None:
    shelf = Shelf()
    broken = Fill(asked("k"), "a", 5, "broken")
    commands = [Fill(asked("1"), "a", 1), broken, Fill(asked("k"), "a", 5), Fill(asked("2"), "a", 1)]
    assert run(shelf, *commands) == ["1", "defect", "again defect", "2"]
    assert run(shelf, Fill(asked("k"), "a", 5)) == ["7"]


def test_a_decision_may_be_postponed_and_holds_back_later_ones_of_its_row() -> None:
    shelf = Shelf()
    commands = [Fill(asked("1"), "a", 1, "later"), Fill(asked("2"), "a", 1), Fill(asked("3"), "b", 1)]
    batch = obey(shelf, tickets(*commands))
    assert told(batch, commands) == ["waits", "waits", "1"]
    assert run(shelf, commands[0], commands[1]) == ["1", "2"]


def test_who_waits_holds_back_every_later_one_that_needs_the_same_row() -> None:
    shelf = Shelf(held={"shop 1"})
    commands = [Fill(asked("1"), "a", 1), Fill(asked("2"), "b", 1), Fill(asked("3"), "a", 1)]
    batch = obey(shelf, tickets(*commands))
    assert told(batch, commands) == ["waits", "1", "waits"]
    assert [ticket.command for ticket in batch.deferred] == [commands[0], commands[2]]
    shelf.held.clear()
    assert run(shelf, commands[0], commands[2]) == ["1", "2"]


def test_two_names_of_one_row_are_one_row() -> None:
    shelf = Shelf(held={"shop 1"}, locks={"a": "lock", "alias": "lock"})
    commands = [Fill(asked("1"), "a", 1), Fill(asked("2"), "alias", 1)]
    assert run(shelf, *commands) == ["waits", "waits"]


def test_a_held_row_makes_its_own_wait_and_nobody_else() -> None:
    shelf = Shelf(held={"a"})
    assert run(shelf, Fill(asked("1"), "a", 1), Fill(asked("2"), "b", 1)) == ["waits", "1"]


def test_a_natural_name_held_elsewhere_makes_later_ones_of_that_name_wait() -> None:
    shelf = Shelf(held={"a"})
    commands = [
        Fill(asked("1"), "a", 1, naturals=("receipt",)),
        Fill(asked("2"), "b", 1, naturals=("receipt",)),
    ]
    assert run(shelf, *commands) == ["waits", "waits"]


def test_a_twin_waits_with_its_first_and_right_behind_it() -> None:
    shelf = Shelf(held={"a"})
    commands = [Fill(asked("k"), "a", 1), Fill(asked("2"), "a", 1), Fill(asked("k"), "a", 1)]
    batch = obey(shelf, tickets(*commands))
    assert [ticket.place for ticket in batch.deferred] == [0, 2, 1]


def test_a_passive_ticket_keeps_its_place_and_obtains_nothing() -> None:
    shelf = Shelf()
    waiting = tickets(
        Fill(asked("1"), "a", 1, naturals=("receipt",)),
        Fill(asked("2"), "a", 1),
        Fill(asked("3"), "b", 1, naturals=("receipt",)),
        Fill(asked("4"), "c", 1),
        Fill(asked("1"), "a", 1),
    )
    waiting[0].passive = True
    batch = obey(shelf, waiting)
    assert {ticket.place for ticket, _ in batch.answers} == {3}
    assert [ticket.place for ticket in batch.deferred] == [0, 4, 1, 2]
    assert "shop 1" not in {name for claim in batch.claims for name in claim.names}


def test_a_nonce_is_good_for_one_request_and_its_own_retry() -> None:
    shelf = Shelf()
    first = Fill(signed("n", "owner", "k"), "a", 1)
    assert run(shelf, first, Fill(signed("n", "other", "k2"), "a", 1)) == ["1", "signature-used"]
    assert run(shelf, first) == ["again 1"]
    assert run(shelf, Fill(signed("n", "other", "k3"), "a", 1)) == ["signature-used"]


def test_whoever_missed_the_answer_gets_it_under_the_same_key_signed_anew() -> None:
    shelf = Shelf()
    assert run(shelf, Fill(signed("n", "owner", "k"), "a", 1)) == ["1"]
    assert run(shelf, Fill(signed("n", "other", "k"), "a", 1)) == ["signature-used"]
    assert run(shelf, Fill(signed("m", "other", "k"), "a", 1)) == ["again 1"]
    assert shelf.inside == {"a": 1}


def test_the_nonce_of_a_twin_is_used_with_its_first() -> None:
    """Or whoever overheard the twin would have it obeyed after a no that is not kept."""
    shelf = Shelf()
    twins = [Fill(signed(nonce, nonce, "k"), "a", 1, "shut") for nonce in ("n", "m")]
    assert run(shelf, *twins) == ["test-box-shut", "test-box-shut"]
    assert run(shelf, Fill(signed("m", "thief", "k"), "a", 1)) == ["signature-used"]
    assert shelf.inside == {}


def test_a_copy_of_a_signed_request_beside_it_in_one_batch_is_told_nothing() -> None:
    """As it is a moment later: whoever overheard the request does not read the answer to it."""
    shelf = Shelf()
    copies = [Fill(signed("n", who, "k"), "a", 1) for who in ("till", "thief")]
    assert run(shelf, *copies, Fill(signed("m", "till again", "k"), "a", 1)) == [
        "1",
        "signature-used",
        "again 1",
    ]
    assert shelf.inside == {"a": 1}


def test_an_event_is_obeyed_once_and_in_the_order_of_its_story() -> None:
    shelf = Shelf()
    assert run(shelf, Fill(heard("e1", 1), "a", 1), Fill(heard("e2", 2), "a", 1)) == ["1", "2"]
    assert run(shelf, Fill(heard("e1", 1), "a", 1)) == ["again "]
    assert run(shelf, Fill(heard("e4", 4), "a", 1)) == ["event-gap"]
    assert run(shelf, Fill(heard("e5", 2), "a", 1)) == ["event-fork"]
    assert run(shelf, Fill(heard("e3", 3), "a", 1), Fill(heard("e4", 4), "a", 1)) == ["3", "4"]


def test_an_event_in_the_wrong_order_of_one_batch_comes_again() -> None:
    shelf = Shelf(heard={("topic", "row"): 1})
    assert run(shelf, Fill(heard("e3", 3), "a", 1), Fill(heard("e2", 2), "a", 1)) == ["event-gap", "1"]
    assert run(shelf, Fill(heard("e3", 3), "a", 1)) == ["2"]


_BODY = st.tuples(st.sampled_from("abc"), st.sampled_from(("fine", "fine", "full", "shut", "broken")))


@given(
    st.lists(_BODY, min_size=1, max_size=8),
    st.lists(st.integers(0, 7), max_size=25),
    st.lists(st.integers(1, 5), max_size=12),
    st.sets(st.sampled_from(("a", "b", "shop 1", "shop 2")), max_size=2),
)
def test_however_a_sequence_is_cut_into_batches_it_ends_the_same(
    bodies: list[tuple[str, str]], keys: list[int], cuts: list[int], held: set[str]
) -> None:
    commands = [
        Fill(asked(str(key), f"{box}{mood}"), box, 1, mood)
        for key in keys
        for box, mood in [bodies[key % len(bodies)]]
    ]
    one_by_one, together = Shelf(), Shelf()
    expected = [run(one_by_one, command)[0].removeprefix("again ") for command in commands]
    answers: dict[int, str] = {}
    waiting: list[Ticket] = []
    rest = tickets(*commands)
    while rest or waiting:
        size = cuts.pop() if cuts else 5
        taken, rest = [*waiting, *rest[:size]], rest[size:]
        together.held = held if rest else set()
        for place, ticket in enumerate(taken):
            ticket.passive = bool(rest) and 2 <= place < len(waiting)
        batch = obey(together, taken)
        waiting = batch.deferred
        answers |= {ticket.place: _one(answer).removeprefix("again ") for ticket, answer in batch.answers}
    assert together.inside == one_by_one.inside
    assert [answers[place] for place in range(len(commands))] == expected


def test_a_decision_that_is_put_off_keeps_its_place_and_needs_what_it_found_out() -> None:
    shelf = Shelf()
    wanting, plain = Fill(asked("w"), "a", 1, "wanting"), Fill(asked("p"), "a", 2)
    waiting = tickets(wanting, plain, Fill(asked("o"), "b", 3))
    batch = obey(shelf, waiting)
    assert told(batch, [wanting, plain, plain]) == ["waits", "waits", "3"]
    assert [ticket.place for ticket in batch.deferred] == [0, 1], "nobody overtakes"
    assert waiting[0].needs.rows == (("box", "a"), ("lid", "a"))
    again = obey(shelf, batch.deferred)
    assert (again.wants, shelf.inside) == (["a"], {"b": 3})
    shelf.supply(None, again.wants)
    assert told(obey(shelf, again.deferred), [wanting, plain]) == ["1", "3"]
    assert shelf.inside == {"a": 3, "b": 3}
