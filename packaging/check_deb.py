# ruff: noqa: S603, S607 - every command is spelled here, and the tools are those of the path
"""The .deb for real, on a Debian or Ubuntu system where you are root: linted, installed, started, asked, removed.

    check_deb.py dist/sidelight_*.deb [--engine dist/sidelight-engine_*.deb --model FILE.gguf] [--picture FILE.png]

It is installed by apt, started by the Exec of its .desktop file with an empty environment on a display of its own, its window
is looked for, compared with StartupWMClass and photographed; the self-test runs inside a session with a keyring; a prompt is
answered by a server on loopback; afterwards nothing is left. Needs: xvfb xdotool x11-apps x11-utils dbus gnome-keyring; lints
also: lintian desktop-file-utils appstream mandoc (`--no-lint` leaves them out). Every step says what it found; the first that
fails ends the run, after the package is removed.
"""

from __future__ import annotations

import argparse
import configparser
import contextlib
import http.server
import json
import os
import shlex
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from identity import APP_ID

_DESKTOP = Path("/usr/share/applications/sidelight.desktop")
_LEFT = ("/usr/lib/sidelight", "/usr/bin/sidelight", "/usr/share/doc/sidelight", str(_DESKTOP))
_KEYRING = 'printf pw | gnome-keyring-daemon --unlock --components=secrets --daemonize >/dev/null; exec "$@"'


class Failed(Exception):
    """A step found something else than it should."""


def main() -> int:
    """Do all steps. Returns 0 where all held."""
    told = argparse.ArgumentParser(prog="check_deb.py", description=__doc__)
    told.add_argument("deb", type=Path)
    told.add_argument("--engine", type=Path)
    told.add_argument("--model", type=Path)
    told.add_argument("--picture", type=Path, help="where the photograph of the window goes")
    told.add_argument("--no-lint", action="store_true")
    asked = told.parse_args()
    debs = [deb.absolute() for deb in (asked.deb, asked.engine) if deb]
    before = _packages()
    names = [_output("dpkg-deb", "-f", str(deb), "Package").strip() for deb in debs]
    try:
        if not asked.no_lint:
            for deb in debs:
                _say("lintian", lambda deb=deb: lintian(deb))
        _say("install", lambda: install(debs))
        if not asked.no_lint:
            _say("texts", lint_installed)
        with tempfile.TemporaryDirectory() as home, display() as name:
            env = {"HOME": home, "PATH": "/usr/bin:/bin", "DISPLAY": name}
            _say("window", lambda: window(env, asked.picture))
            _say("doctor", lambda: doctor(env))
            _say("answer", lambda: answer(env))
            _say("self-test", lambda: self_test(env, asked.model, engine=asked.engine is not None))
            _say("purge", lambda: purge(names, before, Path(home)))
    except (Failed, subprocess.CalledProcessError) as error:
        output = getattr(error, "stdout", "") or ""
        sys.stderr.write(f"FAILED: {error}\n{output}{getattr(error, 'stderr', '') or ''}\n")
        return 1
    finally:
        left = [name for name in names if name in _packages()]
        if left:
            subprocess.run(["apt-get", "purge", "-y", "-q", *left], check=False, capture_output=True)
    return 0


def _say(step: str, do: Callable[[], str]) -> None:
    began = time.monotonic()
    found = do()
    sys.stdout.write(f"{step}: {found} ({time.monotonic() - began:.1f} s)\n")
    sys.stdout.flush()


def lintian(deb: Path) -> str:
    """No tag but those that linux/lintian-overrides names with a reason."""
    done = subprocess.run(
        ["lintian", "--tag-display-limit", "0", "--info", "--allow-root", str(deb)],
        capture_output=True,
        text=True,
        check=False,
    )
    tags = [line for line in done.stdout.splitlines() if line[:2] in ("E:", "W:")]
    if tags:
        raise Failed("lintian: " + "; ".join(tags))
    return "no other tag than those named in lintian-overrides"


def install(debs: list[Path]) -> str:
    """By apt, with what they depend on."""
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *map(str, debs)]
    subprocess.run(command, check=True, capture_output=True, text=True, env=env)
    size = sum(
        p.lstat().st_size for p in Path("/usr/lib/sidelight").rglob("*") if not p.is_symlink() and p.is_file()
    )
    return f"{size / 1e6:.1f} MB in /usr/lib/sidelight"


