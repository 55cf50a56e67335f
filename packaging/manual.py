# ruff: noqa: SLF001 - argparse tells its commands in no other way
"""The man page and the completions of three shells, written from the commands of the program itself, so that they agree.

The words that are no option's help stand in linux/sidelight.1.in. Needs the program's sources to be importable.
"""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Command", "bash", "commands", "fish", "man_page", "zsh"]

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Option:
    """`names` is empty for something that has a place and no name. `takes` is the word for its value, "" for none."""

    names: tuple[str, ...]
    takes: str
    choices: tuple[str, ...]
    help: str
    may_lack: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """One of the program's commands."""

    name: str
    help: str
    options: tuple[Option, ...]


def commands(parser: argparse.ArgumentParser) -> tuple[Command, ...]:
    """What the parser knows."""
    (subparsers,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    helps = {choice.dest: choice.help or "" for choice in subparsers._choices_actions}
    return tuple(
        Command(name, helps.get(name, ""), tuple(_options(sub))) for name, sub in subparsers.choices.items()
    )


def _options(parser: argparse.ArgumentParser) -> Iterator[Option]:
    for action in parser._actions:
        if isinstance(action, argparse._HelpAction) or action.help == argparse.SUPPRESS:
            continue
        choices = tuple(str(choice) for choice in action.choices or ())
        takes = ""
        if action.nargs != 0:
            takes = str(action.metavar or action.dest).upper()
        told = (action.help or "").replace("%%", "%")
        yield Option(tuple(action.option_strings), takes, choices, told, action.nargs in ("?", "*"))


def man_page(known: tuple[Command, ...], version: str, date: str) -> str:
    """In mdoc."""
    parts = []
    for command in known:
        parts.append(f".It Ic {command.name}" + "".join(_usage(option) for option in command.options))
        parts.append(_text(command.help))
        if command.options:
            parts.append(".Bl -tag -width Ds -compact")
            for option in command.options:
                parts += [f".It {_named(option)}", _text(_full(option))]
            parts.append(".El")
    text = (HERE / "linux" / "sidelight.1.in").read_text(encoding="utf-8")
    for mark, value in {"VERSION": version, "DATE": date, "COMMANDS": "\n".join(parts)}.items():
        text = text.replace(f"@{mark}@", value)
    return text


def _full(option: Option) -> str:
    among = f" One of: {', '.join(option.choices)}." if option.choices else ""
    return (option.help.rstrip(".") + "." + among) if option.help else among.strip()


def _named(option: Option) -> str:
    if not option.names:
        return f"Ar {option.takes}"
    names = " , ".join(f"Fl {_roff(name[1:])}" for name in option.names)
    return f"{names} Ar {option.takes}" if option.takes else names


def _usage(option: Option) -> str:
    if not option.names:
        return f" Oo Ar {option.takes} Oc" if option.may_lack else f" Ar {option.takes}"
    value = f" Ar {option.takes}" if option.takes else ""
    return f" Oo Fl {_roff(option.names[0][1:])}{value} Oc"


def _text(text: str) -> str:
    """Each sentence on a line of its own, and no long lines."""
    lines = (line for sentence in re.split(r"(?<=[.?!]) ", text) for line in textwrap.wrap(sentence, 72))
    return "\n".join(_roff(line) for line in lines)


def _roff(text: str) -> str:
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if re.match(r"[.']", escaped) else escaped


def bash(known: tuple[Command, ...]) -> str:
    """For bash-completion."""
    lines = [f"        {c.name}) words='{' '.join(_words(c))}' ;;" for c in known]
    values = sorted(
        {(n, " ".join(o.choices)) for c in known for o in c.options for n in o.names if o.choices}
    )
    chosen = [
        f"        {name}) COMPREPLY=($(compgen -W '{words}' -- \"$cur\")); return ;;"
        for name, words in values
    ]
    names = " ".join(c.name for c in known)
    return "\n".join(
        [
            "# Completion of sidelight for bash.",
            "_sidelight() {",
            '    local cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} words=""',
            "    case $previous in",
            *chosen,
            "    esac",
            '    if [ "$COMP_CWORD" -eq 1 ]; then',
            f"        words='{names} --version --self-test --help'",
            "    else",
            "        case ${COMP_WORDS[1]} in",
            *(line.replace("        ", "            ", 1) for line in lines),
            "        esac",
            "    fi",
            '    COMPREPLY=($(compgen -W "$words" -- "$cur"))',
            '    if [ ${#COMPREPLY[@]} -eq 0 ]; then COMPREPLY=($(compgen -f -- "$cur")); fi',
            "}",
            "complete -o filenames -F _sidelight sidelight",
            "",
        ]
    )


def _words(command: Command) -> Iterator[str]:
    for option in command.options:
        yield from option.names
    yield "--help"


def zsh(known: tuple[Command, ...]) -> str:
    """For the function _sidelight."""
    named = "\n".join(f"        {_quoted(c.name + ':' + c.help)}" for c in known)
    cases = []
    for command in known:
        specs = [f"                {_quoted(_zsh_option(o))}" for o in command.options if o.names]
        cases.append(
            "\n".join(
                [
                    f"            {command.name}) _arguments \\",
                    *(f"{s} \\" for s in specs),
                    "                '*:file:_files' ;;",
                ]
            )
        )
    return "\n".join(
        [
            "#compdef sidelight",
            "# Completion of sidelight for zsh.",
            "_sidelight() {",
            "    local -a known",
            f"    known=(\n{named}\n    )",
            "    if (( CURRENT == 2 )); then",
            "        _describe command known",
            "    else",
            "        local chosen=${words[2]}",
            "        shift words; (( CURRENT-- ))",
            "        case $chosen in",
            *cases,
            "        esac",
            "    fi",
            "}",
            '_sidelight "$@"',
            "",
        ]
    )


def _zsh_option(option: Option) -> str:
    name = option.names[-1]
    told = option.help.replace("[", "(").replace("]", ")").replace(":", " -")
    value = (
        f":{option.takes.lower()}:({' '.join(option.choices)})"
        if option.choices
        else f":{option.takes.lower()}:_files"
    )
    return f"*{name}[{told}]" + (value if option.takes else "")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def fish(known: tuple[Command, ...]) -> str:
    """For fish."""
    lines = [
        "# Completion of sidelight for fish.",
        "complete -c sidelight -n __fish_use_subcommand -l version",
    ]
    for command in known:
        lines.append(
            f"complete -c sidelight -f -n __fish_use_subcommand -a {command.name} -d {_quoted(command.help)}"
        )
        for option in command.options:
            if not option.names:
                continue
            names = " ".join(f"-l {n[2:]}" if n.startswith("--") else f"-s {n[1:]}" for n in option.names)
            values = (
                f" -x -a {_quoted(' '.join(option.choices))}"
                if option.choices
                else (" -r" if option.takes else "")
            )
            lines.append(
                f"complete -c sidelight -n '__fish_seen_subcommand_from {command.name}' {names}{values} -d {_quoted(option.help)}"
            )
    return "\n".join([*lines, ""])
