"""Writes the answers to a batch: each item as the single call would have been answered."""

from collections.abc import Sequence

import orjson

from shared.kernel.command import Answer
from shared.web.door import Call
from shared.web.problems import problem_document
from shared.web.reply import Reply


def batch_reply(answers: Sequence[Answer], call: Call, status: int) -> Reply:
    """Write one 200 for all items; `status` is what an accepted item is shown with."""
    shown = [_shown(answer, call, status) for answer in answers]
    refused = sum(answer.refusal is not None for answer in answers)
    call.note(items=len(answers), refused=refused, replayed_items=sum(answer.replayed for answer in answers))
    return Reply(200, b'{"results":[' + b",".join(shown) + b"]}")


def _shown(answer: Answer, call: Call, status: int) -> bytes:
    if answer.json is not None:
        return b'{"status":%d,"body":%s}' % (status, answer.json)
    instance = call.arrival.request_id
    if answer.refusal is not None:
        document = problem_document(answer.refusal, call.language, instance)
    else:
        document = {"type": "/problems/defect", "status": 500, "code": "defect", "instance": instance}
    return orjson.dumps({"status": document["status"], "body": document})
