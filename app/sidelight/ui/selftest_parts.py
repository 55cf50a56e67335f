"""The parts that `sidelight --self-test` uses once, each with a function that does so. What becomes of them is `selftest`'s."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pkgutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

import sidelight
from sidelight.paths import Paths, resource, standard_paths

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from sidelight.engine.session import Session

__all__ = ["CHECKS", "LANGUAGES", "Bench", "Check", "NotHere", "OpenHouse"]

_ORIGIN = "https://self-test.invalid"
"""Whose key goes into the keyring and out again. No server can have this name (RFC 2606)."""
LANGUAGES = ("de", "es", "fr", "ja", "ko", "pt_BR", "zh_CN")
"""Languages whose words for Qt's own buttons must be there."""


class NotHere(Exception):
    """This machine has nothing to try a part with; the text says what."""


class House(Protocol):
    """What is used of an open profile."""

    @property
    def session(self) -> Session:
        """The state and the wishes."""

    def close(self) -> None:
        """End threads and processes."""


OpenHouse: TypeAlias = Callable[[Paths], House]


@dataclass(frozen=True, slots=True)
class Bench:
    """What checks work with: a folder of their own, the way to open a profile, a model file the person named."""

    folder: Path
    open_house: OpenHouse
    model: Path | None = None

    def profile(self, name: str) -> Paths:
        """A new profile below the folder."""
        return standard_paths({"SIDELIGHT_PROFILE": str(self.folder / name)})


Check: TypeAlias = Callable[[Bench], str]
"""Uses one part and gives a word on it. Raises NotHere, or anything at all where the part does not work."""


def _modules(_bench: Bench) -> str:
    """All of our own, those too that are only imported by name when they are needed."""
    names = [m.name for m in pkgutil.walk_packages(sidelight.__path__, "sidelight.")]
    for name in names:
        if not name.endswith("__main__"):
            __import__(name)
    if len(names) < 50:
        raise RuntimeError(f"only {len(names)} modules can be seen")
    return f"{len(names)} modules"


def _resources(_bench: Bench) -> str:
    from sidelight.local.weights import catalogue
    from sidelight.models import families, prices
    from sidelight.ui.widgets.icon import app_icon

    counted = {
        "families": len(families.registry().families),
        "prices": len(prices.load().entries),
        "weights": len(catalogue()),
        "icons": len(list(resource("icons").glob("*.svg"))),
    }
    if not all(counted.values()) or app_icon().isNull():
        raise RuntimeError(f"something is empty: {counted}")
    return ", ".join(f"{count} {name}" for name, count in counted.items())


def _qt(_bench: Bench) -> str:
    from PySide6.QtCore import qVersion

    app = _application()
    return f"Qt {qVersion()} on {app.platformName()}"


def _plugins(_bench: Bench) -> str:
    """Every plugin that is there can be loaded with all it stands on, and those that are needed are there."""
    from PySide6.QtCore import QLibraryInfo, QPluginLoader

    _application()
    folder = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath))
    found = {f"{f.parent.name}/{_bare(f)}": f for f in folder.glob("*/*") if f.suffix in _LIBRARY}
    if lacking := _needed_plugins() - found.keys():
        raise RuntimeError(f"{', '.join(sorted(lacking))} not in {folder}")
    # From a wheel of Qt there are many that we do not use, and they may lack libraries.
    looked_at = found if getattr(sys, "frozen", False) else {n: found[n] for n in _needed_plugins()}
    for name, file in sorted(looked_at.items()):
        loader = QPluginLoader(str(file))
        if not loader.load():
            raise RuntimeError(f"{name}: {loader.errorString()}")
    return " ".join(sorted(looked_at))


_LIBRARY = (".so", ".dll", ".dylib")


def _bare(file: Path) -> str:
    return file.stem.removeprefix("lib")


def _needed_plugins() -> set[str]:
    windows = {"win32": "qwindows", "darwin": "qcocoa"}
    platforms = {windows[sys.platform]} if sys.platform in windows else {"qxcb", "qwayland"}
    formats = ("qgif", "qjpeg", "qsvg", "qwebp")
    both = {f"platforms/{name}" for name in (*platforms, "qoffscreen")}
    return both | {f"imageformats/{name}" for name in formats} | {"iconengines/qsvgicon"}


