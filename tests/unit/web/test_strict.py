"""Nothing that JSON parsers commonly let through reaches a door, and no input at all is a defect."""

import json
from contextlib import suppress
from typing import Annotated, Any, Literal, Self

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, model_validator

from shared.kernel.refusal import Malformed
from shared.kernel.words import Words
from shared.web.faults import broken
from shared.web.fields import Text, digits_form, whole
from shared.web.strict import BODY_MAX, DEPTH_MAX, Inbound, TooLarge, parse, parse_query, read
from tests.unit.web.errand import GOOD, PageWanted, RedemptionWanted


def rules(body: bytes) -> set[str]:
    """Give the rules that a body breaks."""
    with pytest.raises(Malformed) as refused:
        parse(RedemptionWanted, body)
    return {found["rule"] for found in refused.value.facts["faults"]}


def with_price(price: str) -> bytes:
    """Write a body with that price, as JSON has it."""
    return f'{{"unit":"hotel","order_no":"A-1","price_fen":{price}}}'.encode()


def test_takes_what_is_right() -> None:
    taken = parse(RedemptionWanted, GOOD)
    assert (taken.unit, taken.order_no, taken.price_fen) == ("hotel", "A-1", 100)


@pytest.mark.parametrize(
    ("price", "rule"),
    [
        ("0", "greater-than-equal"),
        ("-1", "greater-than-equal"),
        ("1.5", "int-type"),
        ("1.0", "int-type"),
        ("1e2", "int-type"),
        ("1e400", "beyond-64-bits"),
        ("-1e400", "beyond-64-bits"),
        ("NaN", "not-a-number"),
        ("Infinity", "not-a-number"),
        ("-Infinity", "not-a-number"),
        ('"10"', "int-type"),
        ("true", "int-type"),
        ("null", "int-type"),
        ("[]", "int-type"),
        ("9007199254740992", "less-than-equal"),
        ("9223372036854775808", "beyond-64-bits"),
        ("-9223372036854775809", "beyond-64-bits"),
        ("9" * 4000, "beyond-64-bits"),
        ("9" * 5000, "not-json"),
    ],
)
def test_takes_no_amount_but_a_whole_one_in_range(price: str, rule: str) -> None:
    assert rules(with_price(price)) == {rule}


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (b"", "missing"),
        (b"[]", "model-type"),
        (b"1", "model-type"),
        (b"null", "model-type"),
        (b"{", "not-json"),
        (b"{'a':1}", "not-json"),
        (b'{"a":1,}', "not-json"),
        (b"\xef\xbb\xbf{}", "not-json"),
        (b"\xff\xfe{\x00}\x00", "not-json"),
        (b'{"unit":"\xff"}', "not-json"),
        (b'{"unit":"a\x00"}', "not-json"),
        (b'{"unit":"a\\u0000"}', "unwanted-character"),
        (b'{"a\\u0000":1}', "unwanted-character"),
        (b'{"unit":"\\ud800"}', "unwanted-character"),
        (b'{"unit":"\\udc00\\ud800"}', "unwanted-character"),
        (b'{"unit":"a","unit":"b"}', "duplicate-key"),
        (b'{"unit":"a","\\u0075nit":"b"}', "duplicate-key"),
        (b'{"x":[[{"a":1,"a":1}]]}', "duplicate-key"),
        (b"[" * 40 + b"]" * 40, "too-deep"),
        (b"[" * 100_000 + b"]" * 100_000, "not-json"),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "not-json"),
    ],
)
def test_takes_no_json_that_others_would_read_differently(body: bytes, rule: str) -> None:
    assert rule in rules(body)


@pytest.mark.parametrize("field", ["balance", "unit_id", "role", "tier", "__class__"])
def test_takes_no_field_that_nobody_declared(field: str) -> None:
    assert rules(GOOD[:-1] + f',"{field}":1}}'.encode()) == {"extra-forbidden"}


