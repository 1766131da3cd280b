"""The neighbour of every door: a bare FastAPI process that takes the same body and does nothing with it.

The same server in the same settings as a service (shared/web/serving.py), a declared body, a declared answer.
"""

from __future__ import annotations

import sys

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

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


if __name__ == "__main__":
    uvicorn.run(
        app,
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="error",
        proxy_headers=False,
        server_header=False,
        date_header=False,
        backlog=2048,
    )
