"""The door: the child processes first, then `--version`, then the terminal's commands, else the window.

Nothing heavy is imported before it is known what is wanted. Not the place where the house is put together (`main`).
"""

from __future__ import annotations

import gc
import os
import sys

from sidelight import __version__


def main() -> int:
    """What the process was started for. Returns its exit code."""
    _close_to_others()
    arguments = sys.argv[1:]
    match arguments:
        case ["--child", "engine"]:
            from sidelight.local import child

            child.run()
            return 0
        case ["--child", "worker"]:
            from sidelight.workers import child as worker

            worker.run()
            return 0
        case ["--child", "display"]:
            from sidelight.ui import selftest

            return selftest.open_display()
        case ["--child", "print"]:
            from sidelight.ui import printing

            printing.run()
            return 0
        case ["--child", *_]:
            sys.stderr.write(f"sidelight --child: unknown kind {arguments[1:]!r}\n")
            return 2
        case ["--profile", str(folder), *rest] if folder:
            os.environ["SIDELIGHT_PROFILE"] = os.path.abspath(folder)  # noqa: PTH100 - pathlib is not needed for --version
            sys.argv[1:] = rest
            return main()
        case ["--profile", *_]:
            sys.stderr.write("sidelight --profile: which folder?\n")
            return 2
        case ["--version"] | ["-V"]:
            sys.stdout.write(f"sidelight {__version__}\n")
            return 0
        case ["--self-test", *options]:
            from sidelight.main import open_house
            from sidelight.ui import selftest

            return selftest.run(options, open_house)
        case []:
            return _window()
        case _:
            from sidelight import cli
            from sidelight.main import open_house

            return cli.run(arguments, open_house)


def _window() -> int:
    """The window; where this system cannot show one, a sentence that says what to do."""
    gc.disable()  # what is imported now stays: looking for cycles in it costs a tenth of the first paint
    from sidelight.cli import display

    obstacle = display.obstacle()
    if obstacle is None:
        from sidelight import main as house

        try:
            return house.run_window()
        except ImportError as error:
            obstacle = display.explain(str(error))
            if obstacle is None:
                raise
    sys.stderr.write(f"{obstacle}\n")
    return 1


def _close_to_others() -> None:
    """What we write is for its owner alone, and a crash leaves no image of our memory, where keys may stand."""
    os.umask(0o077)
    if sys.platform != "win32":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, hard))


if __name__ == "__main__":
    sys.exit(main())
