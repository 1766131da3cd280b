"""The pages at `/problems/<code>`: what a problem means, what its facts are, what to do next.

Rendered from the refusal classes themselves, the list from what all services have published; in Chinese and
English, plain HTML without script, readable anywhere. Refuses to show anything of a particular request.
"""

import base64
import re
from collections.abc import Iterator
from hashlib import sha256
from html import escape
from string import Formatter

from contracts.problems import problems_known
from shared.kernel.refusal import Refusal
from shared.kernel.words import Words
from shared.web.problems import DEFECT_ADVICE, DEFECT_CODE, DEFECT_TITLE, STATUS

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2733; --soft: #5b6b7b; --line: #d9e0e7; --accent: #0b7a75; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --soft: #9aa9b8; --line: #2f3b47; --accent: #4fd1c5; }
}
body { margin: 0 auto; max-width: 42rem; padding: 3rem 1.25rem; color: var(--ink);
  font: 1rem/1.65 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }
.status { color: var(--accent); font-weight: 600; letter-spacing: .04em; }
h1 { margin: .25rem 0 1.25rem; font-size: 1.75rem; line-height: 1.3; }
h2 { margin: 2rem 0 .5rem; font-size: 1rem; color: var(--soft); font-weight: 600; }
code { font: .9em/1.5 ui-monospace, SFMono-Regular, Menlo, monospace; }
ul { padding-left: 1.1rem; } a { color: var(--accent); }
footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--soft); }
"""
_STYLE_HASH = base64.b64encode(sha256(_STYLE.encode()).digest()).decode()
PAGE_POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'"
"""The Content-Security-Policy of these pages: their one style and nothing else."""

_ALL = Words("所有问题", "All problems")
_NEXT = Words("怎么办", "What to do next")
_FACTS = Words("附带的事实", "Facts that come with it")
_AGAIN = Words("可以重试吗", "Can it be retried")
_YES = Words(
    "可以，用同一幂等键，按 Retry-After 等待。", "Yes, with the same key, after Retry-After seconds."
)
_NO = Words("原样重试会得到同一个回答。", "Sent again unchanged it gets the same answer.")
_FACT = re.compile(r"\{(\w+)\}")
_OTHER = {"zh": ("en", "English"), "en": ("zh", "中文")}


def _page(language: str, title: str, body: str) -> str:
    other, name = _OTHER[language]
    return (
        f'<!doctype html><html lang="{"zh-CN" if language == "zh" else "en"}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} · Tongfen 通分</title><style>{_STYLE}</style></head><body>{body}"
        f'<footer><a href="/problems?lang={language}">{_ALL.told(language, {})}</a> · '
        f'<a href="?lang={other}">{name}</a> · Tongfen 通分</footer></body></html>'
    )


def _facts(advice: Words) -> Iterator[str]:
    for _, name, _, _ in Formatter().parse(advice.en):
        if name:
            yield name


def _advice(advice: Words, language: str) -> str:
    # A page is about every case, so a fact stands there by its name.
    return _FACT.sub(r"<code>\1</code>", escape(advice.told(language, {})))


def problem_page(code: str, language: str) -> str | None:
    """Render the page of a problem, or None where no refusal of this process has that code."""
    if code == DEFECT_CODE:
        title, advice, status, retryable = DEFECT_TITLE, DEFECT_ADVICE, 500, True
    elif code in Refusal.known:
        refusal = Refusal.known[code]
        title, advice, status = refusal.title, refusal.advice, STATUS[refusal.kind]
        retryable = refusal.retryable
    else:
        return None
    told = title.told(language, {})
    facts = "".join(f"<li><code>{escape(name)}</code></li>" for name in _facts(advice))
    body = (
        f'<p class="status">{status} · <code>{escape(code)}</code></p><h1>{escape(told)}</h1>'
        f"<h2>{_NEXT.told(language, {})}</h2><p>{_advice(advice, language)}</p>"
        f"<h2>{_AGAIN.told(language, {})}</h2><p>{(_YES if retryable else _NO).told(language, {})}</p>"
    )
    if facts:
        body += f"<h2>{_FACTS.told(language, {})}</h2><ul>{facts}</ul>"
    return _page(language, told, body)


def problem_index(language: str) -> str:
    """Render the list of all problems of all services."""
    rows = "".join(
        f'<li>{one.status} · <a href="/problems/{one.code}?lang={language}">'
        f"{escape(Words(one.zh, one.en).told(language, {}))}</a> <code>{one.code}</code></li>"
        for one in problems_known()
    )
    title = _ALL.told(language, {})
    return _page(language, title, f"<h1>{title}</h1><ul>{rows}</ul>")
