"""Starts a process of this service: `python -m services.member`.

While it loads, the collector of cycles rests: a sixth of the start went into looking for what nobody threw
away yet. `serve` wakes it. Refuses to do anything else.
"""

import gc


def _start() -> None:
    gc.disable()
    from services.member.main import main

    main()


if __name__ == "__main__":
    _start()