def test_counts_depth_and_not_breadth() -> None:
    assert read(b"[" * DEPTH_MAX + b"]" * DEPTH_MAX)
    assert len(read(b"[" + b"[]," * 1000 + b"[]]")) == 1001
    with pytest.raises(Malformed):
        read(b"[" * (DEPTH_MAX + 1) + b"]" * (DEPTH_MAX + 1))


def test_says_where_each_fault_is_and_in_both_languages() -> None:
    with pytest.raises(Malformed) as refused:
        parse(RedemptionWanted, b'{"unit":"Hotel","price_fen":0,"a/b~c":1}')
    faults = refused.value.facts["faults"]
    assert {fault["pointer"] for fault in faults} == {"/unit", "/order_no", "/price_fen", "/a~1b~0c"}
    assert all(fault["detail"].zh and fault["detail"].en for fault in faults)


@pytest.mark.parametrize(
    "body", [b'"\\ud800"', b'"\\u0000"', b'"a"', b"9223372036854775808", b"1e300", b"1", b"null", b"[]"]
)
def test_a_body_that_holds_nothing_is_no_object_whatever_it_is(body: bytes) -> None:
    with pytest.raises(Malformed) as refused:
        parse(RedemptionWanted, body)
    (fault,) = refused.value.facts["faults"]
    assert (fault["pointer"], fault["rule"]) == ("", "model-type")
    assert fault["detail"] == Words("必须是对象", "must be an object")


class Circle(Inbound):
    """One kind of figure."""

    kind: Literal["circle"]
    across: Annotated[int, whole(1)]
    name: Annotated[str, Text(1)] = "a"
    colours: Annotated[list[Annotated[str, Text(1)]], Field(min_length=2, max_length=3)] | None = None


class Square(Inbound):
    """The other kind of figure; its corners are numbered."""

    kind: Literal["square"]
    names: dict[Annotated[str, digits_form(1)], Literal["a", "b", "c"]]

    @model_validator(mode="after")
    def _four(self) -> Self:
        if len(self.names) > 4:
            raise broken("four", "至多四个角", "it has four corners")
        return self


class Drawing(Inbound):
    """Figures of two kinds."""

    figures: Annotated[
        list[Annotated[Circle | Square, Field(discriminator="kind")]], Field(min_length=1, max_length=1)
    ]
    note: Annotated[str, Text(4, least=2)] = "none"


def circle(**fields: object) -> dict[str, object]:
    """Draw one circle."""
    return {"figures": [{"kind": "circle", "across": 1, **fields}]}


def square(names: dict[str, str], **fields: object) -> dict[str, object]:
    """Draw one square."""
    return {"figures": [{"kind": "square", "names": names, **fields}]}


@pytest.mark.parametrize(
    ("body", "place", "zh", "en"),
    [
        ({"figures": []}, "/figures", "不得为空", "must not be empty"),
        ({"figures": [1, 1]}, "/figures", "至多 1 项", "must have at most 1 item"),
        (circle(colours=["a"]), "/figures/0/colours", "至少 2 项", "must have at least 2 items"),
        (circle(colours=["a"] * 4), "/figures/0/colours", "至多 3 项", "must have at most 3 items"),
        (circle(colours=["a", ""]), "/figures/0/colours/1", "不得为空", "must not be empty"),
        (circle(name="aa"), "/figures/0/name", "至多 1 个字符", "must have at most 1 character"),
        (circle(name="क़"), "/figures/0/name", "至多 1 个字符", "must have at most 1 character"),
        ({**circle(), "note": "a"}, "/note", "至少 2 个字符", "must have at least 2 characters"),
        ({**circle(), "note": "aaaaa"}, "/note", "至多 4 个字符", "must have at most 4 characters"),
        ({"figures": [{}]}, "/figures/0/kind", "缺少此项", "this is missing"),
        (circle(kind="star"), "/figures/0/kind", "必须是：circle、square", "must be one of: circle, square"),
        (circle(kind=7), "/figures/0/kind", "必须是：circle、square", "must be one of: circle, square"),
        ({"figures": [{"kind": "circle"}]}, "/figures/0/across", "缺少此项", "this is missing"),
        (circle(across=0), "/figures/0/across", "不得小于 1", "must be at least 1"),
        (circle(radius=1), "/figures/0/radius", "没有这一项", "there is no such field"),
        (square({"x": "a"}), "/figures/0/names/x", "必须是 1 位数字", "must be 1 digit, as text"),
        (square({"1": "d"}), "/figures/0/names/1", "必须是：a、b、c", "must be one of: a, b, c"),
        (square(dict.fromkeys("12345", "a")), "/figures/0", "至多四个角", "it has four corners"),
    ],
)
def test_says_what_is_asked_for_where_in_what_was_sent(
    body: dict[str, object], place: str, zh: str, en: str
) -> None:
    with pytest.raises(Malformed) as refused:
        parse(Drawing, json.dumps(body).encode())
    (fault,) = refused.value.facts["faults"]
    assert (fault["pointer"], fault["detail"]) == (place, Words(zh, en))


