"""The settlement as a picture: who pays, who receives, and the claims that were netted to get there.

One SVG that stands alone: no script, no font and no address outside itself. The same months give the
same bytes. It draws what it is told and computes nothing but sums; amounts come in fen and are shown in yuan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from infra.replay.claims import UNIT_NAMES, Claims, claims_of

WIDTH = 1200
MARGIN = 48
RIGHT = WIDTH - MARGIN

FLOW_TOP = 204
FLOW_HEIGHT = 284
NODE_WIDTH = 14
SLOT_MIN = 46
SLOT_GAP = 8
PAYER_X, CLEARING_X, RECEIVER_X = 248, 593, 938

MATRIX_TOP = 612
ROW_HEIGHT = 42
LABEL_WIDTH = 176
CELL_WIDTH = 108
NET_X = 1032
LONGEST_AMOUNT = 11

PAYS = "#b4472e"
RECEIVES = "#17766b"

STYLE = f"""
text {{ font-family: Inter, 'Segoe UI', 'Helvetica Neue', 'Noto Sans', 'DejaVu Sans', 'PingFang SC',
  'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif; fill: #1d2733; font-size: 14px;
  font-variant-numeric: tabular-nums; }}
.title {{ font-size: 28px; font-weight: 700; }}
.section {{ font-size: 17px; font-weight: 700; }}
.quiet {{ fill: #5d6b7a; font-size: 13px; }}
.figure {{ font-size: 22px; font-weight: 700; }}
.name {{ font-size: 15px; font-weight: 600; }}
.pays {{ fill: {PAYS}; font-weight: 600; }}
.receives {{ fill: {RECEIVES}; font-weight: 600; }}
.sum {{ font-weight: 700; }}
.own {{ fill: #6b7683; }}
.light {{ fill: #ffffff; }}
.long {{ font-size: 11px; }}
.figure.long {{ font-size: 16px; }}
"""


def draw_settlement(months: Iterable[Mapping[str, Any]]) -> str:
    """Draw the settlement of the months of a report, as they stand in it, as one SVG.

    :raises ValueError: if there is no month.
    """
    claims = claims_of(months)
    height = MATRIX_TOP + ROW_HEIGHT * (len(claims.units) + 2) + 48
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title summary">',
        f'<title id="title">Settlement between business units, {escape(_period(claims))}</title>',
        f'<desc id="summary">{escape(_in_words(claims))}</desc>',
        f"<style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        *_header(claims),
        *_flow(claims),
        *_matrix(claims),
        *_legend(height),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def yuan(fen: int) -> str:
    """Write an amount of fen as yuan, with thousands and two places, a real minus sign in front."""
    sign = "−" if fen < 0 else ""
    return f"{sign}¥{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def _text(x: float, y: float, content: str, kind: str = "", anchor: str = "start") -> str:
    """Place one line of text; `y` is its baseline."""
    styled = f' class="{kind}"' if kind else ""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}"{styled}>{escape(content)}</text>'


def _amount(x: float, y: float, content: str, kind: str) -> str:
    """Place one amount flush right; from a million yuan on it is set smaller to fit its place."""
    return _text(x, y, content, f"{kind} long".strip() if len(content) > LONGEST_AMOUNT else kind, "end")


def _box(x: float, y: float, width: float, height: float, fill: str) -> str:
    """Place one filled box with slightly round corners."""
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="3" fill="{fill}"/>'


def _line(x1: float, y: float, x2: float, colour: str = "#d7dde4") -> str:
    """Place one thin horizontal line."""
    return f'<line x1="{x1:g}" y1="{y:g}" x2="{x2:g}" y2="{y:g}" stroke="{colour}"/>'


def _name(unit: str) -> str:
    """Name a unit in Chinese and English; one that nobody named keeps its code."""
    return " ".join(UNIT_NAMES.get(unit, (unit,)))


def _period(claims: Claims) -> str:
    """Write the months as one period."""
    if claims.first_month == claims.last_month:
        return claims.first_month
    return f"{claims.first_month} – {claims.last_month}"


def _in_words(claims: Claims) -> str:
    """Say in one sentence who pays and who receives."""
    pays = ", ".join(f"{_name(unit)} {yuan(fen)}" for unit, fen in claims.payers()) or "nobody"
    gets = ", ".join(f"{_name(unit)} {yuan(fen)}" for unit, fen in claims.receivers()) or "nobody"
    return f"Pays: {pays}. Receives: {gets}. Gross claims {yuan(claims.gross_fen)}."


def _header(claims: Claims) -> list[str]:
    """Draw the title on the left and four figures on the right."""
    net_fen = sum(fen for _, fen in claims.payers())
    figures = [
        (670, f"{claims.receipts:,}", "小票", "receipts"),
        (808, f"{claims.redemptions:,}", "积分抵扣", "redemptions"),
        (980, yuan(claims.gross_fen), "互欠总额", "gross claims"),
        (RIGHT, yuan(net_fen), "轧差净额", "net to pay"),
    ]
    parts = [
        _text(MARGIN, 69, "谁欠谁 · Who owes whom", "title"),
        _text(MARGIN, 100, f"业务单元结算 Settlement between business units · {_period(claims)}", "quiet"),
    ]
    for x, figure, chinese, english in figures:
        parts.append(_amount(x, 66, figure, "figure"))
        parts += [_text(x, 89, chinese, "quiet", "end"), _text(x, 108, english, "quiet", "end")]
    return [*parts, _line(MARGIN, 132, RIGHT)]


def _flow(claims: Claims) -> list[str]:
    """Draw payers on the left, the clearing in the middle, receivers on the right."""
    payers, receivers = claims.payers(), claims.receivers()
    total = sum(fen for _, fen in payers)
    parts = [
        _text(MARGIN, 172, "净额 Net", "section"),
        _text(
            MARGIN + 88,
            172,
            "付款方经清算付给收款方 who pays and who receives once claims are netted",
            "quiet",
        ),
    ]
    if total == 0:
        return [*parts, _text(WIDTH / 2, FLOW_TOP + 120, "无需付款 Nothing to pay", "section", "middle")]
    scale = _flow_scale(max(len(payers), len(receivers)), payers, receivers)
    middle_top = FLOW_TOP + (FLOW_HEIGHT - total * scale) / 2
    parts += _side(payers, scale, middle_top, PAYER_X, PAYS)
    parts += _side(receivers, scale, middle_top, RECEIVER_X, RECEIVES)
    parts.append(_box(CLEARING_X, middle_top, NODE_WIDTH, total * scale, "#1d2733"))
    centre = CLEARING_X + NODE_WIDTH / 2
    parts.append(_text(centre, middle_top - 14, f"清算 Clearing {yuan(total)}", "name", "middle"))
    return parts


def _flow_scale(count: int, *sides: list[tuple[str, int]]) -> float:
    """Find how many pixels a fen gets so that the taller side still fits."""
    scale = (FLOW_HEIGHT - 84) / sum(fen for _, fen in sides[0])
    room = FLOW_HEIGHT - SLOT_GAP * (count - 1)
    while scale > 0 and any(sum(max(fen * scale, SLOT_MIN) for _, fen in side) > room for side in sides):
        scale = scale * 0.95
    return scale


def _side(nodes: list[tuple[str, int]], scale: float, middle_top: float, x: float, colour: str) -> list[str]:
    """Draw the units of one side: a bar, a band to or from the clearing, the name and the amount."""
    left = x < CLEARING_X
    slots = [max(fen * scale, SLOT_MIN) for _, fen in nodes]
    top = FLOW_TOP + (FLOW_HEIGHT - sum(slots) - SLOT_GAP * (len(slots) - 1)) / 2
    parts = []
    for (unit, fen), slot in zip(nodes, slots, strict=True):
        thick = max(fen * scale, 1.5)
        bar_top = top + (slot - thick) / 2
        ends: tuple[float, float, float, float] = (x + NODE_WIDTH, bar_top, CLEARING_X, middle_top)
        if not left:
            ends = (CLEARING_X + NODE_WIDTH, middle_top, x, bar_top)
        parts += [_band(*ends, thick, colour), _box(x, bar_top, NODE_WIDTH, thick, colour)]
        label_x, anchor = (x - 14, "end") if left else (x + NODE_WIDTH + 14, "start")
        middle = top + slot / 2
        verb, kind = ("付 pays", "pays") if left else ("收 receives", "receives")
        parts.append(_text(label_x, middle - 4, _name(unit), "name", anchor))
        parts.append(_text(label_x, middle + 16, f"{verb} {yuan(fen)}", kind, anchor))
        top += slot + SLOT_GAP
        middle_top += fen * scale
    return parts


def _band(x1: float, y1: float, x2: float, y2: float, thick: float, colour: str) -> str:
    """Draw a curved band of constant height between two bars."""
    bend = (x1 + x2) / 2
    path = (
        f"M{x1:.1f},{y1:.1f} C{bend:.1f},{y1:.1f} {bend:.1f},{y2:.1f} {x2:.1f},{y2:.1f}"
        f" V{y2 + thick:.1f} C{bend:.1f},{y2 + thick:.1f} {bend:.1f},{y1 + thick:.1f}"
        f" {x1:.1f},{y1 + thick:.1f} Z"
    )
    return f'<path d="{path}" fill="{colour}" fill-opacity="0.28"/>'


def _matrix(claims: Claims) -> list[str]:
    """Draw the gross claims: the unit of the row owes the unit of the column."""
    left = MARGIN + LABEL_WIDTH
    parts = [
        _line(MARGIN, MATRIX_TOP - 92, RIGHT),
        _text(MARGIN, MATRIX_TOP - 56, "总额 Gross", "section"),
        _text(MARGIN + 112, MATRIX_TOP - 56, "每行欠每列 each row owes each column", "quiet"),
    ]
    for column, unit in enumerate(claims.units):
        parts += _column_title(left + CELL_WIDTH * (column + 1) - 14, UNIT_NAMES.get(unit, (unit, "")))
    parts += _column_title(NET_X - 24, ("应付合计", "owes"))
    parts += _column_title(RIGHT, ("净额", "net"))
    most = max(claims.owed_fen.values(), default=0)
    for row, unit in enumerate(claims.units):
        parts += _row(claims, unit, MATRIX_TOP + ROW_HEIGHT * row, most)
    return parts + _totals(claims, MATRIX_TOP + ROW_HEIGHT * len(claims.units))


def _column_title(x: float, names: tuple[str, ...]) -> list[str]:
    """Write a column's two names above it, flush with its numbers."""
    return [
        _text(x, MATRIX_TOP - 28, names[0], "name", "end"),
        _text(x, MATRIX_TOP - 11, names[1], "quiet", "end"),
    ]


def _row(claims: Claims, unit: str, top: float, most: int) -> list[str]:
    """Draw one issuer: its claims, what it owes in all, and its net."""
    base = top + ROW_HEIGHT / 2 + 5
    parts = [_text(MARGIN, base, _name(unit), "name")]
    for column, other in enumerate(claims.units):
        x = MARGIN + LABEL_WIDTH + CELL_WIDTH * column
        own = unit == other
        fen = claims.own_fen(unit) if own else claims.owed_fen.get((unit, other), 0)
        share = 0 if own or most == 0 else fen / most
        fill = "#f3f4f6" if own else _shade(share)
        parts.append(_box(x + 1.5, top + 1.5, CELL_WIDTH - 3, ROW_HEIGHT - 3, fill))
        kind = "own" if own or fen == 0 else "light" if share > 0.55 else ""
        parts.append(_amount(x + CELL_WIDTH - 14, base, yuan(fen) if fen else "–", kind))
    net_fen = claims.net_fen(unit)
    parts.append(_amount(NET_X - 24, base, yuan(claims.owes_fen(unit)), "sum"))
    return [*parts, _amount(RIGHT, base, _signed(net_fen), _side_kind(net_fen))]


def _totals(claims: Claims, top: float) -> list[str]:
    """Draw the bottom row: what each unit is owed, and the gross total."""
    base = top + ROW_HEIGHT / 2 + 9
    parts = [_line(MARGIN, top + 6, RIGHT, "#9aa5b1"), _text(MARGIN, base, "应收合计 is owed", "name")]
    for column, unit in enumerate(claims.units):
        x = MARGIN + LABEL_WIDTH + CELL_WIDTH * (column + 1) - 14
        parts.append(_amount(x, base, yuan(claims.is_owed_fen(unit)), "sum"))
    parts.append(_amount(NET_X - 24, base, yuan(claims.gross_fen), "sum"))
    zero = sum(claims.net_fen(unit) for unit in claims.units)
    return [*parts, _amount(RIGHT, base, yuan(zero), "sum")]


def _legend(height: int) -> list[str]:
    """Explain the grey cells, the colours and the unit of account."""
    notes = (
        "灰格：在本单元使用的自有积分，不产生欠款。 Grey: own points redeemed at home, owed by nobody.",
        "净额：应收减应付；负付正收，合计为零。 Net: is owed minus owes; minus pays, plus receives; sum 0.",
    )
    return [_text(MARGIN, height - 54 + 22 * place, note, "quiet") for place, note in enumerate(notes)]


def _shade(share: float) -> str:
    """Mix white and indigo by the share of the largest claim, 0 to 1."""
    pale, deep = (241, 244, 251), (49, 78, 160)
    mixed = (round(low + (high - low) * share**0.7) for low, high in zip(pale, deep, strict=True))
    return "#" + "".join(f"{channel:02x}" for channel in mixed)


def _signed(fen: int) -> str:
    """Write a net with its sign, a plus for what is received."""
    return f"+{yuan(fen)}" if fen > 0 else yuan(fen)


def _side_kind(fen: int) -> str:
    """Choose the colour of a net."""
    return "receives" if fen > 0 else "pays" if fen < 0 else "own"