def lint_installed() -> str:
    """The desktop file, the metainfo and the man page, by their own tools."""
    _output("desktop-file-validate", str(_DESKTOP))
    _output(
        "appstreamcli", "validate", "--no-net", "--pedantic", f"/usr/share/metainfo/{APP_ID}.metainfo.xml"
    )
    _output("mandoc", "-Tlint", "-W", "warning", "/usr/share/man/man1/sidelight.1.gz")
    for shell, file in (
        ("bash", "bash-completion/completions/sidelight"),
        ("zsh", "zsh/vendor-completions/_sidelight"),
    ):
        with contextlib.suppress(FileNotFoundError):  # a shell that is not here says nothing
            _output(shell, "-n", f"/usr/share/{file}")
    return "desktop-file-validate, appstreamcli, mandoc -Tlint"


@contextlib.contextmanager
def display() -> Iterator[str]:
    """An X server of our own, on a free number."""
    read, write = os.pipe()
    command = [
        "Xvfb",
        "-displayfd",
        str(write),
        "-screen",
        "0",
        "1400x900x24",
        "-nolisten",
        "tcp",
        "-noreset",
    ]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as told:
            yield f":{told.readline().strip()}"
    finally:
        server.terminate()
        server.wait()


def window(env: dict[str, str], picture: Path | None) -> str:
    """Start it as a menu would and look at its window."""
    entry = configparser.ConfigParser(interpolation=None, strict=False)
    entry.optionxform = str  # type: ignore[assignment,method-assign]  # the names keep their capitals
    entry.read(_DESKTOP, encoding="utf-8")
    desktop = entry["Desktop Entry"]
    command = [word for word in shlex.split(desktop["Exec"]) if not word.startswith("%")]
    running = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        number = _found(env, running)
        told = _output("xprop", "-id", number, "WM_CLASS", "_NET_WM_ICON", "_NET_WM_NAME", env=env)
        classes = [part.strip(' "') for part in told.splitlines()[0].partition("=")[2].split(",")]
        if classes[-1] != desktop["StartupWMClass"]:
            raise Failed(f"WM_CLASS is {classes}, StartupWMClass {desktop['StartupWMClass']}")
        colours = _photograph(number, env, picture)
        if colours < 20:
            raise Failed(f"the window is blank: {colours} colours")
        _output("xdotool", "windowfocus", "--sync", number, "key", "ctrl+q", env=env)
        try:
            out, _ = running.communicate(timeout=20)
        except subprocess.TimeoutExpired as error:
            raise Failed("Ctrl+Q did not end it") from error
    finally:
        if running.poll() is None:
            running.kill()
            running.wait()
    if out.strip():
        raise Failed(f"it said: {out}")
    return f"WM_CLASS {classes}, {colours} colours, closed with {running.returncode}, nothing on stderr"