def _pictures(_bench: Bench) -> str:
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice
    from PySide6.QtGui import QImage, QImageWriter

    _application()
    for name in (b"PNG", b"JPEG", b"WEBP"):
        picture = QImage(8, 8, QImage.Format.Format_RGB32)
        picture.fill(0x3366CC)
        held = QByteArray()
        buffer = QBuffer(held)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        if not QImageWriter(buffer, name).write(picture) or QImage.fromData(held).size() != picture.size():
            raise RuntimeError(f"{name.decode()} cannot be written and read")
    if QImage.fromData(QByteArray(_GIF)).isNull():
        raise RuntimeError("GIF cannot be read")
    return "PNG JPEG WEBP GIF"


_GIF = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00"
    b"\x00\x02\x02D\x01\x00;"
)


def _letters(_bench: Bench) -> str:
    """A font is found and draws, and letters are put in the order of languages (that is ICU's data)."""
    from PySide6.QtCore import QCollator, QLocale
    from PySide6.QtGui import QFontDatabase, QFontMetrics

    app = _application()
    families = QFontDatabase.families()
    if not families or QFontMetrics(app.font()).horizontalAdvance("Sidelight") < 10:
        raise RuntimeError("no font draws anything")
    collator = QCollator(QLocale("de_DE"))
    collator.setNumericMode(True)
    words = ["Zebra", "zehn 10", "Ärger", "zehn 9", "Apfel"]
    if not sys.platform.startswith(("win", "darwin")):
        ordered = sorted(words, key=collator.sortKey)
        if ordered != ["Apfel", "Ärger", "Zebra", "zehn 9", "zehn 10"]:
            raise RuntimeError(f"German order is {ordered}")
    return f"{len(families)} families, {app.font().family()}"


def _words(_bench: Bench) -> str:
    """Our own catalogues, and Qt's words in languages people read."""
    import gettext

    from PySide6.QtCore import QCoreApplication, QLibraryInfo, QTranslator

    ours = sorted(p.parent.parent.name for p in resource("locale").glob("*/LC_MESSAGES/sidelight.mo"))
    for language in ours:
        gettext.translation("sidelight", resource("locale"), languages=[language])
    app = _application()
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    for language in LANGUAGES:
        translator = QTranslator()
        if not translator.load(f"qtbase_{language}", folder):
            raise RuntimeError(f"no words of Qt in {language} below {folder}")
    german = QTranslator()
    german.load("qtbase_de", folder)
    app.installTranslator(german)
    cancel = QCoreApplication.translate("QPlatformTheme", "Cancel")
    app.removeTranslator(german)
    if cancel != "Abbrechen":
        raise RuntimeError(f"Cancel is {cancel!r} in German")
    return f"Qt: {' '.join(LANGUAGES)}; ours: en {' '.join(ours)}".strip()


def _worker(_bench: Bench) -> str:
    """The worker process typesets a formula, which Qt then draws, and reads code."""
    import msgspec
    from PySide6.QtCore import QByteArray
    from PySide6.QtSvg import QSvgRenderer

    from sidelight.render import highlight, maths
    from sidelight.workers.process import Worker

    worker = Worker()
    try:
        source = (r"\int_0^\infty e^{-x^2}\,dx = \frac{\sqrt{\pi}}{2}", True, "#204060")
        formula = worker.submit(
            maths.JOB, source, msgspec.msgpack.Decoder(maths.Formula).decode, within=10
        ).result(60)
        code = highlight.to_read("def f(x):\n    return 'a'\n", "python")
        assert not isinstance(code, highlight.Colours)
        colours = worker.submit(
            highlight.JOB, code, msgspec.msgpack.Decoder(highlight.Colours).decode, within=10
        ).result(60)
    finally:
        worker.close()
    if not QSvgRenderer(QByteArray(formula.svg.encode())).isValid():
        raise RuntimeError("Qt cannot draw the formula")
    if {"keyword", "string"} - {kind for _, _, kind in colours.spans}:
        raise RuntimeError(f"Python was read as {colours}")
    return f"formula {formula.width:.1f} em wide, {len(colours.spans)} spans of code"


