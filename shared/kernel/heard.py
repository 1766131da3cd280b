"""The order of another service's story, per key: versions without gap and without fork.

Refuses to know where the last heard version is kept: the desk reads it under lock and asks here.
"""

from shared.kernel.refusal import Kind, Refusal
from shared.kernel.words import Words


class EventGap(Refusal):
    """An event came before its predecessor; it waits, parked, until the missing ones are here.

    Retryable, so never a first answer: the same event is obeyed once the gap is closed.
    """

    kind = Kind.CONFLICT
    code = "event-gap"
    retryable = True
    title = Words("事件序列有缺口", "Events are missing before this one")
    advice = Words(
        "该键最后收到的版本为 {last}，此事件为 {seq}。请先补齐缺失事件，再重放停放的事件。",
        "The last version heard of this key is {last}, this is {seq}. Get the missing ones, then replay.",
    )


class EventFork(Refusal):
    """An unknown event claims a version that was heard already: two stories are told about one key.

    Retryable, so never a first answer: a person decides which story holds, then replays.
    """

    kind = Kind.CONFLICT
    code = "event-fork"
    retryable = True
    title = Words("事件序列出现分叉", "Two events claim the same version")
    advice = Words(
        "该键已收到版本 {last}，而另一事件声称版本 {seq}。请先查明来源，再处理停放的事件。",
        "Version {last} of this key was heard, another event claims {seq}. Find out who wrote it "
        "before anything is replayed.",
    )


def judge(last: int | None, seq: int) -> None:
    """Let pass only the version that follows the last one heard; an unknown key may begin anywhere.

    :raises EventFork: if that version was heard already (the id being unknown).
    :raises EventGap: if versions between the last and this one are missing.
    """
    if last is None or seq == last + 1:
        return
    if seq <= last:
        raise EventFork(last=last, seq=seq)
    raise EventGap(last=last, seq=seq)
