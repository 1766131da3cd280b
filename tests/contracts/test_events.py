"""The catalogue of events: what was published can be read for ever, and nothing is announced beside it."""

import json
import subprocess
from copy import deepcopy
from pathlib import Path
from typing import Any, Self

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.formats.json import JSONFormat
from pydantic import BaseModel, model_validator

from contracts import event, generate
from contracts.catalogue import EVENTS, SERVICES, Uncatalogued, announcer, schema_name, written
from contracts.compatibility import breaks
from contracts.shapes import Points
from contracts.writing import writer_of

CHECKOUT = Path(__file__).resolve().parents[2]
GOLDEN = CHECKOUT / "contracts" / "golden"


def golden(event_type: str) -> list[dict[str, Any]]:
    """Read the golden events of a type."""
    found: list[dict[str, Any]] = json.loads((GOLDEN / f"{event_type}.json").read_text(encoding="utf-8"))
    return found


def wire(told: dict[str, Any]) -> tuple[event.Headers, bytes]:
    """Write a golden event as a record's headers and body."""
    headers = event.constant_headers(announcer(told["type"]), told["type"])
    headers += event.own_headers(
        told["id"], told["subject"], told["seq"], told["time"], told.get("traceparent")
    )
    return headers, json.dumps(told["data"]).encode()


@pytest.mark.parametrize("event_type", EVENTS)
def test_golden_events_parse_for_ever_and_no_field_of_theirs_is_forgotten(event_type: str) -> None:
    """Every golden event is read, and the producer's own check still knows each of its fields."""
    events = golden(event_type)
    assert events
    for told in events:
        headers, body = wire(told)
        read = event.opened(event.label_of(headers), body)
        assert (read.type, read.key, read.seq) == (event_type, told["subject"], told["seq"])
        assert set(json.loads(written(event_type, told["data"]))) == set(told["data"])


@pytest.mark.parametrize("event_type", EVENTS)
def test_an_event_is_written_as_its_model_would_write_it(event_type: str) -> None:
    """To the byte, in whatever order fields come, times as moments or text; every fault is refused."""
    model = EVENTS[event_type]
    for told in golden(event_type):
        shuffled = dict(reversed(told["data"].items()))
        read = model.model_validate(shuffled, extra="forbid")
        wanted = read.model_dump_json(exclude_unset=True)
        assert written(event_type, shuffled) == wanted
        assert written(event_type, read.model_dump(exclude_unset=True)) == wanted
        for name in told["data"]:
            for wrong in (
                {**told["data"], name: object()},
                {**told["data"], f"{name}_": 1},
                {n: v for n, v in told["data"].items() if n != name},
            ):
                try:
                    expected = model.model_validate(wrong, extra="forbid").model_dump_json(exclude_unset=True)
                except ValueError:
                    with pytest.raises(Uncatalogued):
                        written(event_type, wrong)
                else:
                    assert written(event_type, wrong) == expected


def test_a_model_with_rules_of_its_own_is_no_event() -> None:
    class Ruled(BaseModel):
        """A model that looks at itself."""

        points: int

        @model_validator(mode="after")
        def _look(self) -> Self:
            return self

    with pytest.raises(TypeError, match="nothing more"):
        writer_of(Ruled)


def test_every_golden_file_belongs_to_a_type_of_the_catalogue() -> None:
    """A type once published stays."""
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(EVENTS)


def test_committed_schemas_are_what_the_catalogue_says() -> None:
    """`python -m contracts.generate` changes nothing."""
    assert generate.faults(generate.FOLDER, EVENTS) == []


@pytest.mark.parametrize("event_type", EVENTS)
def test_no_schema_breaks_the_versions_committed_before_it(event_type: str) -> None:
    """The last two committed versions of each schema are still served by the present one."""
    path = f"contracts/schemas/{event_type}.json"
    present = generate.schema_of(event_type, EVENTS[event_type])
    commits = _git("log", "-2", "--format=%H", "--", path).split()
    for commit in commits:
        before = json.loads(_git("show", f"{commit}:{path}"))
        assert breaks(before, present) == [], f"against {commit}"


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=CHECKOUT, capture_output=True, check=True, text=True)
    return done.stdout


class _Line(BaseModel):
    points: Points


class _Before(BaseModel):
    lines: list[_Line]
    order_no: str
    note: str | None = None


def _schema(**changes: Any) -> dict[str, Any]:
    schema = deepcopy(_Before.model_json_schema())
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = schema
        for parent in parents:
            place = place[parent]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return schema


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"properties__order_no": None}, "$.order_no was removed"),
        ({"properties__order_no__type": "integer"}, "$.order_no type: 'string' became 'integer'"),
        ({"properties__order_no__maxLength": 8}, "$.order_no maxLength: None became 8"),
        ({"$defs___Line__properties__points__maximum": 9}, "$.lines[items].points maximum"),
        ({"required": ["lines", "order_no", "note"]}, "$.note is newly required"),
        ({"required": ["lines"]}, "$.order_no may now be missing"),
        ({"properties__note__anyOf": [{"type": "string"}]}, "$.note takes other kinds of value"),
    ],
)
def test_a_planted_break_is_seen(changes: dict[str, Any], fault: str) -> None:
    """The canary: each way to break a contract is named."""
    found = breaks(_schema(), _schema(**changes))
    assert len(found) == 1
    assert found[0].startswith(fault)


