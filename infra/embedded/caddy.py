"""Caddy, the one address of the stack: hands each path to its service and says who is asking.

Refuses to be steered from outside (no admin door) and to believe an address that a caller claims to have.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent

from infra.embedded.child import Child, plain_environment, wait_until
from infra.embedded.ports import LOOPBACK, is_open
from shared.kernel.refusal import NotFound, Refusal
from shared.web.language import TAGS
from shared.web.problems import MEDIA_TYPE, STATUS, Away, problem_document
from shared.web.strict import BODY_MAX, TooLarge

# The header by which a service learns the caller's address; whatever a caller puts there is overwritten.
CLIENT_ADDRESS = "X-Client-Address"

_START_S = 20.0

_AWAY_S = 2
# The gateway draws one for each request.
_INSTANCE = "{http.request.uuid}"

_HEAD = """\
{{
	admin off
	auto_https off
	persist_config off
	grace_period 10s
	servers {{
		timeouts {{
			read_header 10s
			read_body 30s
			idle 2m
		}}
	}}
}}

:{port} {{
	bind {host}
	# Not left to the services: who answers and hangs up in the middle of a body looks dead.
	request_body {{
		max_size {body_max}
	}}
"""

_ROUTE = """\
	handle /{service}/* {{
{proxy}
	}}
"""

_PAGES = """\
	@pages path /problems /problems/*
	handle @pages {{
{proxy}
	}}
"""

_PROXY = """\
		reverse_proxy {host}:{port} {{
			# Never guessed from what the caller sent. X-Forwarded-For the gateway writes anew by itself.
			header_up {address} {{remote_host}}
			header_up -Forwarded
			header_up -X-Real-Ip
			# While a service starts again, callers wait for a moment; nothing was sent yet.
			lb_try_duration 3s
			lb_try_interval 50ms
			# One that ends or dies takes along what was sent and not read yet. Questions, and what happens
			# once by its key whoever repeats it, are asked of the next one, whole. Not what is signed: its
			# number was used, and whoever sends it twice looks like somebody who overheard it.
			request_buffers {body_max}
			lb_retry_match {{
				method GET HEAD
			}}
			lb_retry_match {{
				header Idempotency-Key *
				header !Signature-Input
				# A million bytes and more may be too many, for whichever process: that is told at once.
				header_regexp Content-Length ^[0-9]{{1,6}}$
			}}
{fallback}		}}"""

# Each process knows the problems of its own refusals: who does not know one passes the question on.
_FALLBACK = """\
			@unknown status 404
			handle_response @unknown {{
{proxy}
			}}
"""

_TAIL = """\
	handle / {{
		header Content-Type "text/plain; charset=utf-8"
		respond "{welcome}" 200
	}}
	handle {{
{not_found}
	}}
	handle_errors 413 {{
		header Connection close
{too_large}
	}}
	handle_errors 502 503 504 {{
		header Retry-After {away_s}
{away}
	}}
}}
"""

# What the gateway refuses by itself is told as services tell it, but for the language: the first one named
# decides, weights are theirs to read.
_REFUSAL = """\
		header Content-Type {media_type}
		header Cache-Control no-store
		header Vary Accept-Language
		@english header_regexp Accept-Language (?i)^\\s*en\\b
		handle @english {{
			header Content-Language {en_tag}
			respond `{en}` {status}
		}}
		handle {{
			header Content-Language {zh_tag}
			respond `{zh}` {status}
		}}"""


@dataclass(frozen=True, slots=True)
class Setup:
    """What the gateway needs to know: folder, port, log, and which service answers at which port."""

    place: Path
    port: int
    log: Path
    services: Mapping[str, int]


class Caddy:
    """One gateway below this process."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self.address = f"http://{LOOPBACK}:{setup.port}"
        place = str(setup.place)
        homes = {"HOME": place, "XDG_CONFIG_HOME": place, "XDG_DATA_HOME": place}
        self.child = Child(
            name="gateway",
            arguments=[
                *(str(Path(sys.executable).parent / "caddy"), "run"),
                *("--config", str(self._file), "--adapter", "caddyfile"),
            ],
            environment={**plain_environment(), **homes},
            log=setup.log,
            folder=setup.place,
        )

    def prepare(self) -> None:
        """Write the gateway's recipe."""
        self._setup.place.mkdir(parents=True, exist_ok=True)
        self._file.write_text(recipe(self._setup), encoding="utf-8")

    def start(self) -> None:
        """Start the gateway and wait until it takes connections.

        :raises Obstacle: if it ends or does not answer in time.
        """
        self.child.start()
        if not wait_until(self.answers, self.child, _START_S):
            self.child.stop()
            raise self.child.failure("The gateway does not start", self._setup.place)

    def close(self) -> None:
        """Stop the gateway for good, once the requests under way are answered."""
        self.child.close()

    def answers(self) -> bool:
        """Tell whether the gateway takes connections now."""
        return is_open(self._setup.port)

    @property
    def _file(self) -> Path:
        return self._setup.place / "Caddyfile"


def recipe(setup: Setup) -> str:
    """Compose the Caddyfile: `/<service>/*` to each service, `/problems/*` to whichever knows the page."""
    routes = [_ROUTE.format(service=service, proxy=_proxy(port)) for service, port in setup.services.items()]
    routes.append(_PAGES.format(proxy=_asked_in_turn(list(setup.services.values())[::-1])))
    welcome = "Tongfen. " + " ".join(f"/{service}/v1" for service in setup.services)
    tail = _TAIL.format(
        welcome=welcome,
        not_found=_told(NotFound()),
        too_large=_told(TooLarge(limit_bytes=BODY_MAX)),
        away=_told(Away()),
        away_s=_AWAY_S,
    )
    return _HEAD.format(port=setup.port, host=LOOPBACK, body_max=BODY_MAX) + "".join(routes) + tail


def _told(refusal: Refusal) -> str:
    zh, en = (
        json.dumps(problem_document(refusal, language, _INSTANCE), ensure_ascii=False)
        for language in ("zh", "en")
    )
    return _REFUSAL.format(
        media_type=MEDIA_TYPE,
        zh=zh,
        zh_tag=TAGS["zh"],
        en=en,
        en_tag=TAGS["en"],
        status=STATUS[refusal.kind],
    )


def _proxy(port: int, fallback: str = "") -> str:
    told = {"address": CLIENT_ADDRESS, "body_max": BODY_MAX, "fallback": fallback}
    return _PROXY.format(host=LOOPBACK, port=port, **told)


def _asked_in_turn(ports: Sequence[int]) -> str:
    # Each one deeper, as the gateway would write it itself: it objects to any other recipe.
    deeper = indent(_asked_in_turn(ports[1:]), "\t\t") if len(ports) > 1 else ""
    fallback = _FALLBACK.format(proxy=deeper) if deeper else ""
    return _proxy(ports[0], fallback)
