"""The shapes that data of events is made of. Refuses anything but pydantic, and any rule of a service.

Ids are the shown ones (prefix, underscore, 32 hex digits), money is integer fen, times have an offset.
"""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

BIGINT_MAX = 2**63 - 1

Id = Annotated[str, StringConstraints(pattern=r"^[a-z]{3}_[0-9a-f]{32}$")]
"""A shown id, for example `jrn_0192f0c4…`."""

Unit = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
"""The code of a business unit, for example `mall-east`."""

Asset = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3,8}$")]
"""The code of what is counted, for example `HOTL`."""

Points = Annotated[int, Field(strict=True, ge=0, le=BIGINT_MAX)]
"""Whole points of one asset."""

Fen = Annotated[int, Field(strict=True, ge=-BIGINT_MAX, le=BIGINT_MAX)]
"""Money in 1/100 yuan; negative where a balance may be."""

PaidFen = Annotated[int, Field(strict=True, ge=0, le=BIGINT_MAX)]
"""Money in 1/100 yuan that was paid or is owed, never negative."""

Month = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]
"""A business month in Asia/Shanghai, `YYYY-MM`."""

Day = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]
"""A business day in Asia/Shanghai, `YYYY-MM-DD`."""

Moment = AwareDatetime
"""A moment with offset, written in UTC."""

Number = Annotated[str, StringConstraints(min_length=1, max_length=64)]
"""A number somebody else gave: of a member at a unit, of a receipt, of an order."""

Tier = Annotated[int, Field(strict=True, ge=0, le=9)]
"""A member's rank: 0 for everybody, then upwards."""

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")]
"""A stable name: of a client, a key, a rule, a role."""

PublicKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]
"""An Ed25519 public key: its 32 raw bytes in base64url without padding (the `x` of its JWK)."""


class EventData(BaseModel):
    """Data of one type of event: frozen; who reads it ignores fields that it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Part(BaseModel):
    """A line inside the data of an event."""

    model_config = ConfigDict(frozen=True, extra="ignore")
