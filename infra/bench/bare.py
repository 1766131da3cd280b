"""The neighbour of every door: a bare FastAPI process that takes the same body and does nothing with it.

The same server in the same settings as a service (shared/web/serving.py), a declared body, a declared answer.
Several may answer at one port, as the processes of a service do.
"""

from __future__ import annotations

import os
import sys

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

from shared.web.serving import joined

app = FastAPI()


class Body(BaseModel):
    """What a redemption sends."""

    unit: str
    order_no: str
    price_fen: int
    pay_fen: int


class Given(BaseModel):
    """What is answered."""

    order_no: str
    paid_fen: int


class Held(BaseModel):
    """What a read is answered."""

    worth_fen: int
    assets: list[str]


@app.post("/bare")
async def take(body: Body) -> Given:
    """Answer what was sent."""
    return Given(order_no=body.order_no, paid_fen=body.pay_fen)


@app.get("/bare")
async def give() -> Held:
    """Answer a few words."""
    return Held(worth_fen=0, assets=[])


@app.get("/process")
async def which() -> int:
    """Answer which process this is."""
    return os.getpid()


if __name__ == "__main__":
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="error",
        proxy_headers=False,
        server_header=False,
        date_header=False,
        backlog=2048,
    )
    uvicorn.Server(config).run([joined("127.0.0.1", int(sys.argv[1]))])
