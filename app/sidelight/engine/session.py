"""The state a face looks at and the wishes it has; lives in the face's thread and returns at once.

What comes from the network waits in one queue until `drain` folds it into the conversations that are `opened`. What is
asked of the network is called on its loop. The session draws nothing and opens no socket; a conversation that is not looked
at goes on.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import msgspec

from sidelight import settings as preferences
from sidelight.backends.base import About, BackendError, Model, Request
from sidelight.chat.conversation import (
    ContextRule,
    Conversation,
    Turn,
    failed_lanes,
    messages_for,
    title_from,
    turns_to_drop,
    with_lanes,
    with_reply,
    with_turn,
)
from sidelight.chat.events import Stamped
from sidelight.chat.message import Attachment, Lane, Parameters, Prompt, TagRule, new_id
from sidelight.chat.reply import Reply, Timing
from sidelight.engine.network import Network
from sidelight.engine.opened import Opened
from sidelight.engine.searching import Searching, through
from sidelight.engine.terms import (
    EMBEDDED,
    Ask,
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
from sidelight.settings import LaneSetting, Settings
from sidelight.store import attachments, conversations
from sidelight.store.conversations import Summary
from sidelight.store.database import Connection, Store, StoreError

if TYPE_CHECKING:
    from concurrent.futures import Future

    from sidelight.engine.outside import Outside
    from sidelight.engine.recorder import WriteJob
    from sidelight.engine.spending import Estimate, Look, Spending
    from sidelight.keys import Trouble
    from sidelight.local.weights import Installed
    from sidelight.store.backup import Backup, Keeper
    from sidelight.store.check import Checked
    from sidelight.store.exchanges import Recorded
    from sidelight.store.query import Query
    from sidelight.store.search import Found

__all__ = ["Listener", "Session"]

T = TypeVar("T")
Listener: TypeAlias = Callable[[Change], None]
StoreReplies: TypeAlias = "Callable[[Sequence[Reply]], WriteJob]"
log = logging.getLogger(__name__)
FIRST_MODEL = "qwen2.5-coder-0.5b-instruct"
"""What the two lanes of a first start ask, before it is known which weights are here."""
DIRECT = Parameters()
_TAKE = 256
_OUTSIDE_SETTINGS = ("backends", "gguf", "slot_context", "net")


class Session:
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
        self._temporary = temporary or store is None
        self._network: Network[Outside] | None = None
        self._inbox: deque[Callable[[], None] | tuple[str, Stamped, float]] = deque()
        self._listeners: list[Listener] = []
        self._history: tuple[Summary, ...] = ()
        self._backends: tuple[About, ...] = ()
        self._keys: dict[str, KeyState] = {}
        self._servers: tuple[Server, ...] = ()
        self._models: dict[str, tuple[Model, ...] | BackendError | None] = {}
        self._fits: dict[str, dict[str, Fitting]] = {}
        self._weights: tuple[WeightsOffer, ...] = ()
        self._installed: tuple[Installed, ...] = ()
        self._notices: dict[str, Notice] = {} if notice is None else {"store": notice}
        self._recorded: tuple[str, Recorded | None] | None = None
        self._spending: Spending | None = None
        self._searching = Searching(store)
        self._sought = ("", "")
        self._keeper: Keeper | None = None
        self._awake = False
        self.wake: Callable[[], None] = lambda: None
        """Called from any thread when something waits for `drain` and did not before."""
        self._opened = Opened(self._fresh())

    # --- life

    def start(self, *, recover: bool = True) -> None:
        """Start the network's thread and look at the disk. Call once, after the first paint.

        `recover` makes the partial replies of processes that died whole, and shows the newest conversation that has some.
        """
        self._network = Network(self._set_up, lambda error: self._put(lambda: self._on_fault(error)))
        if self._store is None:
            return
        self._network.run(lambda _outside: self._searching.index(self._on_indexed))
        if recover:
            self._keep(self._store)
            recovered = self._store.write(self._store.journal.recover, durable=True)
            recovered.add_done_callback(lambda done: self._put(lambda: self._on_recovered(done)))
        else:
            self._read_history()

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
            models=lambda backend, models: self._put(lambda: self._on_models(backend, models)),
            backends=lambda abouts, keys, trouble: self._put(
                lambda: self._on_backends(abouts, keys, trouble)
            ),
            servers=lambda servers: self._put(lambda: self._on_servers(servers)),
            fits=lambda backend, found: self._put(lambda: self._on_fits(backend, found)),
            weights=lambda offers, installed: self._put(lambda: self._on_weights(offers, installed)),
            store_trouble=lambda error: self._put(lambda: self._on_store_trouble(error)),
        )
        outside = self._make_outside(self._settings, self._store, self._weights_folder, face)
        outside.start()
        return outside

    def close(self) -> bool:
        """Stop what streams, write all, end the thread. False: not everything could be written."""
        saved = True
        if self._network is not None:
            closing = self._network.run(lambda outside: outside.close())
            with contextlib.suppress(CancelledError):  # its side could never be made
                saved = closing.result(timeout=10)
            self._network.close()
            self._network = None
        if self._keeper is not None:
            self._keeper.close()
            self._keeper = None
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

    def history(self) -> tuple[Summary, ...]:
        """Conversations, newest first, as last read."""
        return self._history

    def backends(self) -> tuple[About, ...]:
        """Backends that can be asked; empty until the network's side has started."""
        return self._backends

    def servers(self) -> tuple[Server, ...]:
        """Local servers that were found when last looked for; their backends can be asked."""
        return self._servers

    def about(self, backend_id: str) -> About | None:
        """Facts of a backend; None where there is none of this id."""
        return next((about for about in self._backends if about.id == backend_id), None)

    def models(self, backend_id: str) -> tuple[Model, ...] | BackendError | None:
        """What a backend said it offers; None while nothing is known. See `ask_models`."""
        return self._models.get(backend_id)

    def fits(self, backend_id: str) -> Mapping[str, Fitting]:
        """Which models of a backend fit into this machine's memory, as far as `ask_fits` has found out."""
        return self._fits.get(backend_id, {})

    def context_of(self, lane: Lane) -> int | None:
        """Tokens of context of a lane's model, where its backend told."""
        known = self._models.get(lane.backend)
        if not isinstance(known, tuple):
            return None
        return next((m.context for m in known if m.id == lane.model), None)

    def key_state(self, backend_id: str) -> KeyState:
        """Where the key of a backend is kept."""
        return self._keys.get(backend_id, "none")

    def weights(self) -> tuple[WeightsOffer, ...]:
        """Weights of the embedded engine: here, on their way, or to be had."""
        return self._weights

    def recorded(self, reply_id: str) -> Recorded | None:
        """What went over the wire for the reply that `ask_recorded` was last called for; None while that is not known."""
        return self._recorded[1] if self._recorded is not None and self._recorded[0] == reply_id else None

    # --- what it costs

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

    def estimate(self, text: str, files: Sequence[Attachment] = ()) -> Estimate:
        """What it would cost to send this to all lanes of the conversation shown."""
        conversation = self.conversation
        _, asks = self._questions(conversation, Prompt(text, tuple(files)))
        return self.spending.estimate(conversation, asks, self._backends)

    def look_at_spending(self, then: Callable[[], None]) -> None:
        """Read the price files, and what other processes spent today; `then` is called from `drain`."""
        store, spending = self._store, self.spending
        if store is None:
            spending.take(spending.look(None))
            self._put(then)
            return
        future = store.read(spending.look)
        future.add_done_callback(lambda done: self._put(lambda: self._on_spending(done, then)))

    def _on_spending(self, future: Future[Look], then: Callable[[], None]) -> None:
        look = self._result(future)
        if look is not None:
            self.spending.take(look)
        then()

    def _check_limit(self, asks: Sequence[Ask], *, over_limit: bool) -> None:
        limit = self._settings.spend_limit
        if over_limit or limit <= 0:
            return
        from sidelight.engine.spending import OverLimit

        estimate = self.spending.estimate(self.conversation, asks, self._backends)
        if not self.spending.within(estimate, limit):
            raise OverLimit(self.spending.today(), estimate, limit)

    # --- searching

    def search(self, query: Query) -> None:
        """Look for something in all that is stored; told by a change of "found". An empty query ends it."""
        self._searching.ask(query, lambda query, done: self._put(lambda: self._on_found(query, done)))
        self._tell(Change("found"))

    def found(self) -> Found | None:
        """What the newest search found; None where nothing is looked for, and the older findings until there are newer ones."""
        return self._searching.found

    @property
    def indexed(self) -> float:
        """The share of older texts that can be found yet, 0 to 1; told by a change of "found"."""
        return self._searching.indexed

    def sought(self) -> tuple[str, str]:
        """The turn and the reply ("" for its prompt) that `open` was last asked to show; "" where none was."""
        return self._sought

    def _on_found(self, query: Query, future: Future[Found]) -> None:
        found = self._result(future)
        if found is not None and self._searching.take(query, found):
            self._tell(Change("found"))

    def _on_indexed(self, share: float) -> None:
        """From the network's thread."""

        def tell() -> None:
            self._searching.indexed = share
            self._tell(Change("found"))

        self._put(tell)

    def _seek(self) -> None:
        """Show a branch with the turn that is sought, and say so."""
        turn, reply = self._sought
        if not turn:
            return
        identifier, conversation = self._opened.shown, through(self.conversation, turn)
        if conversation.leaf != self.conversation.leaf:
            leaf = conversation.leaf
            self._opened.put(conversation)
            self._write(identifier, lambda connection: conversations.set_leaf(connection, identifier, leaf))
            self._tell(Change("conversation", identifier))
        self._tell(Change("sought", identifier, reply or None))

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Be told of changes, from `drain` and from wishes. Returns the way out."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    # --- what comes from the network

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

    def _on_models(self, backend_id: str, models: tuple[Model, ...] | BackendError) -> None:
        self._models[backend_id] = models
        self._tell(Change("backends"))

    def _on_backends(
        self, abouts: tuple[About, ...], keys: dict[str, KeyState], trouble: Trouble | None
    ) -> None:
        self._backends = abouts
        self._keys = keys
        if trouble is None:
            self._drop_notice("keyring")
        elif (code := f"engine.keyring.{trouble}") not in self._settings.told:
            self._notice("keyring", Notice(code, level="info"))
        self._tell(Change("backends"))

    def _on_servers(self, servers: tuple[Server, ...]) -> None:
        self._servers = servers
        for server in servers:
            self.ask_models(server.setting.id)
        self._tell(Change("backends"))

    def _on_fits(self, backend_id: str, found: Mapping[str, Fitting]) -> None:
        self._fits.setdefault(backend_id, {}).update(found)
        self._tell(Change("backends"))

    def _on_weights(self, offers: tuple[WeightsOffer, ...], installed: tuple[Installed, ...]) -> None:
        news = installed != self._installed
        self._weights, self._installed = offers, installed
        if news:
            self.ask_models(EMBEDDED)
            if not self.conversation.turns and not self._settings.lanes:
                self.set_lanes(self.default_lanes())
        self._tell(Change("weights"))

    def _on_store_trouble(self, error: StoreError | None) -> None:
        if error is None:
            self._drop_notice("store")
        else:
            self._notice("store", store_notice(error))

    def _on_checked(self, found: Checked) -> None:
        if not found.sound:
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

    def _on_recovered(self, future: Future[tuple[str, ...]]) -> None:
        """Partial replies of a process that died are whole again; show the newest conversation, which has some."""
        recovered = self._result(future)
        if recovered is not None:
            self._read_history(open_newest=bool(recovered) and not self.conversation.turns)

    def _on_recorded(self, reply_id: str, future: Future[Recorded | None]) -> None:
        self._recorded = (reply_id, self._result(future))
        self._tell(Change("recorded", reply=reply_id))

    def _on_reread(self, conversation_id: str, turn_id: str, future: Future[Reply | None]) -> None:
        reply = self._result(future)
        if reply is None:
            self._notice("reread", Notice("engine.no_recording"))
            return
        self._write(conversation_id, lambda con: conversations.add_reply(con, turn_id, reply))
        if conversation_id in self._opened:
            self._opened.put(with_reply(self._opened[conversation_id], turn_id, reply))
            self._tell(Change("conversation", conversation_id))

    # --- wishes: conversations

    def new(self) -> None:
        """Show a new, empty conversation. It is stored with its first prompt."""
        fresh = self._fresh()
        self._sought = ("", "")
        self._opened.put(fresh)
        self._turn_to(fresh.id)

    def open(self, conversation_id: str, turn: str = "", reply: str = "") -> None:
        """Show a stored conversation; told by a change once it is read. A `turn` and `reply` in it are told by "sought"."""
        self._sought = (turn, reply)
        if conversation_id == self._opened.shown:
            self._seek()
            return
        if conversation_id in self._opened:
            self._turn_to(conversation_id)
        elif self._store is not None:
            future = self._network_side.run(lambda outside: outside.load(conversation_id))
            future.add_done_callback(lambda done: self._put(lambda: self._on_loaded(done)))

    def rename(self, conversation_id: str, title: str) -> None:
        """Give a conversation another title."""
        if conversation_id in self._opened:
            self._opened.put(replace(self._opened[conversation_id], title=title))
            self._tell(Change("conversation", conversation_id))
        self._history = tuple(
            replace(s, title=title) if s.id == conversation_id else s for s in self._history
        )
        self._write(
            conversation_id, lambda connection: conversations.rename(connection, conversation_id, title)
        )
        self._tell(Change("history"))

    def delete(self, conversation_id: str) -> None:
        """Delete a conversation for good; what streams in it is stopped first."""
        for reply_id in self._opened.under_way(conversation_id):
            self._stop_reply(reply_id)
        if conversation_id == self._opened.shown:
            self.new()
        self._history = tuple(s for s in self._history if s.id != conversation_id)
        self._write(conversation_id, lambda connection: conversations.delete(connection, conversation_id))
        self._opened.mark_deleted(conversation_id)
        self._tell(Change("history"))

    def refresh_history(self) -> None:
        """Read the list of conversations again: another process may have added some."""
        self._read_history()

    # --- wishes: turns

    def send(
        self, text: str, files: Sequence[tuple[Attachment, bytes]] = (), *, over_limit: bool = False
    ) -> None:
        """Ask all lanes of the conversation shown. `files` go with the prompt, each with its content.

        Raises ValueError with a code of messages.py where that cannot be: "engine.empty_prompt", "engine.no_lanes",
        "engine.still_streaming"; OverLimit where it would pass the limit of the day and that was not allowed with
        `over_limit`. What is spent is known as of `look_at_spending`, so call that first.
        """
        conversation = self.conversation
        if not text.strip() and not files:
            raise ValueError("engine.empty_prompt")
        if not conversation.lanes:
            raise ValueError("engine.no_lanes")
        if conversation.id in self._opened.streaming:
            raise ValueError("engine.still_streaming")
        attached = tuple(attachment for attachment, _ in files)
        contents = {attachment.digest: content for attachment, content in files}
        title = conversation.title or title_from(text) or title_from(attached[0].name)
        conversation = replace(conversation, title=title)
        turn, asks = self._questions(conversation, Prompt(text, attached))
        self._check_limit(asks, over_limit=over_limit)
        new = not self._opened.is_stored(conversation.id)
        self._opened.put(with_turn(conversation, replace(turn, replies=tuple(a.reply for a in asks))))
        self._begin(turn.id, asks, _store_turn(conversation, turn, contents, new=new), contents)
        if not self._temporary:
            self._opened.mark_stored(conversation.id)
            self._note_in_history(self.conversation)

    def retry(
        self,
        turn_id: str,
        lane_ids: Sequence[str],
        *,
        drop_oldest: int | None = None,
        over_limit: bool = False,
    ) -> None:
        """Ask lanes again, or for the first time, in a turn: a new version each.

        `drop_oldest` turns are left out; None leaves out as many as the lane's last version did. Raises OverLimit like
        `send`.
        """
        conversation = self.conversation
        turn = conversation.turn(turn_id)
        if turn is None:
            return
        asks = []
        for lane in conversation.lanes:
            last = turn.reply(lane.id)
            if lane.id not in lane_ids or (last is not None and self._opened.is_live(last.id)):
                continue
            before = last.dropped_turns if last is not None else 0
            ask = self._ask(conversation, lane, turn_id, before if drop_oldest is None else drop_oldest)
            version = len(turn.versions(lane.id)) + 1
            asks.append(replace(ask, reply=replace(ask.reply, version=version)))
        self._check_limit(asks, over_limit=over_limit)
        for ask in asks:
            self._opened.put(with_reply(self.conversation, turn_id, ask.reply))
        if asks:
            self._begin(turn_id, asks, _store_replies(turn_id), {})

    def retry_shorter(self, turn_id: str, lane_id: str, *, over_limit: bool = False) -> bool:
        """Ask again without the oldest turns, as many as the server's own count says; False where that cannot help.

        Raises OverLimit like `send`.
        """
        conversation = self.conversation
        lane, turn = conversation.lane(lane_id), conversation.turn(turn_id)
        reply = turn.reply(lane_id) if turn is not None else None
        if lane is None or reply is None or reply.failed is None:
            return False
        numbers = dict(reply.failed.details)
        try:
            prompt, context = int(numbers["prompt"]), int(numbers["context"])
        except (KeyError, ValueError):
            return False
        drop = turns_to_drop(conversation, lane, turn_id, prompt, context)
        if drop is None:
            return False
        self.retry(turn_id, [lane_id], drop_oldest=drop, over_limit=over_limit)
        return True

    def retry_failed(self, *, over_limit: bool = False) -> None:
        """Ask again every lane that failed or was interrupted in the newest turn. Raises OverLimit like `send`."""
        conversation = self.conversation
        turn = conversation.turn(conversation.leaf) if conversation.leaf else None
        if turn is not None:
            failed = [lane.id for lane in failed_lanes(turn, conversation.lanes)]
            self.retry(turn.id, failed, over_limit=over_limit)

    def stop(self, lane_id: str | None = None) -> None:
        """Stop one lane of the conversation shown, or all of them."""
        for reply_id in self._opened.under_way(self._opened.shown, lane_id):
            self._stop_reply(reply_id)

    def hurry(self, reply_id: str) -> None:
        """Send a refused request now that waits to be sent again."""
        self._network_side.call(lambda outside: outside.hurry(reply_id))

    def ask_recorded(self, reply_id: str) -> None:
        """Look up what went over the wire for a reply; told by a change of "recorded"."""
        future = self._network_side.run(lambda outside: outside.recorded(reply_id))
        future.add_done_callback(lambda done: self._put(lambda: self._on_recorded(reply_id, done)))

    def reread(self, turn_id: str, reply_id: str, rule: TagRule) -> None:
        """Read the recorded stream of a reply by another tag rule: one more version of it, for which nothing is sent."""
        conversation = self.conversation
        turn = conversation.turn(turn_id)
        source = next((r for r in turn.replies if r.id == reply_id), None) if turn is not None else None
        lane = conversation.lane(source.lane) if source is not None else None
        if turn is None or source is None or source.asked is None or lane is None:
            return
        parameters = replace(source.asked.parameters, tags=rule)
        request = Request(source.identity.requested_model, (), parameters)
        fresh = replace(
            Reply(new_id(), lane.id, len(turn.versions(lane.id)) + 1),
            claim=source.claim,
            dropped_turns=source.dropped_turns,
            asked=replace(source.asked, parameters=parameters),
            notes=source.notes,
            reread=source.reread or source.id,
        )
        future = self._network_side.run(lambda outside: outside.reread(source, request, fresh))
        future.add_done_callback(
            lambda done: self._put(lambda: self._on_reread(conversation.id, turn_id, done))
        )

    # --- wishes: lanes

    def default_lanes(self) -> tuple[Lane, ...]:
        """The saved lane set; else the embedded model twice, answering directly and with an elicited trace."""
        if self._settings.lanes:
            return tuple(_lane(setting) for setting in self._settings.lanes)
        model = self._installed[0].id if self._installed else FIRST_MODEL
        return (
            Lane(new_id(), EMBEDDED, model),
            Lane(new_id(), EMBEDDED, model, Parameters(elicited=True)),
        )

    def set_lanes(self, lanes: Sequence[Lane]) -> None:
        """Another row of lanes for the conversation shown. A server that was found is kept in the settings once used."""
        self._keep_servers({lane.backend for lane in lanes})
        row, identifier = tuple(lanes), self._opened.shown
        self._opened.put(with_lanes(self.conversation, row))
        self._write(identifier, lambda connection: conversations.set_lanes(connection, identifier, row))
        self._tell(Change("conversation", identifier))

    def _keep_servers(self, used: set[str]) -> None:
        kept = {s.id for s in self._settings.backends}
        new = tuple(
            s.setting
            for s in self._servers
            if not s.known and s.setting.id in used and s.setting.id not in kept
        )
        if new:
            backends = (*self._settings.backends, *new)
            self.change_settings(msgspec.structs.replace(self._settings, backends=backends))

    def add_lane(self, backend: str, model: str, parameters: Parameters = DIRECT) -> Lane:
        """One more lane at the right."""
        lane = Lane(new_id(), backend, model, parameters)
        self.set_lanes((*self.conversation.lanes, lane))
        return lane

    def remove_lane(self, lane_id: str) -> None:
        """Take a lane away; its replies stay stored."""
        self.stop(lane_id)
        self.set_lanes([x for x in self.conversation.lanes if x.id != lane_id])

    def move_lane(self, lane_id: str, index: int) -> None:
        """Move a lane to another place, 0 at the left."""
        lanes = list(self.conversation.lanes)
        moved = self.conversation.lane(lane_id)
        if moved is not None:
            lanes.remove(moved)
            lanes.insert(index, moved)
            self.set_lanes(lanes)

    def change_lane(self, lane: Lane) -> None:
        """Another model or other parameters for the lane of the same id."""
        self.set_lanes([lane if x.id == lane.id else x for x in self.conversation.lanes])

    def save_lanes_as_default(self) -> None:
        """New conversations begin with the lanes shown now."""
        lanes = tuple(_lane_setting(lane) for lane in self.conversation.lanes)
        self.change_settings(msgspec.structs.replace(self._settings, lanes=lanes))

    def set_rule(self, rule: ContextRule) -> None:
        """What lanes are told of earlier turns, from the next prompt on."""
        identifier = self._opened.shown
        self._opened.put(replace(self.conversation, rule=rule))
        self._write(identifier, lambda connection: conversations.set_rule(connection, identifier, rule))
        self._tell(Change("conversation", identifier))

    # --- wishes: backends, keys, weights, preferences

    def ask_models(self, backend_id: str) -> None:
        """Ask a backend what it offers; told by a change of "backends"."""
        self._models[backend_id] = None
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
        self._tell(Change("settings"))

    def dismiss(self, notice: Notice) -> None:
        """The person has read it. What is so at every start is not said again."""
        if notice.code.startswith("engine.keyring."):
            told = (*self._settings.told, notice.code)
            self.change_settings(msgspec.structs.replace(self._settings, told=told))
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

    def _turn_to(self, conversation_id: str) -> None:
        """Show a conversation that is open."""
        self._opened.show(conversation_id)
        self._tell(Change("conversation", conversation_id))
        self._seek()

    def _questions(self, conversation: Conversation, prompt: Prompt) -> tuple[Turn, list[Ask]]:
        """A next turn with this prompt, and what each lane is to be asked in it."""
        turn = Turn(new_id(), conversation.leaf, prompt, created=time.time())
        asked = with_turn(conversation, turn)
        return turn, [
            self._ask(asked, lane, turn.id, _dropped_before(conversation, lane.id))
            for lane in conversation.lanes
        ]

    def _ask(self, conversation: Conversation, lane: Lane, turn_id: str, drop: int) -> Ask:
        messages = messages_for(conversation, lane, turn_id, drop)
        reply = Reply(new_id(), lane.id, timing=Timing(asked_at=time.time()), dropped_turns=drop)
        return Ask(reply, lane.backend, Request(lane.model, messages, lane.parameters))

    def _begin(
        self, turn_id: str, asks: Sequence[Ask], job: StoreReplies, files: Mapping[str, bytes]
    ) -> None:
        self._opened.begin(turn_id, [ask.reply.id for ask in asks])
        self.spending.begun(asks, self._backends)
        self._network_side.call(
            lambda outside: outside.begin(turn_id, asks, None if self._temporary else job, files)
        )
        self._tell(Change("conversation", self._opened.shown))

    def _stop_reply(self, reply_id: str) -> None:
        self._network_side.call(lambda outside: outside.stop(reply_id))

    def _write(self, conversation_id: str, job: WriteJob) -> None:
        """Write a change of a conversation that is on disk; one that is not is written with its first prompt."""
        if self._opened.is_stored(conversation_id):
            self._network_side.call(lambda outside: outside.write(job))

    def _result(self, future: Future[T]) -> T | None:
        """What the store answered; its refusal becomes a notice and None."""
        try:
            return future.result()
        except StoreError as error:
            self._on_store_trouble(error)
            return None

    def _on_loaded(self, future: Future[Conversation | None]) -> None:
        conversation = self._result(future)
        if conversation is None:
            self._read_history()
            return
        if conversation.id not in self._opened:
            self._opened.put(conversation)
        self._opened.mark_stored(conversation.id)
        self._turn_to(conversation.id)

    def _note_in_history(self, conversation: Conversation) -> None:
        summary = Summary(conversation.id, conversation.title, time.time(), conversation.created)
        self._history = (summary, *(s for s in self._history if s.id != conversation.id))
        self._tell(Change("history"))

    def _read_history(self, *, open_newest: bool = False) -> None:
        if self._store is not None:
            known = {s.id for s in self._history}
            future = self._store.read(lambda connection: conversations.summaries(connection))
            future.add_done_callback(
                lambda done: self._put(lambda: self._on_history(done, known, open_newest))
            )

    def _on_history(self, future: Future[tuple[Summary, ...]], known: set[str], open_newest: bool) -> None:
        """Take what was read; what was begun or deleted here meanwhile is not undone by it."""
        history = self._result(future)
        if history is None:
            return
        read = {s.id for s in history}
        begun = (s for s in self._history if s.id not in known | read)
        self._history = (*begun, *(s for s in history if not self._opened.is_deleted(s.id)))
        self._opened.mark_stored(*(s.id for s in self._history))
        self._tell(Change("history"))
        if open_newest and self._history:
            self.open(self._history[0].id)

    def _notice(self, place: str, notice: Notice) -> None:
        self._notices[place] = notice
        self._tell(Change("notice"))

    def _drop_notice(self, place: str) -> None:
        if self._notices.pop(place, None) is not None:
            self._tell(Change("notice"))