def test_a_new_optional_field_and_a_wider_limit_are_no_break() -> None:
    """What a type may become."""
    wider = _schema(
        **{"properties__store": {"type": "string"}, "$defs___Line__properties__points__minimum": -1}
    )
    assert breaks(_schema(), wider) == []


def test_the_generator_refuses_to_write_a_break(tmp_path: Path) -> None:
    """A broken schema stays unwritten: the folder is the memory of what was published."""
    generate.write(tmp_path, EVENTS)
    path = tmp_path / "points.month.sealed.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    schema["properties"]["closed_by"] = {"type": "string"}
    path.write_text(generate.rendered(schema), encoding="utf-8")
    (tmp_path / "points.month.opened.json").write_text("{}", encoding="utf-8")
    assert generate.faults(tmp_path, EVENTS) == [
        "points.month.opened.json: its type is gone from the catalogue",
        "points.month.sealed.json: $.closed_by was removed (a break is a new type)",
    ]


def test_every_type_is_announced_by_a_service_and_names_its_schema() -> None:
    """Types are service.aggregate.participle."""
    for event_type in EVENTS:
        assert announcer(event_type) in SERVICES
        assert event_type.count(".") == 2
        assert schema_name(event_type) == f"urn:tongfen:event:{event_type}"


@pytest.mark.parametrize(
    ("event_type", "data"),
    [
        ("points.wallet.stolen", {}),
        ("member.client.revoked", {}),
        ("member.client.revoked", {"client": "till-hotel", "phone": "+8613800138000"}),
        (
            "points.statement.issued",
            {"statement": "stm_" + "0" * 32, "month": "2017-13", "unit": "hotel", "net_fen": 1},
        ),
        ("points.month.sealed", {"month": "2017-01", "net_fen": {"hotel": 1.5}}),
    ],
)
def test_nothing_is_announced_that_the_catalogue_does_not_list(event_type: str, data: dict[str, Any]) -> None:
    """A producer's data is checked strictly; unknown fields too, so nothing personal slips out."""
    with pytest.raises(Uncatalogued):
        written(event_type, data)


def test_who_listens_ignores_fields_that_are_new_to_them() -> None:
    """A consumer of yesterday reads the events of tomorrow."""
    told = golden("member.client.revoked")[0]
    headers, _ = wire(told)
    read = event.opened(event.label_of(headers), b'{"client": "till-hotel", "why": {"lost": true}}')
    assert read.data == EVENTS["member.client.revoked"].model_validate({"client": "till-hotel"})


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("ce_specversion", b"0.3"),
        ("ce_id", b"0192"),
        ("ce_id", b"evt_0192f0c4-7b2a-7c3e-8f10-a2b3c4d5e001"),
        ("ce_seq", b"-1"),
        ("ce_seq", "１".encode()),
        ("ce_time", b"2026-11-22T07:30:00"),
        ("ce_time", b"soon"),
        ("ce_type", None),
        ("ce_subject", b"\xff"),
    ],
)
def test_a_record_that_is_not_one_of_our_events_is_unreadable(header: str, value: bytes | None) -> None:
    """A missing or malformed header is named, never guessed."""
    headers, _ = wire(golden("member.member.registered")[0])
    spoilt = [(name, value if name == header else known) for name, known in headers]
    with pytest.raises(event.Unreadable):
        event.label_of(spoilt)


@pytest.mark.parametrize("body", [None, b"", b"{", b'{"member": "mem_1"}', b'{"member": 1}', b"\xff"])
def test_data_that_is_not_of_its_type_is_unreadable(body: bytes | None) -> None:
    """Poison is told apart from a refusal."""
    headers, _ = wire(golden("member.member.registered")[0])
    with pytest.raises(event.Unreadable):
        event.opened(event.label_of(headers), body)


def test_the_package_cloudevents_reads_what_we_write() -> None:
    """Binary mode as the standard has it."""
    told = golden("points.wallet.redeemed")[1]
    headers, body = wire(told)
    message = KafkaMessage(headers=dict(headers), key=told["subject"], value=body)
    read = from_binary(message, JSONFormat())
    assert read.get_id() == told["id"]
    assert read.get_source() == "/tongfen/points"
    assert read.get_type() == "points.wallet.redeemed"
    assert read.get_subject() == told["subject"]
    assert read.get_dataschema() == "urn:tongfen:event:points.wallet.redeemed"
    assert read.get_extension("seq") == str(told["seq"])
    assert read.get_extension("traceparent") == told["traceparent"]
    assert read.get_data() == told["data"]
