"""Writes the answers to a batch: each item as the single call would have been answered."""

from collections.abc import Sequence

from shared.kernel.command import Answer
from shared.web.door import Call
from shared.web.problems import defect_problem, problem_of
from shared.web.reply import Reply


def batch_reply(answers: Sequence[Answer], call: Call, status: int) -> Reply:
    """Write one 200 for all items; `status` is what an accepted item is shown with."""
    shown = [_shown(answer, call, status) for answer in answers]
    refused = sum(answer.refusal is not None for answer in answers)
    call.note(items=len(answers), refused=refused, replayed_items=sum(answer.replayed for answer in answers))
    return Reply(200, b'{"results":[' + b",".join(shown) + b"]}")


def _shown(answer: Answer, call: Call, status: int) -> bytes:
    replayed = b"true" if answer.replayed else b"false"
    if answer.json is not None:
        return b'{"status":%d,"replayed":%s,"body":%s}' % (status, replayed, answer.json)
    language, instance = call.language, call.arrival.request_id
    if answer.refusal is not None:
        reply = problem_of(answer.refusal, language, instance)
    else:
        reply = defect_problem(language, instance)
    return b'{"status":%d,"replayed":%s,"body":%s}' % (reply.status, replayed, reply.body)
