"""The door every service has: alive, ready, metrics, problem pages, OpenAPI. Tells of nobody's affairs.

The gateway lets only the problem pages through; the rest is for the supervisor, Prometheus and engineers.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from starlette.concurrency import run_in_threadpool

from shared.kernel.command import Asked
from shared.kernel.refusal import NotFound
from shared.runtime import metrics
from shared.web.door import ANYONE, Call, Door
from shared.web.problem_pages import PAGE_POLICY, problem_index, problem_page
from shared.web.reply import Reply, html_reply, json_reply
from shared.web.strict import Inbound, Nothing

Check = Callable[[], bool]
"""Tells whether a part is well; what it raises counts as no."""


class PageWanted(Inbound):
    """In which language a page is wanted, where not the reader's own."""

    lang: Literal["zh", "en"] | None = None


def _passes(check: Check) -> bool:
    try:
        return check()
    except Exception:  # noqa: BLE001 - whatever stops a check, the part is not ready
        return False


def house_door(
    checks: Mapping[str, Check], vitals: Mapping[str, Check], openapi: Callable[[], dict[str, Any]]
) -> Door:
    """Make the door; the checks are asked at every `/readyz`.

    :param vitals: what is asked at every `/livez`, on the event loop: they must not block, and say nothing of
        another system, since whoever is not alive is killed.
    """
    door = Door("", "house", quiet=True)

    @door.get("/livez", takes=Nothing, gives=None, roles=ANYONE)
    async def livez(_asked: Asked, _taken: Nothing, _call: Call) -> Reply:
        """Tell that the event loop turns, and whether the rest of the process goes on."""
        found = {name: _passes(check) for name, check in vitals.items()}
        alive = all(found.values())
        return json_reply({"alive": alive, "checks": found}, 200 if alive else 503)

    @door.get("/readyz", takes=Nothing, gives=None, roles=ANYONE)
    async def readyz(_asked: Asked, _taken: Nothing, _call: Call) -> Reply:
        """Tell whether requests should be sent here, check by check."""
        found = {name: await run_in_threadpool(_passes, check) for name, check in checks.items()}
        ready = all(found.values())
        return json_reply({"ready": ready, "checks": found}, 200 if ready else 503)

    @door.get("/metrics", takes=Nothing, gives=None, roles=ANYONE)
    async def measures(_asked: Asked, _taken: Nothing, _call: Call) -> Reply:
        """Give all measures in the text form of Prometheus."""
        return Reply(200, metrics.exposition(), ((b"content-type", metrics.MEDIA_TYPE.encode()),))

    @door.get("/openapi.json", takes=Nothing, gives=None, roles=ANYONE)
    async def described(_asked: Asked, _taken: Nothing, _call: Call) -> Reply:
        """Give the OpenAPI document of this service."""
        return json_reply(openapi())

    @door.get("/problems", takes=PageWanted, gives=None, roles=ANYONE)
    async def problems(_asked: Asked, taken: PageWanted, call: Call) -> Reply:
        """List all problems as a page."""
        return html_reply(problem_index(taken.lang or call.language), PAGE_POLICY)

    @door.get("/problems/{code}", takes=PageWanted, gives=None, roles=ANYONE)
    async def problem(_asked: Asked, taken: PageWanted, call: Call) -> Reply:
        """Explain a problem as a page."""
        page = problem_page(call.path["code"], taken.lang or call.language)
        if page is None:
            raise NotFound()
        return html_reply(page, PAGE_POLICY)

    return door
