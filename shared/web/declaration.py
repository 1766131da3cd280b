"""Doors declared to FastAPI: their routes and their OpenAPI. Refuses FastAPI's own parsing and rendering.

FastAPI matches addresses and describes what a passage takes and gives; the passage itself answers. The usual
route would parse, validate and render a second time.
"""

from inspect import Parameter, Signature
from typing import Annotated, Any

from fastapi import FastAPI, Header, Query, Security
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from fastapi.security.http import HTTPBase
from pydantic import BaseModel, ConfigDict
from starlette.routing import compile_path
from starlette.types import Receive, Scope, Send

from shared.web.door import Door, Passage
from shared.web.problems import MEDIA_TYPE
from shared.web.strict import Nothing

EXCHANGE = "tongfen.exchange"
"""Under which name the application leaves the exchange in the scope."""

_BEARER = HTTPBearer(
    scheme_name="token", bearerFormat="JWT", description="A token of ours: JWT, Ed25519.", auto_error=False
)
_SIGNATURE = HTTPBase(
    scheme="signature",
    scheme_name="signature",
    description="RFC 9421, Ed25519, over @method @authority @path @query content-digest idempotency-key.",
    auto_error=False,
)
_KEY_PATTERN = r"^[\x21-\x7e]{1,255}$"


class ProblemView(BaseModel):
    """A problem (RFC 9457); facts stand beside these members."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    retryable: bool


class DoorRoute(APIRoute):
    """A route that hands the request to its passage instead of FastAPI's handler."""

    async def handle(self, scope: Scope, _receive: Receive, _send: Send) -> None:
        """Answer through the passage; the arrival has read, or will read, the request itself."""
        await scope[EXCHANGE].answer(self.endpoint.__dict__["passage"], scope["path_params"])


def _problems(passage: Passage) -> dict[int | str, dict[str, Any]]:
    """List the statuses a passage may answer beside its own."""
    statuses = {404, 422, 429, 503}
    if passage.roles:
        statuses |= {401, 403}
    if passage.writes:
        # A sign-in asks nobody who they are, and still says so where the code or token is wrong.
        statuses |= {401, 409, 410, 413, 415, 423}
    if passage.keyed:
        statuses.add(400)
    if passage.conflicts:
        statuses.add(409)
    schema = {"schema": {"$ref": "#/components/schemas/ProblemView"}}
    return {
        status: {"description": "A problem (RFC 9457).", "content": {MEDIA_TYPE: schema}}
        for status in sorted(statuses)
    }


def _signature(passage: Passage) -> Signature:
    """Spell out what a passage takes the way FastAPI reads it."""
    kind = Parameter.KEYWORD_ONLY
    _, _, convertors = compile_path(passage.path)
    parameters = [Parameter(name, kind, annotation=str) for name in convertors]
    if passage.keyed:
        header = Header(alias="Idempotency-Key", min_length=1, max_length=255, pattern=_KEY_PATTERN)
        parameters.append(Parameter("idempotency_key", kind, annotation=Annotated[str, header]))
    if passage.takes is not Nothing:
        taken: Any = passage.takes if passage.writes else Annotated[passage.takes, Query()]
        parameters.append(Parameter("taken", kind, annotation=taken))
    return Signature(parameters)


def _endpoint(passage: Passage) -> Any:
    def described() -> None:
        """Stand in for the handler where FastAPI reads names and parameters."""

    described.__name__ = passage.handler.__name__
    described.__doc__ = passage.handler.__doc__
    described.__dict__.update(__signature__=_signature(passage), passage=passage)
    return described


def _without_body(passage: Passage) -> dict[str, Any] | None:
    """Say that a body may be left out where it need not hold anything."""
    fields = passage.takes.model_fields.values()
    if not passage.writes or not fields or any(field.is_required() for field in fields):
        return None
    return {"requestBody": {"required": False}}


def declare(framework: FastAPI, door: Door) -> None:
    """Declare every passage of a door to FastAPI."""
    for passage in door.passages:
        framework.router.add_api_route(
            passage.path,
            _endpoint(passage),
            methods=[passage.method],
            response_model=passage.gives,
            status_code=passage.status,
            responses=_problems(passage),
            dependencies=[Security(_BEARER), Security(_SIGNATURE)] if passage.roles else [],
            operation_id=passage.handler.__name__,
            tags=[door.tag],
            include_in_schema=not passage.quiet,
            openapi_extra=_without_body(passage),
            route_class_override=DoorRoute,
        )


def openapi_of(framework: FastAPI) -> dict[str, Any]:
    """Write the OpenAPI document of all doors declared so far."""
    document = framework.openapi()
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["ProblemView"] = ProblemView.model_json_schema()
    # FastAPI describes its own errors, which no door of ours ever sends.
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    return document
