"""The state a face looks at and the wishes it has; lives in the face's thread and returns at once.

What it stands on is `core`; what it delegates is in `ordering`, `drafting`, `growing`, `searching` and, as plain values, in `asking`,
`branching` and `laning`. The session draws nothing and opens no socket; a conversation that is not looked at goes on.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from sidelight.chat.conversation import (
    ContextRule,
    Conversation,
    failed_lanes,
    newest_leaf,
    siblings,
    title_from,
    with_chosen,
    with_lanes,
    with_reply,
    with_turn,
)
from sidelight.chat.message import Attachment, Lane, Parameters, Prompt, TagRule, new_id
from sidelight.chat.reply import Reply
from sidelight.engine import asking, branching, laning
from sidelight.engine.asking import StoreReplies
from sidelight.engine.core import Core, Listener
from sidelight.engine.laning import FIRST_MODEL
from sidelight.engine.ordering import tidy
from sidelight.engine.searching import through
from sidelight.engine.terms import Ask, Change, Notice
from sidelight.store import conversations
from sidelight.store.conversations import Summary

if TYPE_CHECKING:
    from sidelight.engine.spending import Estimate
    from sidelight.engine.terms import WeightsOffer
    from sidelight.local.weights import Installed
    from sidelight.store.exchanges import Recorded
    from sidelight.store.query import Query
    from sidelight.store.search import Found

__all__ = ["FIRST_MODEL", "Listener", "Session", "StoreReplies"]

_DIRECT = Parameters()


class Session(Core):
    """One profile at work, with its conversations. Every method is called in the face's thread."""

    # --- life

    def start(self, *, recover: bool = True) -> None:
        """Start the network's thread and look at the disk. Call once, after the first paint.

        `recover` makes the partial replies of processes that died whole, shows the newest conversation that has some, and
        removes for good what is in the trash for too long.
        """
        super().start(recover=recover)
        store = self._store
        if store is None:
            return
        self._drafting.look(self._opened.shown, at_once=True)
        if not store.read_only:
            self._network_side.run(lambda _outside: self._searching.index(self._on_indexed))
        if recover and not store.read_only:
            tidied = self._network_side.run(lambda _outside: tidy(store, time.time()))
            self._desk.when(tidied, lambda removed: self._ordering.look() if removed else None)
            self._desk.when(store.write(store.journal.recover, durable=True), self._on_recovered)
        else:
            self._ordering.look(at_once=True)

    # --- what a face reads

    def history(self) -> tuple[Summary, ...]:
        """Conversations: pinned ones, then the others, newest first each, as far as they are listed; not the trash."""
        return self._ordering.history

    @property
    def more_history(self) -> bool:
        """There are older conversations that are not listed yet: see `list_more` and `list_all`."""
        return self._ordering.has_more

    @property
    def trash(self) -> tuple[Summary, ...]:
        """Conversations in the trash, the newest there first; each goes for good after 30 days."""
        return self._ordering.trash

    @property
    def tags(self) -> tuple[str, ...]:
        """All tags in use."""
        return self._ordering.tags

    @property
    def temporary(self) -> bool:
        """The conversation shown is never written, and gone when the session ends."""
        return self._ordering.is_temporary(self._opened.shown)

    @property
    def draft(self) -> str:
        """What was typed for the conversation shown and not sent; told by a change of "draft" where that is read later."""
        return self._drafting.of(self._opened.shown).text

    @property
    def draft_files(self) -> tuple[tuple[Attachment, bytes], ...]:
        """The files that are to go with the draft."""
        return self._drafting.of(self._opened.shown).files

    def recorded(self, reply_id: str) -> Recorded | None:
        """What went over the wire for the reply that `ask_recorded` was last called for; None while that is not known."""
        return self._recorded[1] if self._recorded is not None and self._recorded[0] == reply_id else None

    # --- what it costs

    def estimate(self, text: str, files: Sequence[Attachment] = ()) -> Estimate:
        """What it would cost to send this to all lanes of the conversation shown; of nothing, what can be known without that."""
        conversation = self.conversation
        if not text.strip() and not files:  # what was said before need not be read for it
            conversation = replace(conversation, turns=(), leaf=None)
        _, asks = asking.questions(conversation, Prompt(text, tuple(files)))
        return self.spending.estimate(conversation, asks, self._known.backends)

    def _check_limit(self, asks: Sequence[Ask], *, over_limit: bool) -> None:
        limit = self._settings.spend_limit
        if over_limit or limit <= 0:
            return
        from sidelight.engine.spending import OverLimit

        estimate = self.spending.estimate(self.conversation, asks, self._known.backends)
        if not self.spending.within(estimate, limit):
            raise OverLimit(self.spending.today(), estimate, limit)

    # --- searching

    def search(self, query: Query) -> None:
        """Look for something in all that is stored; told by a change of "found". An empty query ends it."""
        self._searching.ask(
            query, lambda query, done: self._desk.when(done, lambda found: self._on_found(query, found))
        )
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

    def _on_found(self, query: Query, found: Found | None) -> None:
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
            self._show_branch(conversation)
        self._tell(Change("sought", identifier, reply or None))

    # --- what comes from the network

    def _on_weights(self, offers: tuple[WeightsOffer, ...], installed: tuple[Installed, ...]) -> None:
        before = self._known.installed
        super()._on_weights(offers, installed)
        if installed != before and not self.conversation.turns and not self._settings.lanes:
            self.set_lanes(self.default_lanes())

    def _on_recovered(self, recovered: tuple[str, ...] | None) -> None:
        """Partial replies of a process that died are whole again; show the newest conversation, which has some."""
        if recovered is None:
            return
        open_newest = bool(recovered) and not self.conversation.turns

        def then() -> None:
            newest = self._ordering.newest()
            if open_newest and newest is not None:
                self.open(newest)

        self._ordering.look(then, at_once=True)

    def _on_recorded(self, reply_id: str, recorded: Recorded | None) -> None:
        self._recorded = (reply_id, recorded)
        self._tell(Change("recorded", reply=reply_id))

    def _on_reread(self, conversation_id: str, turn_id: str, reply: Reply | None) -> None:
        if reply is None:
            self._notice("reread", Notice("engine.no_recording"))
            return
        self._desk.write(conversation_id, lambda con: conversations.add_reply(con, turn_id, reply))
        if conversation_id in self._opened:
            self._opened.put(with_reply(self._opened[conversation_id], turn_id, reply))
            self._tell(Change("conversation", conversation_id))

    # --- wishes: conversations

    def new(self, *, temporary: bool = False) -> None:
        """Show a new, empty conversation. It is stored with its first prompt; one that is `temporary` never is."""
        fresh = self._fresh()
        if temporary:
            self._ordering.mark_temporary(fresh.id)
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
            self._growing.coming(conversation_id)
            self._desk.when(
                self._network_side.run(lambda outside: outside.load(conversation_id)),
                lambda loaded: self._on_loaded(conversation_id, loaded),
            )

    def rename(self, conversation_id: str, title: str) -> None:
        """Give a conversation another title."""
        if conversation_id in self._opened:
            self._opened.put(replace(self._opened[conversation_id], title=title))
            self._tell(Change("conversation", conversation_id))
        self._ordering.rename(conversation_id, title)

    def pin(self, conversation_id: str, pinned: bool) -> None:
        """Have a conversation stand above the others, or no longer."""
        self._ordering.pin(conversation_id, pinned)

    def set_tags(self, conversation_id: str, tags: Sequence[str]) -> None:
        """Give a conversation these tags and no others. White space is joined, and none is taken twice."""
        self._ordering.set_tags(conversation_id, tags)

    def delete(self, conversation_id: str) -> None:
        """Move a conversation into the trash, and say so with a way back; what streams in it is stopped first.

        One that is temporary, or was never sent, is gone.
        """
        stored = self._opened.is_stored(conversation_id) or conversation_id not in self._opened
        title = next((s.title for s in self.history() if s.id == conversation_id), "")
        self._leave(conversation_id)
        if not stored:
            self._ordering.erase(conversation_id)
            return
        self._ordering.put_in_trash(conversation_id)
        code, said = (
            ("engine.deleted", (("title", title_from(title)),)) if title else ("engine.deleted.untitled", ())
        )
        notice = Notice(code, said, "info", action="engine.deleted.undo", subject=conversation_id)
        self._notice("deleted", notice)

    def restore(self, conversation_id: str) -> None:
        """Take a conversation out of the trash."""
        self._ordering.restore(conversation_id)
        self._no_way_back(conversation_id)

    def erase(self, conversation_id: str) -> None:
        """Remove a conversation for good, from wherever it is."""
        self._leave(conversation_id)
        self._ordering.erase(conversation_id)
        self._no_way_back(conversation_id)

    def empty_trash(self) -> None:
        """Remove for good all that is in the trash."""
        for summary in self.trash:
            self.erase(summary.id)

    def _leave(self, conversation_id: str) -> None:
        for reply_id in self._opened.under_way(conversation_id):
            self._stop_reply(reply_id)
        if conversation_id == self._opened.shown:
            self.new()

    def _no_way_back(self, conversation_id: str) -> None:
        notice = self._notices.get("deleted")
        if notice is not None and notice.subject == conversation_id:
            self._drop_notice("deleted")

    def list_more(self) -> None:
        """List more of the older conversations."""
        self._ordering.more()

    def list_all(self, wanted: bool) -> None:
        """List all conversations, as when one is looked for by its title or tags; or again only as many as before."""
        self._ordering.list_all(wanted)

    def refresh_history(self) -> None:
        """Read the list of conversations again: another process may have added some."""
        self._ordering.look()

    def look_again(self, conversation_ids: Iterable[str]) -> None:
        """These conversations have more on disk than before: show it, once nothing of them streams. What is here stays."""
        self._growing.look(conversation_ids)

    def keep_draft(
        self, conversation_id: str, text: str, files: Sequence[tuple[Attachment, bytes]] = ()
    ) -> None:
        """Keep what is typed for a conversation, each file with its content; a crash does not lose it. Sending forgets it.

        To be called after a pause in typing, and before another conversation is shown; not after `send`.
        """
        self._drafting.keep(conversation_id, text, files)

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
        self._want_sendable(text, bool(files))
        attached = tuple(attachment for attachment, _ in files)
        contents = {attachment.digest: content for attachment, content in files}
        title = conversation.title or title_from(text) or title_from(attached[0].name)
        conversation = replace(conversation, title=title)
        self._ask_all(conversation, Prompt(text, attached), contents, over_limit=over_limit, is_draft=True)

    def edit(
        self,
        turn_id: str,
        text: str,
        files: Sequence[tuple[Attachment, bytes]] | None = None,
        *,
        over_limit: bool = False,
    ) -> None:
        """Ask all lanes another prompt in the place of a turn's: a new branch, and the old one stays.

        `files` None: those of the old prompt. Raises like `send`.
        """
        turn = self.conversation.turn(turn_id)
        if turn is None:
            return
        attached = turn.prompt.attachments if files is None else tuple(attachment for attachment, _ in files)
        contents = {attachment.digest: content for attachment, content in files or ()}
        self._want_sendable(text, bool(attached))
        before = replace(self.conversation, leaf=turn.parent)
        self._ask_all(before, Prompt(text, attached), contents, over_limit=over_limit, is_draft=False)

    def _want_sendable(self, text: str, has_files: bool) -> None:
        conversation = self.conversation
        if not text.strip() and not has_files:
            raise ValueError("engine.empty_prompt")
        if not conversation.lanes:
            raise ValueError("engine.no_lanes")
        if conversation.id in self._opened.streaming:
            raise ValueError("engine.still_streaming")

    def _ask_all(
        self,
        conversation: Conversation,
        prompt: Prompt,
        contents: Mapping[str, bytes],
        *,
        over_limit: bool,
        is_draft: bool,
    ) -> None:
        """Ask all lanes after the leaf of a conversation, which is the one shown."""
        turn, asks = asking.questions(conversation, prompt)
        self._check_limit(asks, over_limit=over_limit)
        new = not self._opened.is_stored(conversation.id)
        draft = self._drafting.sent(conversation.id) if is_draft else None
        self._opened.put(with_turn(conversation, replace(turn, replies=tuple(a.reply for a in asks))))
        job = asking.store_turn(conversation, turn, contents, new=new, draft=draft)
        self._begin(turn.id, asks, job, contents)
        if not self.temporary:
            self._opened.mark_stored(conversation.id)
        self._ordering.note(self.conversation)

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
        free = {
            lane
            for lane in lane_ids
            if (last := turn.reply(lane)) is None or not self._opened.is_live(last.id)
        }
        asks = asking.again(conversation, turn, free, drop_oldest)
        self._check_limit(asks, over_limit=over_limit)
        for ask in asks:
            self._opened.put(with_reply(self.conversation, turn_id, ask.reply))
        if asks:
            self._begin(turn_id, asks, asking.store_replies(turn_id), {})

    def ask_lane(self, turn_id: str, lane_id: str, *, over_limit: bool = False) -> None:
        """Ask a lane in a turn that was asked before it came. Raises OverLimit like `send`."""
        turn = self.conversation.turn(turn_id)
        if turn is not None and turn.reply(lane_id) is None:
            self.retry(turn_id, [lane_id], over_limit=over_limit)

    def retry_shorter(self, turn_id: str, lane_id: str, *, over_limit: bool = False) -> bool:
        """Ask again without the oldest turns, as many as the server's own count says; False where that cannot help.

        Raises OverLimit like `send`.
        """
        drop = asking.shorter_by(self.conversation, turn_id, lane_id)
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
        self._desk.when(
            self._network_side.run(lambda outside: outside.recorded(reply_id)),
            lambda recorded: self._on_recorded(reply_id, recorded),
        )

    def reread(self, turn_id: str, reply_id: str, rule: TagRule) -> None:
        """Read the recorded stream of a reply by another tag rule: one more version of it, for which nothing is sent."""
        conversation_id = self._opened.shown
        wanted = asking.rereading(self.conversation, turn_id, reply_id, rule)
        if wanted is not None:
            self._desk.when(
                self._network_side.run(lambda outside: outside.reread(*wanted)),
                lambda reply: self._on_reread(conversation_id, turn_id, reply),
            )

    # --- wishes: branches

    def siblings(self, turn_id: str) -> tuple[str, ...]:
        """The turns that stand in the same place, oldest first, this one included."""
        return siblings(self.conversation, turn_id)

    def go_to(self, turn_id: str) -> None:
        """Show the branch that holds a turn, down to its newest end."""
        if self.conversation.turn(turn_id) is not None:
            self._show_branch(replace(self.conversation, leaf=newest_leaf(self.conversation, turn_id)))

    def branch_from(self, turn_id: str) -> None:
        """Have the next prompt follow this turn, whatever follows it already."""
        if self.conversation.turn(turn_id) is not None:
            self._show_branch(replace(self.conversation, leaf=turn_id))

    def _show_branch(self, conversation: Conversation) -> None:
        identifier, leaf = conversation.id, conversation.leaf
        self._opened.put(conversation)
        self._desk.write(identifier, lambda con: conversations.set_leaf(con, identifier, leaf))
        self._tell(Change("conversation", identifier))

    def take_over(self, turn_id: str, lane_id: str | None) -> None:
        """Have one lane's answer in a turn go on for all lanes, which then follow chosen answers; None undoes that.

        A lane without an answer cannot be taken.
        """
        turn = self.conversation.turn(turn_id)
        if turn is None:
            return
        if lane_id is not None and not any(r.answer_text.strip() for r in turn.versions(lane_id)):
            return
        before, changed = self.conversation, with_chosen(self.conversation, turn_id, lane_id)
        self._opened.put(changed)
        self._desk.write(changed.id, lambda con: conversations.set_chosen(con, turn_id, lane_id))
        if changed.rule is not before.rule:
            self._desk.write(changed.id, lambda con: conversations.set_rule(con, changed.id, changed.rule))
        self._tell(Change("conversation", changed.id))

    def continue_alone(self, lane_id: str) -> None:
        """Show a new conversation that goes on from here with the answers of one lane alone; this one stays as it is.

        Raises ValueError "engine.still_streaming" while that lane answers.
        """
        conversation = self.conversation
        if conversation.lane(lane_id) is None or not conversation.path:
            return
        if self._opened.under_way(conversation.id, lane_id):
            raise ValueError("engine.still_streaming")
        made, copied = branching.alone(conversation, lane_id, time.time())
        if self.temporary:
            self._ordering.mark_temporary(made.id)
        else:
            self._desk.write_anew(branching.store_copy(made, tuple(copied.items())))
            self._opened.mark_stored(made.id)
        self._sought = ("", "")
        self._opened.put(made)
        self._ordering.note(made)
        self._turn_to(made.id)

    # --- wishes: lanes

    def set_lanes(self, lanes: Sequence[Lane]) -> None:
        """Another row of lanes for the conversation shown. A server that was found is kept in the settings once used."""
        self._keep_servers({lane.backend for lane in lanes})
        row, identifier = tuple(lanes), self._opened.shown
        self._opened.put(with_lanes(self.conversation, row))
        self._desk.write(identifier, lambda con: conversations.set_lanes(con, identifier, row))
        self._tell(Change("conversation", identifier))

    def _keep_servers(self, used: set[str]) -> None:
        new = self._known.new_servers(used, self._settings)
        if new:
            backends = (*self._settings.backends, *new)
            self.change_settings(msgspec.structs.replace(self._settings, backends=backends))

    def add_lane(self, backend: str, model: str, parameters: Parameters = _DIRECT) -> Lane:
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
        self.set_lanes(laning.moved(self.conversation.lanes, lane_id, index))

    def change_lane(self, lane: Lane) -> None:
        """Another model or other parameters for the lane of the same id."""
        self.set_lanes([lane if x.id == lane.id else x for x in self.conversation.lanes])

    def save_lanes_as_default(self) -> None:
        """New conversations begin with the lanes shown now."""
        lanes = laning.saved(self.conversation.lanes)
        self.change_settings(msgspec.structs.replace(self._settings, lanes=lanes))

    def set_rule(self, rule: ContextRule) -> None:
        """What lanes are told of earlier turns, from the next prompt on."""
        identifier = self._opened.shown
        self._opened.put(replace(self.conversation, rule=rule))
        self._desk.write(identifier, lambda con: conversations.set_rule(con, identifier, rule))
        self._tell(Change("conversation", identifier))

    # --- wishes: backends, keys, weights, preferences

    def act(self, notice: Notice) -> None:
        """The person pressed the button of a notice."""
        self.dismiss(notice)
        if notice.action == "engine.deleted.undo":
            self.restore(notice.subject)
            if not self.conversation.turns:
                self.open(notice.subject)

    # --- inside

    def _turn_to(self, conversation_id: str) -> None:
        """Show a conversation that is open."""
        self._opened.show(conversation_id)
        self._tell(Change("conversation", conversation_id))
        if self._network is not None:
            self._drafting.look(conversation_id)
        self._seek()

    def _begin(
        self, turn_id: str, asks: Sequence[Ask], job: StoreReplies, files: Mapping[str, bytes]
    ) -> None:
        self._opened.begin(turn_id, [ask.reply.id for ask in asks])
        self.spending.begun(asks, self._known.backends)
        kept = None if self.temporary else job
        self._network_side.call(lambda outside: outside.begin(turn_id, asks, kept, files))
        self._tell(Change("conversation", self._opened.shown))

    def _stop_reply(self, reply_id: str) -> None:
        self._network_side.call(lambda outside: outside.stop(reply_id))

    def _on_loaded(self, conversation_id: str, conversation: Conversation | None) -> None:
        if conversation is None:
            self._growing.came(conversation_id)
            self._ordering.look()
            return
        if conversation.id not in self._opened:
            self._opened.put(conversation)
        if not self._ordering.is_temporary(conversation.id):
            self._opened.mark_stored(conversation.id)
        self._growing.came(conversation.id)
        self._turn_to(conversation.id)
        self._ordering.include(conversation.id)
