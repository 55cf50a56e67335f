"""What a session stands on: its life, its listeners, what comes from the network, and what is no conversation's.

Not the wishes for conversations and turns (`session`, which adds them). Lives in the face's thread and returns at once: what
comes from the network waits in one queue until `drain` takes it, what is asked of it is called on its loop.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from sidelight import settings as preferences
from sidelight.backends.base import About, BackendError, Model
from sidelight.chat.conversation import Conversation
from sidelight.chat.events import Stamped
from sidelight.chat.message import Lane, new_id
from sidelight.engine import laning
from sidelight.engine.desk import Desk
from sidelight.engine.drafting import Drafting
from sidelight.engine.growing import Growing
from sidelight.engine.known import Known
from sidelight.engine.network import Network
from sidelight.engine.opened import Opened
from sidelight.engine.ordering import Ordering
from sidelight.engine.searching import Searching
from sidelight.engine.terms import (
    EMBEDDED,
    Change,
    Face,
    Fitting,
    KeyState,
    Notice,
    Server,
    WeightsOffer,
    store_notice,
)
from sidelight.secrets import Secret
from sidelight.settings import Settings
from sidelight.store.database import Store, StoreError

if TYPE_CHECKING:
    from concurrent.futures import Future

    from sidelight.engine.outside import Outside
    from sidelight.engine.safekeeping import Safekeeping, Standing
    from sidelight.engine.spending import Look, Spending
    from sidelight.engine.versions import Versions
    from sidelight.keys import Trouble
    from sidelight.local.weights import Installed
    from sidelight.store.backup import Backup, Keeper
    from sidelight.store.check import Checked
    from sidelight.store.exchanges import Recorded

__all__ = ["Core", "Listener"]

Listener: TypeAlias = Callable[[Change], None]
log = logging.getLogger(__name__)
_TAKE = 256
_OUTSIDE_SETTINGS = ("backends", "gguf", "slot_context", "net")


class Core:
    """One profile at work. Every method is called in the face's thread, but `wake` may be set to be called from any."""

    def __init__(
        self,
        settings: Settings,
        *,
        store: Store | None,
        settings_file: Path,
        weights: Path,
        make_outside: Callable[[Settings, Store | None, Path, Face], Outside],
        temporary: bool = False,
        notice: Notice | None = None,
    ) -> None:
        """`store` None: the profile cannot be written, all is kept in memory. `temporary`: nothing is to be stored.

        `make_outside` is called in the network's thread once `start` is called. `notice` is what opening the profile has
        to say.
        """
        self._settings = settings
        self._store = store
        self._settings_file = settings_file
        self._weights_folder = weights
        self._make_outside = make_outside
        self._network: Network[Outside] | None = None
        self._inbox: deque[Callable[[], None] | tuple[str, Stamped, float]] = deque()
        self._listeners: list[Listener] = []
        self._known = Known(self._tell)
        self._notices: dict[str, Notice] = {} if notice is None else {"store": notice}
        self._recorded: tuple[str, Recorded | None] | None = None
        self._spending: Spending | None = None
        self._versions: Versions | None = None
        self._watches = False
        self._searching = Searching(store)
        self._sought = ("", "")
        self._keeper: Keeper | None = None
        self._safekeeping: Safekeeping | None = None
        self._opening = notice
        self._damaged = False
        self._unwritable = store is None or store.read_only
        self._awake = False
        self.wake: Callable[[], None] = lambda: None
        """Called from any thread when something waits for `drain` and did not before."""
        temporary = temporary or store is None or store.read_only
        self._opened = Opened(self._fresh())
        self._desk = Desk(
            self._opened, store, lambda: self._network, self._put, self._tell, self._on_store_trouble
        )
        self._ordering = Ordering(self._opened, self._desk, all_temporary=temporary)
        self._drafting = Drafting(self._opened, self._desk, self._ordering.is_temporary)
        self._growing = Growing(self._opened, self._desk)

    def start(self, *, recover: bool = True) -> None:
        """Start the network's thread, and with `recover` what a window alone does: look after the database, and, where the
        preferences say so, for newer versions."""
        self._network = Network(self._set_up, lambda error: self._put(lambda: self._on_fault(error)))
        if recover and self._store is not None and not self._store.read_only:
            self._keep(self._store)
        self._watches = recover
        if recover and self._settings.versions.daily:
            self.versions.watch()

    def _keep(self, store: Store) -> None:
        """Have the database sampled, and copied as copies are due."""
        from sidelight.store.backup import Keeper

        self._keeper = Keeper(
            store.path,
            lambda found: self._put(lambda: self._on_checked(found)),
            lambda made: self._put(lambda: self._on_backed_up(made)),
        )
        self._keeper.start()

    async def _set_up(self) -> Outside:
        face = Face(
            event=lambda reply, stamped, sent: self._put((reply, stamped, sent)),
            ended=lambda reply: self._put(lambda: self._on_ended(reply)),
            sealed=lambda reply: self._put(lambda: self._opened.seal(reply)),
            begun=lambda turn, replies: self._put(lambda: self._opened.prepare(turn, replies)),
            models=lambda backend, models: self._put(lambda: self._known.take_models(backend, models)),
            backends=lambda abouts, keys, trouble: self._put(
                lambda: self._on_backends(abouts, keys, trouble)
            ),
            servers=lambda servers: self._put(lambda: self._on_servers(servers)),
            fits=lambda backend, found: self._put(lambda: self._known.take_fits(backend, found)),
            weights=lambda offers, installed: self._put(lambda: self._on_weights(offers, installed)),
            store_trouble=lambda error: self._put(lambda: self._on_store_trouble(error)),
        )
        outside = self._make_outside(self._settings, self._store, self._weights_folder, face)
        outside.start()
        return outside

    def close(self) -> bool:
        """Stop what streams, write all, end the thread. False: not everything could be written."""
        saved = True
        self._watches = False
        if self._network is not None:
            closing = self._network.run(lambda outside: outside.close())
            with contextlib.suppress(CancelledError):  # its side could never be made
                saved = closing.result(timeout=10)
            self._network.close()
            self._network = None
        if self._keeper is not None:
            self._keeper.close()
            self._keeper = None
        if self._safekeeping is not None:
            self._safekeeping.close()
        if self._store is not None:
            self._store.close()
        return saved

    # --- what a face reads

    @property
    def conversation(self) -> Conversation:
        """The conversation shown; a new value whenever something in it changed."""
        return self._opened.conversation

    @property
    def settings(self) -> Settings:
        """The preferences."""
        return self._settings

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What a banner must say now."""
        return tuple(self._notices.values())

    @property
    def streaming(self) -> bool:
        """Something is under way, shown or not, or waits to be drained."""
        return bool(self._opened.streaming) or bool(self._inbox)

    @property
    def streaming_conversations(self) -> frozenset[str]:
        """Conversations with a reply under way."""
        return self._opened.streaming

    def live(self, reply_id: str) -> bool:
        """Whether this reply is under way."""
        return self._opened.is_live(reply_id)

    def elapsed(self, reply_id: str) -> float | None:
        """Seconds since the request of a live reply left; None while it is queued, and when it has ended."""
        return self._opened.elapsed(reply_id)

    def backends(self) -> tuple[About, ...]:
        """Backends that can be asked; empty until the network's side has started."""
        return self._known.backends

    def servers(self) -> tuple[Server, ...]:
        """Local servers that were found when last looked for; their backends can be asked."""
        return self._known.servers

    def about(self, backend_id: str) -> About | None:
        """Facts of a backend; None where there is none of this id."""
        return self._known.about(backend_id)

    def models(self, backend_id: str) -> tuple[Model, ...] | BackendError | None:
        """What a backend said it offers; None while nothing is known. See `ask_models`."""
        return self._known.models.get(backend_id)

    def fits(self, backend_id: str) -> Mapping[str, Fitting]:
        """Which models of a backend fit into this machine's memory, as far as `ask_fits` has found out."""
        return self._known.fits.get(backend_id, {})

    def context_of(self, lane: Lane) -> int | None:
        """Tokens of context of a lane's model, where its backend told."""
        return self._known.context_of(lane.backend, lane.model)

    def key_state(self, backend_id: str) -> KeyState:
        """Where the key of a backend is kept."""
        return self._known.keys.get(backend_id, "none")

    def weights(self) -> tuple[WeightsOffer, ...]:
        """Weights of the embedded engine: here, on their way, or to be had."""
        return self._known.weights

    @property
    def own_prices(self) -> Path:
        """The person's price file, which need not exist."""
        return self._settings_file.with_name("prices.json")

    @property
    def spending(self) -> Spending:
        """Prices and what was spent today. Made when first asked for: the first paint needs no prices."""
        if self._spending is None:
            from sidelight.engine.spending import Spending

            self._spending = Spending(self.own_prices)
        return self._spending

    def look_at_spending(self, then: Callable[[], None]) -> None:
        """Read the price files, and what other processes spent today; `then` is called from `drain`."""
        store, spending = self._store, self.spending

        def take(look: Look | None) -> None:
            if look is not None:
                spending.take(look)
            then()

        if store is None:
            spending.take(spending.look(None))
            self._put(then)
        else:
            self._desk.when(store.read(spending.look), take)

    @property
    def versions(self) -> Versions:
        """Whether there is a newer version of this program, as far as somebody wanted to know. Made when first asked for."""
        if self._versions is None:
            from sidelight.engine.versions import PLACE, Versions

            self._versions = Versions(
                self._desk,
                lambda: self._network_side,
                lambda: self._settings,
                self.change_settings,
                lambda said: self._drop_notice(PLACE) if said is None else self._notice(PLACE, said),
            )
        return self._versions

    def default_lanes(self) -> tuple[Lane, ...]:
        """The saved lane set; else the embedded model twice, answering directly and with an elicited trace."""
        return laning.default_lanes(self._settings, self._known.installed)

    # --- the file itself

    def safekeeping(self, database: Path, journals: Path) -> Safekeeping:
        """What there is of the file of conversations and of its backups, and what is done for it. Made when first asked for."""
        if self._safekeeping is None:
            from sidelight.engine.safekeeping import Safekeeping

            self._safekeeping = Safekeeping(database, self._put, journals=journals)
        return self._safekeeping

    @property
    def standing(self) -> Standing:
        """How the file of conversations stands, and what there was to say when it was opened."""
        from sidelight.engine.safekeeping import Standing

        if self._store is None:
            return Standing("memory", self._opening)
        return Standing("read_only" if self._store.read_only else "open", self._opening)

    @property
    def damaged(self) -> bool:
        """Whether damage was found in the file since it was opened."""
        return self._damaged

    def in_memory_alone(self) -> tuple[Conversation, ...]:
        """Conversations with something in them that no disk has, and none can take."""
        return self._opened.unstored() if self._unwritable else ()

    def contents(self, digests: frozenset[str]) -> Future[dict[str, bytes]]:
        """The files of prompts, by digest."""
        return self._network_side.run(lambda outside: outside.contents(digests))

    # --- what comes from the network

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Be told of changes, from `drain` and from wishes. Returns the way out."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def drain(self, budget: float = 0.006) -> None:
        """Take what has come, for at most `budget` seconds: fold events into replies, tell listeners once a reply."""
        deadline = time.monotonic() + budget
        self._awake = False
        while self._inbox and time.monotonic() < deadline:
            events: dict[str, list[Stamped]] = {}
            sent: dict[str, float] = {}
            for _ in range(min(_TAKE, len(self._inbox))):
                item = self._inbox.popleft()
                if isinstance(item, tuple):
                    reply_id, stamped, sent[reply_id] = item
                    events.setdefault(reply_id, []).append(stamped)
                else:
                    self._fold(events, sent)
                    events = {}
                    item()
            self._fold(events, sent)

    def _fold(self, events: Mapping[str, list[Stamped]], sent: Mapping[str, float]) -> None:
        for conversation_id, reply_id in self._opened.fold(events, sent):
            self._tell(Change("reply", conversation_id, reply_id))

    def _put(self, item: Callable[[], None] | tuple[str, Stamped, float]) -> None:
        """From any thread. Whoever finds the session asleep wakes it; `drain` falls asleep before it looks."""
        self._inbox.append(item)
        if not self._awake:
            self._awake = True
            self.wake()

    def _tell(self, change: Change) -> None:
        for listener in tuple(self._listeners):
            listener(change)

    def _on_fault(self, error: Exception) -> None:
        """The network's side could not be made: the window stays, nothing can be asked."""
        log.error("the network's side failed", exc_info=error)
        self._notice("fault", Notice("engine.fault", (("error", type(error).__name__),), "error"))

    def _on_ended(self, reply_id: str) -> None:
        conversation_id = self._opened.end(reply_id)
        if conversation_id is not None:
            turns = self._opened[conversation_id].turns
            self.spending.ended(next(r for t in turns for r in t.replies if r.id == reply_id))
            self._tell(Change("reply", conversation_id, reply_id))
            self._tell(Change("history"))

    def _on_backends(
        self, abouts: tuple[About, ...], keys: dict[str, KeyState], trouble: Trouble | None
    ) -> None:
        if trouble is None:
            self._drop_notice("keyring")
        elif (code := f"engine.keyring.{trouble}") not in self._settings.told:
            self._notice("keyring", Notice(code, level="info"))
        self._known.take_backends(abouts, keys)

    def _on_servers(self, servers: tuple[Server, ...]) -> None:
        for server in servers:
            self.ask_models(server.setting.id)
        self._known.take_servers(servers)

    def _on_weights(self, offers: tuple[WeightsOffer, ...], installed: tuple[Installed, ...]) -> None:
        if self._known.take_weights(offers, installed):
            self.ask_models(EMBEDDED)
        self._tell(Change("weights"))

    def _on_store_trouble(self, error: StoreError | None) -> None:
        if error is None:
            self._drop_notice("store")
        else:
            self._notice("store", store_notice(error))

    def _on_checked(self, found: Checked) -> None:
        if not found.sound:
            self._damaged = True
            self._notice(
                "damage",
                Notice("engine.damaged", (("path", str(self._store.path if self._store else "")),), "error"),
            )

    def _on_backed_up(self, made: Backup | StoreError) -> None:
        if isinstance(made, StoreError):
            why = made.params.get("reason") or made.code
            self._notice("backup", Notice("engine.no_backup", (("why", why),)))
        else:
            self._drop_notice("backup")

    # --- wishes: backends, keys, weights, preferences

    def ask_models(self, backend_id: str) -> None:
        """Ask a backend what it offers; told by a change of "backends"."""
        self._known.models[backend_id] = None
        self._network_side.run(lambda outside: outside.ask_models(backend_id))

    def ask_fits(self, backend_id: str, models: Sequence[str]) -> None:
        """Find out whether models, or weights to fetch, fit into the memory that is free now; told like `ask_models`."""
        self._network_side.run(lambda outside: outside.ask_fits(backend_id, models))

    def find_servers(self) -> None:
        """Look for local servers; told by a change of "backends"."""
        self._network_side.run(lambda outside: outside.find_servers())

    def set_key(self, backend_id: str, key: Secret | None) -> None:
        """Keep a key in the system keyring, or in memory where there is none; None forgets it."""
        self._network_side.run(lambda outside: outside.set_key(backend_id, key))

    def fetch_weights(self, weights_id: str) -> None:
        """Fetch weights: the person has agreed to name, size and source."""
        self._network_side.call(lambda outside: outside.fetch(weights_id))

    def cancel_weights(self, weights_id: str) -> None:
        """Stop fetching; what is here is kept for resuming."""
        self._network_side.call(lambda outside: outside.cancel_fetch(weights_id))

    def change_settings(self, settings: Settings) -> None:
        """Take and save other preferences. What cannot be saved is still taken, and said."""
        outside_too = any(getattr(settings, f) != getattr(self._settings, f) for f in _OUTSIDE_SETTINGS)
        self._settings = settings
        try:
            preferences.save(self._settings_file, settings)
            self._drop_notice("settings")
        except OSError as error:
            self._notice("settings", Notice("engine.settings_unsaved", (("why", error.strerror or ""),)))
        if outside_too:
            self._network_side.run(lambda outside: outside.apply(settings))
        if settings.versions.daily and self._watches:
            self.versions.watch()
        self._tell(Change("settings"))

    def dismiss(self, notice: Notice) -> None:
        """The person has read it. What is so at every start is not said again."""
        if notice.code.startswith("engine.keyring."):
            told = (*self._settings.told, notice.code)
            self.change_settings(msgspec.structs.replace(self._settings, told=told))
        elif notice.code.startswith("engine.newer"):
            self.versions.put_away(notice)
        self._notices = {k: n for k, n in self._notices.items() if n != notice}
        self._tell(Change("notice"))

    # --- inside

    @property
    def _network_side(self) -> Network[Outside]:
        if self._network is None:
            raise RuntimeError("the session is not started, or closed")
        return self._network

    def _fresh(self) -> Conversation:
        return Conversation(new_id(), lanes=self.default_lanes(), created=time.time())

    def _notice(self, place: str, notice: Notice) -> None:
        self._notices.pop(place, None)
        self._notices[place] = notice
        self._tell(Change("notice"))

    def _drop_notice(self, place: str) -> None:
        if self._notices.pop(place, None) is not None:
            self._tell(Change("notice"))