def _dropped_before(conversation: Conversation, lane_id: str) -> int:
    """How many of the oldest turns the lane's newest reply was asked without; the next one goes on so."""
    path = conversation.path
    reply = path[-1].reply(lane_id) if path else None
    return reply.dropped_turns if reply is not None else 0


def _lane(setting: LaneSetting) -> Lane:
    fields = msgspec.structs.asdict(setting)
    backend, model = fields.pop("backend"), fields.pop("model")
    return Lane(new_id(), backend, model, Parameters(**fields))


def _lane_setting(lane: Lane) -> LaneSetting:
    return LaneSetting(lane.backend, lane.model, **asdict(lane.parameters))


def _store_turn(
    conversation: Conversation, turn: Turn, files: Mapping[str, bytes], *, new: bool
) -> StoreReplies:
    """How a new turn is written, with its replies as prepared; `new`: its conversation is not on disk yet."""

    def with_prepared(prepared: Sequence[Reply]) -> WriteJob:
        def job(connection: Connection) -> None:
            if new:
                conversations.create(connection, conversation)
            attachments.add(connection, files)
            conversations.add_turn(connection, conversation.id, replace(turn, replies=tuple(prepared)))

        return job

    return with_prepared


def _store_replies(turn_id: str) -> StoreReplies:
    """How further versions in a turn are written."""

    def with_prepared(prepared: Sequence[Reply]) -> WriteJob:
        def job(connection: Connection) -> None:
            for reply in prepared:
                conversations.add_reply(connection, turn_id, reply)

        return job

    return with_prepared