def _pdf(_bench: Bench) -> str:
    """The worker takes the text out of a PDF."""
    import msgspec

    from sidelight.workers import pdf
    from sidelight.workers.process import Worker

    drawing = b"BT /F 12 Tf 9 9 Td (lighthouse) Tj ET"
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%b\nendstream" % (len(drawing), drawing),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    content, rows = b"%PDF-1.4\n", [b"0000000000 65535 f \n"]
    for number, body in enumerate(objects, 1):
        rows.append(b"%010d 00000 n \n" % len(content))
        content += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"xref\n0 %d\n%btrailer\n<</Size %d/Root 1 0 R>>\n" % (len(rows), b"".join(rows), len(rows))
    content += table + b"startxref\n%d\n%%%%EOF\n" % len(content)
    worker = Worker(memory=pdf.MEMORY)
    try:
        read = msgspec.msgpack.Decoder(pdf.PdfText | pdf.NoPdfText).decode
        taken = worker.submit(pdf.JOB, (content,), read, within=pdf.WITHIN).result(60)
    finally:
        worker.close()
    if not isinstance(taken, pdf.PdfText) or "lighthouse" not in taken.text:
        raise RuntimeError(f"a page became {taken}")
    return f"{taken.pages} page, {len(taken.text)} characters"


def _markdown(_bench: Bench) -> str:
    from sidelight.render.html import html
    from sidelight.render.markdown import parse

    written = html(parse("# One\n\n| a | b |\n|---|---|\n| **1** | `2` |\n"))
    if "<h1" not in written or "<table" not in written or "<strong>" not in written:
        raise RuntimeError(f"Markdown became {written[:200]!r}")
    return f"{len(written)} characters of HTML"


def _help(_bench: Bench) -> str:
    """The pages of the guide, with the extensions that Python-Markdown finds by name."""
    from sidelight.ui.help import guide

    pages = [guide.page(name) for name in guide.PAGES]
    if not all(page.html and page.sections for page in pages):
        raise RuntimeError("a page of the guide is empty")
    return f"{len(pages)} pages, {sum(len(page.sections) for page in pages)} sections"


def _network(_bench: Bench) -> str:
    """The HTTP client over a real socket, and a TLS handshake's first step with the system's certificates."""
    import ssl

    from sidelight.net.client import Http
    from sidelight.net.transport import system_trust

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
        await writer.drain()
        writer.close()

    async def fetched() -> bytes:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        http = Http()
        try:
            return (await http.fetch("GET", f"http://127.0.0.1:{port}/")).body
        finally:
            await http.aclose()
            server.close()

    if asyncio.run(fetched()) != b"hi":
        raise RuntimeError("the client read something else")
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    hello = system_trust().wrap_bio(incoming, outgoing, server_hostname="self-test.invalid")
    with contextlib.suppress(ssl.SSLWantReadError):
        hello.do_handshake()
    if outgoing.pending < 100:
        raise RuntimeError("TLS said no hello")
    return f"{ssl.OPENSSL_VERSION}, hello of {outgoing.pending} bytes"


