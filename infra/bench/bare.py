"""The neighbour of every door: a bare FastAPI process that takes the same body and does nothing with it."""

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


@app.post("/bare")
async def take(body: Body) -> dict[str, object]:
    """Answer what was sent."""
    return {"order_no": body.order_no, "paid_fen": body.pay_fen}


@app.get("/bare")
async def give() -> dict[str, object]:
    """Answer a few words."""
    return {"worth_fen": 0, "assets": []}


if __name__ == "__main__":
    port = int(sys.argv[1])
    uvicorn.run(app, port=port, loop="uvloop", http="httptools", access_log=False, log_level="error")
