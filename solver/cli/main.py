"""The command `solve`: what it takes, and the one place where errors become exit statuses."""

from __future__ import annotations

import gc
import os
import sys
from typing import Any

from solver.cli import streams

VERSION_WORDS = {"--version", "-V"}


def main() -> None:
    """Run the program and exit: 0 done, 1 findings, 2 wrong usage or something could not be read or solved."""
    if len(sys.argv) == 2 and sys.argv[1] in VERSION_WORDS:
        from solver import __version__

        print(f"solve {__version__}")
        return
    gc.disable()  # until everything is imported: a tenth of the start
    # One thread is faster for small arrays and starts sooner; plug-ins of pydantic are not looked for.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    streams.prepare()
    out = sys.stdout
    status: Any = 0
    try:
        from solver.cli.app import app

        status = app(standalone_mode=False, prog_name="solve")
        out.flush()
    except BrokenPipeError:
        streams.abandon()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        status = 130
    except SystemExit as stop:
        status = stop.code
        if sys.stdout is not out:  # typer has put something else in the place of a closed pipe
            streams.abandon()
            status = 0
    except Exception as error:
        status = _reported(error)
    sys.exit(status if isinstance(status, int) else 0)


def _reported(error: Exception) -> int:
    """What the command line itself finds wrong is told by typer's own exceptions, by name and message."""
    show = getattr(error, "show", None)
    if callable(show):
        show()
        return int(getattr(error, "exit_code", 2))
    code = getattr(error, "exit_code", None)
    if isinstance(code, int):
        return code
    if type(error).__name__ == "Abort":
        return 130
    from solver.errors import SolverError, draw

    if isinstance(error, OSError):
        streams.abandon()
        error = SolverError(f"standard output cannot be written: {(error.strerror or str(error)).lower()}")
    if isinstance(error, SolverError):
        print(draw(error), file=sys.stderr)
        return 2
    raise error


if __name__ == "__main__":
    main()
