"""What a file of code may be called, from the language its fence names. Only names of this table: a model's words never
become part of a name."""

from __future__ import annotations

__all__ = ["file_name"]

_SUFFIXES = {
    "sh": "bash shell sh zsh console",
    "bat": "bat batch cmd",
    "c": "c",
    "clj": "clojure clj",
    "cpp": "cpp c++ cxx cc",
    "cs": "csharp cs c#",
    "css": "css",
    "csv": "csv",
    "dart": "dart",
    "diff": "diff patch",
    "ex": "elixir ex",
    "erl": "erlang erl",
    "f90": "fortran f90",
    "fs": "fsharp fs f#",
    "go": "go golang",
    "hs": "haskell hs",
    "html": "html htm",
    "ini": "ini",
    "java": "java",
    "js": "javascript js node",
    "json": "json json5 jsonc",
    "jsx": "jsx",
    "jl": "julia jl",
    "kt": "kotlin kt",
    "tex": "latex tex",
    "lean": "lean lean4",
    "lua": "lua",
    "md": "markdown md",
    "m": "matlab octave objective-c objectivec objc",
    "mmd": "mermaid",
    "ml": "ocaml ml",
    "pas": "pascal delphi",
    "php": "php",
    "pl": "perl pl",
    "ps1": "powershell ps1 pwsh",
    "py": "python py python3",
    "r": "r",
    "rb": "ruby rb",
    "rs": "rust rs",
    "scala": "scala",
    "scss": "scss sass",
    "sql": "sql postgresql mysql sqlite",
    "svg": "svg",
    "swift": "swift",
    "toml": "toml",
    "ts": "typescript ts",
    "tsx": "tsx",
    "vb": "vb vbnet",
    "v": "verilog coq",
    "xml": "xml",
    "yaml": "yaml yml",
    "zig": "zig",
}
_SUFFIX_OF = {name: suffix for suffix, names in _SUFFIXES.items() for name in names.split()}
_WHOLE = {"dockerfile": "Dockerfile", "docker": "Dockerfile", "makefile": "Makefile", "make": "Makefile"}


def file_name(language: str) -> str:
    """Such as "code.py"; "code.txt" where the language is unknown."""
    known = language.casefold()
    return _WHOLE.get(known) or f"code.{_SUFFIX_OF.get(known, 'txt')}"