def test_says_what_is_asked_for_in_a_query() -> None:
    with pytest.raises(Malformed) as refused:
        parse_query(PageWanted, b"limit=x")
    (fault,) = refused.value.facts["faults"]
    assert (fault["pointer"], fault["detail"]) == ("/limit", Words("必须是整数", "must be an integer"))


def test_never_repeats_what_was_sent() -> None:
    with pytest.raises(Malformed) as refused:
        parse(RedemptionWanted, b'{"unit":"13800138000","order_no":13800138000,"price_fen":"13800138000"}')
    assert "13800138000" not in repr(refused.value.facts)


def test_lists_a_few_faults_of_many() -> None:
    body = b"{" + b",".join(b'"f%d":1' % number for number in range(5000)) + b"}"
    with pytest.raises(Malformed) as refused:
        parse(RedemptionWanted, body)
    assert len(refused.value.facts["faults"]) == 20


def test_takes_no_more_than_a_megabyte() -> None:
    with pytest.raises(TooLarge):
        parse(RedemptionWanted, b" " * (BODY_MAX + 1))


@pytest.mark.parametrize(
    "query",
    [
        b"limit=1e9",
        b"limit=1000000000",
        b"limit=0",
        b"limit=-1",
        b"limit=+5",
        b"limit=%205",
        b"limit=1_0",
        b"limit=05",
        b"limit=5.0",
        b"limit=",
        b"limit=%D9%A5",
        b"limit=5&limit=5",
        b"limit=5;limit=6",
        b"Limit=5",
        b"other=1",
        b"cursor=%00",
        b"cursor=%ff",
        b"cursor=%ED%A0%80",
        b"\xff=1",
        b"&".join(b"a%d=1" % number for number in range(100)),
    ],
)
def test_takes_no_query_but_the_declared_one(query: bytes) -> None:
    with pytest.raises(Malformed):
        parse_query(PageWanted, query)


def test_takes_the_declared_query() -> None:
    assert parse_query(PageWanted, b"limit=5&cursor=abc%20d") == PageWanted(limit=5, cursor="abc d")
    assert parse_query(PageWanted, b"") == PageWanted()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.binary(max_size=300))
def test_no_bytes_are_a_defect(body: bytes) -> None:
    for take in (lambda: parse(RedemptionWanted, body), lambda: parse_query(PageWanted, body)):
        with suppress(Malformed):
            take()


@given(st.dictionaries(st.sampled_from(["unit", "order_no", "price_fen", "note", "other"]), json_values))
def test_no_json_is_a_defect(document: dict[str, Any]) -> None:
    for ascii_only in (True, False):
        try:
            taken = parse(
                RedemptionWanted,
                json.dumps(document, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass"),
            )
        except Malformed:
            continue
        assert type(taken.price_fen) is int
        assert taken.price_fen >= 1


@given(st.dictionaries(st.sampled_from(["", "1", "x"]), json_values, min_size=1))
def test_no_name_is_a_defect_whatever_stands_under_it(names: dict[str, Any]) -> None:
    with suppress(Malformed):
        parse(Drawing, json.dumps(square(names)).encode())
