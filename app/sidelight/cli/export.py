"""`sidelight export`: conversations into a file or to standard output. The way back is `importing`."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack, closing
from pathlib import Path

from sidelight import messages
from sidelight.cli import importing
from sidelight.cli.house import OpenHouse
from sidelight.transfer.registry import FORMATS

__all__ = ["add_commands", "export"]

_TRACES = ("in", "folded", "out")


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """This command and the way back, with their options."""
    out = commands.add_parser("export", help=messages.text("cli.help.export"))
    out.add_argument(
        "-f", "--format", choices=[form.id for form in FORMATS], help=messages.text("cli.help.format")
    )
    which = out.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "-c", "--conversation", action="append", metavar="ID", help=messages.text("cli.help.conversation")
    )
    which.add_argument("--all", action="store_true", help=messages.text("cli.help.all"))
    out.add_argument("-o", "--output", metavar="FILE", help=messages.text("cli.help.output"))
    out.add_argument("--traces", choices=_TRACES, default="folded", help=messages.text("cli.help.traces"))
    out.add_argument("--exchanges", action="store_true", help=messages.text("cli.help.exchanges"))
    out.set_defaults(answer=export)
    importing.add_command(commands)


def export(open_house: OpenHouse, asked: argparse.Namespace) -> int:
    """Write what is asked for. Fails where it cannot be read or written, or where something of it is left out."""
    from sidelight.store.database import Store, StoreError
    from sidelight.transfer import export as transfer
    from sidelight.transfer.registry import by_id
    from sidelight.transfer.source import Options, Source
    from sidelight.workers.process import Worker

    with ExitStack() as stack:
        house = stack.enter_context(closing(open_house()))
        try:
            store = stack.enter_context(closing(Store.open(house.paths.database, read_only=True)))
            ids = transfer.in_order(store, asked.conversation)
            if unknown := set(asked.conversation or ()) - set(ids):
                return _fail(messages.text("cli.error.conversation", id=min(unknown)), 2)
            suffix = Path(asked.output or "").suffix.lower()
            named = next((form.id for form in FORMATS if form.suffix == suffix), "md")
            source = Source(
                ids,
                Options(asked.traces, asked.exchanges),
                store=store,
                own_prices=house.session.own_prices,
                worker=stack.enter_context(closing(Worker())),
            )
            pieces = by_id(asked.format or named).pieces(source)
            if asked.output is None:
                # Not through the terminal's own encoding: what is read from a pipe is to be the same as a file.
                sys.stdout.buffer.writelines(transfer.encoded(pieces))
                sys.stdout.buffer.flush()
            else:
                transfer.write(Path(asked.output), pieces)
        except StoreError as error:
            return _fail(messages.text(f"store.{error.code}", **error.params), 1)
        except BrokenPipeError:
            raise
        except OSError as error:
            reason = error.strerror or str(error)
            return _fail(messages.text("ui.details.save.failed", path=asked.output, reason=reason), 1)
    if source.unread:
        return _fail(messages.plural("transfer.unread", source.unread), 1)
    return 0


def _fail(sentence: str, code: int) -> int:
    print(sentence, file=sys.stderr)
    return code