def _found(env: dict[str, str], running: subprocess.Popen[str]) -> str:
    give_up = time.monotonic() + 30
    while time.monotonic() < give_up and running.poll() is None:
        done = subprocess.run(
            ["xdotool", "search", "--onlyvisible", "--class", "sidelight"],
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.stdout.split():
            time.sleep(2.0)  # it has painted by then; nothing tells us from outside
            return done.stdout.split()[0]
        time.sleep(0.1)
    raise Failed("no window came")


def _photograph(number: str, env: dict[str, str], target: Path | None) -> int:
    """Write the window as PNG; gives how many colours it has. Reads what xwd writes: 32 bits a pixel, blue first."""
    raw = subprocess.run(["xwd", "-silent", "-id", number], env=env, capture_output=True, check=True).stdout
    fields = struct.unpack_from(">25I", raw)
    head, width, height, line, used = fields[0], fields[4], fields[5], fields[12], fields[19]
    begin = head + used * 12
    rows, colours = [], set()
    for y in range(height):
        row = raw[begin + y * line : begin + y * line + width * 4]
        colours.update(row[x : x + 3] for x in range(0, len(row), 44))
        rgb = bytearray(width * 3)
        rgb[0::3], rgb[1::3], rgb[2::3] = row[2::4], row[1::4], row[0::4]
        rows.append(b"\0" + bytes(rgb))
    if target is not None:
        chunks = [
            (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
            (b"IDAT", zlib.compress(b"".join(rows))),
            (b"IEND", b""),
        ]
        packed = [struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks]
        target.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(packed))
    return len(colours)


def doctor(env: dict[str, str]) -> str:
    """It finds that a window can open (a child process of the frozen program tries)."""
    done = subprocess.run(
        ["sidelight", "doctor", "--json"], env=env, capture_output=True, text=True, check=False, timeout=60
    )
    facts = {fact["code"]: fact["ok"] for fact in map(json.loads, done.stdout.splitlines())}
    if not facts.get("cli.doctor.display"):
        raise Failed(f"doctor says {facts} {done.stderr}")
    return f"{sum(facts.values())} of {len(facts)} facts well"


class _Model(http.server.BaseHTTPRequestHandler):
    """One streamed answer of the OpenAI kind."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        deltas = [
            {"reasoning_content": "Seven times thirteen."},
            {"content": "It is "},
            {"content": "not prime."},
        ]
        for delta in deltas:
            self._say({"choices": [{"index": 0, "delta": delta}]})
        self._say({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        self.wfile.write(b"data: [DONE]\n\n")

    def _say(self, event: object) -> None:
        self.wfile.write(b"data: " + json.dumps(event).encode() + b"\n\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it is given
        """Nothing."""


def answer(env: dict[str, str]) -> str:
    """A prompt goes to a server on loopback and trace and answer come back."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Model)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with tempfile.TemporaryDirectory() as profile:
            config = Path(profile) / "config"
            config.mkdir(parents=True)
            backend = {
                "id": "here",
                "provider": "openai-compatible",
                "base_url": f"http://127.0.0.1:{server.server_port}/v1",
            }
            (config / "settings.json").write_text(json.dumps({"backends": [backend]}), encoding="utf-8")
            command = ["sidelight", "ask", "Is 91 prime?", "-m", "here/any", "--json"]
            env = {**env, "SIDELIGHT_PROFILE": profile}
            done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
    finally:
        server.shutdown()
        server.server_close()
    ends = [event for event in map(json.loads, done.stdout.splitlines()) if event["event"] == "end"]
    if done.returncode or len(ends) != 1 or ends[0]["answer"] != "It is not prime.":
        raise Failed(f"ask gave {done.returncode}: {done.stdout} {done.stderr}")
    return f"{ends[0]['answer']!r} after the trace {ends[0]['trace']!r}"


def self_test(env: dict[str, str], model: Path | None, *, engine: bool) -> str:
    """The program's own, on the display and with a keyring; both must have been tried, the engine where it is here."""
    with tempfile.TemporaryDirectory() as runtime:
        rings = Path(env["HOME"]) / ".local/share/keyrings"
        rings.mkdir(parents=True, exist_ok=True)
        env = {**env, "XDG_RUNTIME_DIR": runtime}
        options = ["--model", str(model.absolute())] if model else []
        command = [
            "dbus-run-session",
            "--",
            "bash",
            "-c",
            _KEYRING,
            "bash",
            "sidelight",
            "--self-test",
            *options,
        ]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=180)
    checks = {check["name"]: check for check in json.loads(done.stdout or '{"checks":[]}')["checks"]}
    wrong = [c for c in checks.values() if c["ok"] is False]
    untried = [
        name
        for name in ("keyring", *(["engine"] if engine else []))
        if checks.get(name, {}).get("ok") is not True
    ]
    if done.returncode or wrong or untried or not checks:
        raise Failed(f"self-test {done.returncode}: {wrong}, not tried: {untried} {done.stderr}")
    return ", ".join(
        f"{n} {c['detail']}" for n, c in checks.items() if n in ("qt", "keyring", "engine", "window")
    )


def purge(names: list[str], before: set[str], home: Path) -> str:
    """Nothing is left but what belongs to the person."""
    subprocess.run(["apt-get", "purge", "-y", "-q", *names], check=True, capture_output=True, text=True)
    left = [path for path in _LEFT if Path(path).exists()]
    if left or _packages() & set(names):
        raise Failed(f"left: {left}")
    if not (home / ".local/share/sidelight/sidelight.db").is_file():
        raise Failed("the person's conversations are gone")
    more = _packages() - before
    return f"nothing left; the person's files are; {f'came along and stay: {sorted(more)}' if more else 'packages as before'}"


def _packages() -> set[str]:
    return set(
        _output("dpkg-query", "-W", "-f=${Package} ${db:Status-Abbrev}\n").replace(" ii ", "").split("\n")
    ) - {""}


def _output(*command: str, env: dict[str, str] | None = None) -> str:
    return subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