def _signature(_bench: Bench) -> str:
    """News of a version are believed when they are signed and not else, and how this copy came here. The key is one of RFC 8032."""
    from sidelight.net import releases

    key = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    signature = (
        b"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        b"085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    found = [releases.read(said, signature, key, now=0.0).why for said in (b"r", b"s")]
    if found != ["garbage", "signature"]:  # the first is signed, but says nothing
        raise RuntimeError(f"signatures are taken as {found}")
    return f"Ed25519; {releases.channel().kind}"


def _store(bench: Bench) -> str:
    """A conversation is written and found again by a word of it (FTS5)."""
    from sidelight.chat.conversation import Conversation, Turn
    from sidelight.chat.message import Lane, Prompt
    from sidelight.store import conversations, search
    from sidelight.store.database import Store
    from sidelight.store.query import parse

    lanes = (Lane("l", "llamacpp", "m"),)
    turn = Turn("t", None, Prompt("a lighthouse at dusk"), (), 1.0)
    store = Store.open(bench.folder / "store.db", bench.folder / "journals")
    try:
        store.write(
            lambda con: conversations.create(con, Conversation("c", "One", lanes, (turn,), "t")), durable=True
        ).result(30)
        hits = store.read(lambda con: search.find(con, parse("lighthouse"))).result(30).hits
    finally:
        store.close()
    if len(hits) != 1:
        raise RuntimeError(f"{len(hits)} hits in place of one")
    return "written, found"


def _instance(bench: Bench) -> str:
    """The local socket by which a second start raises the first window."""
    from sidelight.ui.application import Instance

    _application()
    paths = bench.profile("instance")
    paths.make()
    first, second = Instance(paths), Instance(paths)
    try:
        if not first.listen() or not second.raise_other():
            raise RuntimeError("a second start does not reach the first")
    finally:
        first.close()
    return "reached"


def _window(bench: Bench) -> str:
    """The whole window, drawn into a picture; it is not shown."""
    from sidelight.ui.application import Looks
    from sidelight.ui.document.pictures import Pictures
    from sidelight.ui.main_window import MainWindow

    app = _application()
    paths = bench.profile("window")
    house = bench.open_house(paths)
    looks, pictures = Looks(app), Pictures(app)
    try:
        looks.take(house.session.settings)
        window = MainWindow(house.session, looks.palette, paths.database, pictures)
        looks.take(house.session.settings)
        window.resize(900, 600)
        drawn = window.grab().toImage()
        window.close()
        window.deleteLater()
    finally:
        pictures.close()
        house.close()
    colours = {drawn.pixel(x, y) for x in range(0, drawn.width(), 7) for y in range(0, drawn.height(), 7)}
    if len(colours) < 8:
        raise RuntimeError(f"the window is blank: {len(colours)} colours")
    return f"{drawn.width()}x{drawn.height()}, {len(colours)} colours"


def _keyring(_bench: Bench) -> str:
    """A key goes in, comes out by another reader, and is removed; the others in there stay as they are."""
    from sidelight.keys import Keys
    from sidelight.secrets import Secret

    secret = Secret("self-test-" + os.urandom(8).hex())

    async def round_trip() -> str:
        writer, reader = Keys({}, {}), Keys({}, {})
        state = await writer.set(_ORIGIN, secret)
        if writer.trouble in ("absent", "locked", "no_answer"):
            raise NotHere(f"the keyring of this session: {writer.trouble}")
        read = await reader.get(_ORIGIN)
        left = await writer.set(_ORIGIN, None)
        if (state, read, left) != ("keyring", secret, "none"):
            raise RuntimeError(
                f"state {state}, {'same' if read == secret else 'other'} key, then {left}; {writer.trouble}"
            )
        return "written, read, removed"

    return asyncio.run(round_trip())


def _engine(bench: Bench) -> str:
    """The built-in engine starts with a model file and writes one token."""
    from sidelight.backends.base import Request
    from sidelight.chat.events import Finished
    from sidelight.chat.message import Message, Parameters
    from sidelight.engine.embedded import Embedded
    from sidelight.local.engine import engine_available
    from sidelight.local.weights import Installed, WeightsFolder
    from sidelight.net.client import Http

    if (missing := engine_available()) is not None:
        raise NotHere(f"{missing.code} {dict(missing.params) or ''}".strip())
    if bench.model is not None:
        model = Installed("self-test", "", bench.model.absolute(), bench.model.stat().st_size)
    else:
        installed = WeightsFolder(standard_paths().weights, []).installed()
        if not installed:
            raise NotHere("no model file: name one with --model")
        model = min(installed, key=lambda found: found.bytes)

    async def one_token() -> str:
        http = Http()
        engine = Embedded(http, lambda: (model,), 256)
        request = Request(model.id, (Message("user", "Hello"),), Parameters(max_tokens=1))
        try:
            events = [event async for event in engine.stream(request)]
        finally:
            await engine.close()
            await http.aclose()
        if not any(isinstance(event, Finished) for event in events):
            raise RuntimeError(f"it ended with {events[-1]!r}")
        return f"{model.path.name}: {len(events)} events"

    return asyncio.run(one_token())


def _application() -> QApplication:
    """The one there is; without a display, one that draws into memory."""
    from PySide6.QtWidgets import QApplication

    made = QApplication.instance()
    if isinstance(made, QApplication):
        return made
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    global _held
    _held = QApplication(sys.argv[:1])
    return _held


_held: QApplication | None = None
"""Keeps the application alive: Qt ends it with its last reference."""

CHECKS: dict[str, Check] = {
    "qt": _qt,
    "plugins": _plugins,
    "modules": _modules,
    "resources": _resources,
    "pictures": _pictures,
    "letters": _letters,
    "words": _words,
    "worker": _worker,
    "pdf": _pdf,
    "markdown": _markdown,
    "help": _help,
    "network": _network,
    "signature": _signature,
    "store": _store,
    "instance": _instance,
    "window": _window,
    "keyring": _keyring,
    "engine": _engine,
}
"""By name, in the order in which they are done."""
