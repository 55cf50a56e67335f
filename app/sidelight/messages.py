"""What a person reads, as code + parameters, through gettext; one catalogue for window, terminal and reports.

Not a place for logic: a code maps to one English sentence, a translation replaces the sentence, `text` fills it in.
A test holds that every code used exists, that every code is used, and that parameters match.
"""

from __future__ import annotations

import gettext
import os
from pathlib import Path

__all__ = ["CATALOGUE", "plural", "text", "use_language"]


def N_(sentence: str) -> str:  # noqa: N802 - gettext's own name for "mark, translate later"
    """Mark a sentence for extraction."""
    return sentence


# One section a part of the program; keep codes sorted within a section.
CATALOGUE: dict[str, str] = {
    # --- app
    "app.name": N_("Sidelight"),
    # --- states, traces, failures (all faces)
    "failed.auth": N_("The key was refused. Check the key for this backend."),
    "failed.bad_request": N_("The server does not accept this request."),
    "failed.code.attachment_missing": N_(
        "A file of this prompt is not kept here any more, so nothing was sent."
    ),
    "failed.code.backend_unknown": N_("This backend is not set up any more."),
    "failed.code.bad_address": N_("The address of this backend is not a web address."),
    "failed.code.closed": N_("Sidelight was closed before the reply was complete."),
    "failed.code.connect": N_("No connection to the server came about."),
    "failed.code.cut": N_("The connection broke before the reply was complete."),
    "failed.code.dns": N_("The network does not know the server's name."),
    "failed.code.eof": N_("The server ended the reply without saying that it is complete."),
    "failed.code.extra_json": N_("The lane's extra parameters are not a JSON object."),
    "failed.code.fault": N_("Sidelight itself failed here. The log says more."),
    "failed.code.first_payload": N_("The server sent nothing within the time it is given."),
    "failed.code.images_refused": N_("The server does not take these images for this model."),
    "failed.code.no_key": N_(
        "This backend needs a key, and none is kept for it. Add one in the preferences."
    ),
    "failed.code.not_a_stream": N_("The server sent a web page in place of an answer."),
    "failed.code.plain_http": N_(
        "Nothing was sent: this address is not encrypted, so your key and all prompts could be read on the way."
    ),
    "failed.code.protocol": N_("The server does not answer as HTTP asks."),
    "failed.code.proxy": N_("The proxy could not be used."),
    "failed.code.redirect": N_(
        "The server wants the request at another address. It was not sent there: the key would have gone along."
    ),
    "failed.code.refused": N_("The server cannot be reached: nothing answers at its address."),
    "failed.code.silence": N_("The server began to answer, then stayed silent for too long."),
    "failed.code.tls": N_(
        "No secure connection came about: the server's certificate is not trusted, or it does not speak TLS."
    ),
    "failed.code.too_large": N_("The reply is larger than Sidelight takes."),
    "failed.content_filter": N_("The server's content filter stopped this reply."),
    "failed.context_length": N_("The conversation is longer than this model can read."),
    "failed.cut_off": N_("The connection ended before the reply was complete."),
    "failed.model_not_found": N_("The server does not know this model."),
    "failed.network": N_("The server cannot be reached."),
    "failed.overloaded": N_("The server is overloaded. Try again in a while."),
    "failed.protocol": N_("The server sent something that could not be understood."),
    "failed.quota": N_("The account behind this key has no credit left."),
    "failed.rate_limit": N_("Too many requests. Wait a while, then try again."),
    "failed.server": N_("The server reported an error of its own."),
    "failed.stopped": N_("Stopped."),
    "failed.timeout": N_("The server stayed silent for too long."),
    "state.complete": N_("complete"),
    "state.failed": N_("failed"),
    "state.interrupted": N_("interrupted"),
    "state.queued": N_("queued"),
    "state.streaming": N_("writing"),
    "state.waiting": N_("waiting"),
    "trace.elicited": N_("elicited by a prompt"),
    "trace.full": N_("full"),
    "trace.hidden": N_("hidden"),
    "trace.none": N_("none"),
    "trace.redacted": N_("redacted"),
    "trace.summary": N_("summary"),
    # --- engine and store
    "engine.begun_anew": N_(
        "A new, empty file of conversations is in place. What was there before lies in {path}. Automatic backups wait until you say in the preferences, under Data, that all is right."
    ),
    "engine.damaged": N_(
        "{path} is damaged in part. What can be read is shown; the backups beside it are kept as they are."
    ),
    "engine.deleted": N_("“{title}” is in the trash, where it stays for 30 days."),
    "engine.deleted.undo": N_("Undo"),
    "engine.deleted.untitled": N_("The conversation is in the trash, where it stays for 30 days."),
    "engine.doctor.database": N_("Conversations: {path}"),
    "engine.doctor.disk": N_("Free disk: {size} GB"),
    "engine.doctor.engine": N_("The embedded engine can run here."),
    "engine.doctor.keyring_absent": N_(
        "There is no system keyring: keys last until the program ends. Install one, such as gnome-keyring or KWallet."
    ),
    "engine.doctor.keyring_failed": N_(
        "The system keyring reports an error: keys last until the program ends."
    ),
    "engine.doctor.keyring_locked": N_(
        "The system keyring is locked: keys last until the program ends. Unlock it, then start Sidelight again."
    ),
    "engine.doctor.keyring_no_answer": N_(
        "The system keyring does not answer (is it locked?): keys last until the program ends."
    ),
    "engine.doctor.keyring_works": N_("Keys are kept in the system keyring."),
    "engine.doctor.logs": N_("Logs: {path}"),
    "engine.doctor.memory": N_("Free memory: {size} GB"),
    "engine.doctor.no_weights": N_(
        "There is no model file yet. Start the window and fetch one, or add a GGUF file of your own."
    ),
    "engine.doctor.settings": N_("Preferences: {path}"),
    "engine.doctor.weights": N_("Model {id}: {size} GB"),
    "engine.doctor.weights_folder": N_("Model files: {path}"),
    "engine.empty_prompt": N_("Type something first."),
    "engine.fault": N_(
        "The network side of Sidelight could not start ({error}). Nothing can be asked; the log says more."
    ),
    "engine.keyring.absent": N_(
        "This system has no keyring: keys you enter last until Sidelight ends. Install one, such as gnome-keyring or KWallet."
    ),
    "engine.keyring.failed": N_(
        "The system keyring reports an error: keys you enter last until Sidelight ends."
    ),
    "engine.keyring.locked": N_(
        "The system keyring is locked: kept keys cannot be read, and keys you enter last until Sidelight ends."
    ),
    "engine.keyring.no_answer": N_(
        "The system keyring does not answer: kept keys are missing until it does, and keys you enter last until Sidelight ends."
    ),
    "engine.newer": N_("Sidelight {version} of {date} is out. This is {own}."),
    "engine.newer.note": N_("Sidelight {version} of {date} is out. This is {own}. {note}"),
    "engine.newer.open": N_("Open its page"),
    "engine.no_backup": N_("No backup of the conversations could be made: {why}"),
    "engine.no_lanes": N_("There is no lane to ask. Add one."),
    "engine.no_recording": N_("Nothing is recorded of what came for this reply, so it cannot be read again."),
    "engine.not_replaced.corrupt": N_(
        "Nothing was replaced: what was to be put in place is damaged. ({reason})"
    ),
    "engine.not_replaced.full": N_("Nothing was replaced: there is too little room on the disk. ({reason})"),
    "engine.not_replaced.locked": N_(
        "Nothing was replaced: another Sidelight, perhaps in a terminal, has the conversations open. End it, then try again."
    ),
    "engine.not_replaced.missing": N_("Nothing was replaced: {path} is gone."),
    "engine.not_replaced.newer": N_(
        "Nothing was replaced: what was to be put in place was made by a newer Sidelight. ({reason})"
    ),
    "engine.not_replaced.other": N_("Nothing was replaced: {reason}"),
    "engine.not_replaced.readonly": N_("Nothing was replaced: {path} or its folder cannot be written."),
    "engine.over_limit": N_("That would pass the limit of what may be spent in a day."),
    "engine.read_only": N_(
        "{path} is open to be read only. Nothing in it is changed, and nothing new is kept."
    ),
    "engine.restored": N_(
        "The backup is in place. What was there before lies in {path}. Automatic backups wait until you say in the preferences, under Data, that all is right."
    ),
    "engine.salvaged": N_(
        "What could be read is in place. The damaged file lies in {path}. Automatic backups wait until you say in the preferences, under Data, that all is right."
    ),
    "engine.settings_unsaved": N_("The preferences could not be saved: {why}"),
    "engine.still_streaming": N_("The lanes are still answering. Stop them, or wait until they are done."),
    "store.corrupt": N_("{path} is damaged, or no file of Sidelight's. It was left as it is. ({reason})"),
    "store.full": N_(
        "There is no room left on the disk of {path}. Make room: what comes is kept in memory until then."
    ),
    "store.io": N_("{path} could not be read or written: {reason}"),
    "store.locked": N_("Another program keeps {path} locked."),
    "store.missing": N_(
        "{path} is gone or empty, though conversations were kept in it. Nothing new is kept. Put it back, or remove {path}.made to begin anew."
    ),
    "store.newer": N_("{path} was made by a newer Sidelight. It was left as it is. ({reason})"),
    "store.readonly": N_("{path} or its folder cannot be written. Nothing new is kept."),
    "store.refused": N_("{path}: a change was refused. ({reason})"),
    # --- local engine and weights
    "local.cannot_elicit": N_(
        "This model brings its own chat template, so no trace can be elicited from it. Ask it directly."
    ),
    "local.died": N_(
        "The engine on this machine stopped in the middle of an answer. It starts anew with the next one."
    ),
    "local.disk_failed": N_("The model file could not be written: {reason}"),
    "local.disk_full": N_("Not enough room in {folder}: {needed} GB are needed, {free} GB are free."),
    "local.engine_died": N_(
        "The engine on this machine stopped twice ({exit}) and is left alone now. Another model, or fewer lanes, may work."
    ),
    "local.engine_failed": N_("The engine on this machine could not load the model: {reason}"),
    "local.engine_slow": N_("The engine on this machine was not ready after {seconds} s."),
    "local.fetch_failed": N_(
        "The download broke off ({kind}). What has come is kept; fetch again to go on. {reason}"
    ),
    "local.fetch_running": N_("{title} is being fetched already, perhaps by another Sidelight."),
    "local.gguf_truncated": N_(
        "{file} is cut off: {expected} MB are meant to be there, {found} MB are. Fetch it again."
    ),
    "local.hub_status": N_("The hub did not give the file (status {status})."),
    "local.memory_short": N_(
        "Too little memory for this model: {needed} GB are needed, {available} GB are free. Close something, or use a smaller one."
    ),
    "local.model_unreadable": N_("{file} could not be read: {reason}"),
    "local.no_avx2": N_(
        "This processor lacks {missing}, which the engine needs. Other backends work as ever."
    ),
    "local.no_engine_here": N_("There is no engine for {system}. Other backends work as ever."),
    "local.no_hub": N_("{title} is on no hub that Sidelight could fetch it from. Choose its file by hand."),
    "local.no_package": N_(
        "The engine is not installed: pip install 'sidelight[local]'. Other backends work as ever."
    ),
    "local.not_gguf": N_("{file} is no model file in the GGUF format."),
    "local.weights_missing": N_("This model is not on this machine. Fetch it, or choose another."),
    "local.wrong_sum": N_("What came is not {title}: its checksum is wrong. It was removed."),
    # --- models
    "models.arrival.at_once": N_("thoughts arrived at once after {seconds} s"),
    "models.arrival.brief": N_("thoughts arrived in a moment"),
    "models.arrival.silent": N_("silent for {seconds} s, then answered"),
    "models.arrival.streamed": N_("thoughts arrived over {seconds} s"),
    "models.changed.digest": N_(
        "The model's file has changed since the turn before: {before} then, {now} now."
    ),
    "models.changed.fingerprint": N_(
        "The server's build has changed since the turn before: {before} then, {now} now."
    ),
    "models.changed.provider": N_(
        "Another provider answers than in the turn before: {before} then, {now} now."
    ),
    "models.changed.quantisation": N_(
        "The quantisation has changed since the turn before: {before} then, {now} now."
    ),
    "models.changed.served": N_("Another model answers than in the turn before: {before} then, {now} now."),
    "models.claim.changed": N_("{asked}: named after {name}, but somebody else's version of it"),
    "models.claim.distilled": N_("{name}: a {base} model taught by {teacher}, not {teacher}"),
    "models.claim.documented": N_("{asked}: on {date} this name meant {name}, as documented"),
    "models.claim.finetune": N_("{name}: {base} trained further by {vendor}"),
    "models.claim.line": N_("{asked}: one of {name}, by {vendor}"),
    "models.claim.merge": N_("{name}: made by {vendor} from the weights of other models"),
    "models.claim.moving": N_("{asked}: a name that moves; it has meant {names}"),
    "models.claim.moving_elsewhere": N_("{asked}: a name that moves; what it means here is not known"),
    "models.claim.original": N_("{name}, by {vendor}"),
    "models.claim.r1": N_(
        "{name}: the {total}B model itself, unless the host has moved the name to a later version"
    ),
    "models.claim.refuted": N_("{asked}: what the server holds is not {name}"),
    "models.claim.shared": N_(
        "{asked}: a name of several models ({names}); the name alone does not tell which"
    ),
    "models.claim.size": N_("{asked}: named after {name}, but of another size, so another model"),
    "models.claim.unknown": N_("{asked}: not among the models known here"),
    "models.claim.update": N_("{name}: a later version, by {vendor}"),
    "models.claim.withdrawn": N_("{asked}: a name withdrawn on {date}"),
    "models.conflict.alias": N_("{asked} is a name that has moved: {served} answered."),
    "models.conflict.documented": N_("As documented, {asked} is answered by {meant} now."),
    "models.conflict.family": N_("{asked} was asked for, but {served} answered."),
    "models.conflict.name_inside": N_(
        "{asked} was asked for, but the server holds {inside}, by its own metadata."
    ),
    "models.conflict.shape": N_(
        "{asked} was asked for, but what the server holds has another shape: {found}."
    ),
    "models.conflict.template": N_(
        "{asked} was asked for, but what the server holds has the chat template of DeepSeek's models."
    ),
    "models.cost.at_most": N_("At most this much, by the prices of {source} ({date})."),
    "models.cost.computed": N_("By the prices of {source} ({date})."),
    "models.cost.currency": N_("{file} has prices in {currency}; only US dollars can be used."),
    "models.cost.reported": N_("As the provider states it."),
    "models.cost.unknown": N_("The price of this model is not known."),
    "models.cost.unreadable": N_("{file} is not a price file: {why}"),
    "models.estimate.about": N_("≈ {money}"),
    "models.estimate.at_least": N_("at least {money}"),
    "models.estimate.unknown": N_("an unknown amount"),
    "models.field.base": N_("Base model"),
    "models.field.context": N_("Context (tokens)"),
    "models.field.digest": N_("Digest"),
    "models.field.fingerprint": N_("Fingerprint"),
    "models.field.host": N_("Host"),
    "models.field.licence": N_("Licence"),
    "models.field.parameters_active": N_("Active parameters (billions)"),
    "models.field.parameters_total": N_("Parameters (billions)"),
    "models.field.provider": N_("Provider"),
    "models.field.quantisation": N_("Quantisation"),
    "models.field.requested": N_("Asked for"),
    "models.field.served": N_("Served"),
    "models.field.teacher": N_("Taught by"),
    "models.fit.fits": N_("Fits: needs {needed} GB of {available} GB."),
    "models.fit.tight": N_("Barely fits: needs {needed} GB of {available} GB."),
    "models.fit.too_large": N_("Does not fit: needs {needed} GB of {available} GB."),
    "models.fit.unknown": N_("Whether it fits is not known."),
    "models.note.asked": N_("what this lane asked for"),
    "models.note.by_name": N_("read off a name"),
    "models.note.context_now": N_("what the server holds now"),
    "models.note.context_trained": N_("what the model was made for"),
    "models.note.echo": N_("this server may repeat whatever name it is sent"),
    "models.note.line": N_("given for all of {name}; this one may differ"),
    "models.note.metadata": N_("from the model's own metadata"),
    "models.note.not_named": N_("the response named no model"),
    "models.note.other_name": N_("not the name that was asked for"),
    "models.note.relayed": N_("relayed there by {host}"),
    "models.note.settings": N_("from this backend's settings"),
    "models.source.guessed": N_("guessed"),
    "models.source.looked_up": N_("looked up"),
    "models.source.reported": N_("reported"),
    "models.source.unknown": N_("unknown"),
    "models.verdict.ambiguous": N_("ambiguous: the name does not tell which model it is"),
    "models.verdict.claimed": N_("claimed: nothing but the name speaks for it"),
    "models.verdict.confirmed": N_("confirmed: the model's own metadata agrees"),
    "models.verdict.confirmed_shape": N_(
        "confirmed: the model's own metadata agrees, though {others} would look the same"
    ),
    "models.verdict.conflict": N_("conflict: the evidence disagrees"),
    "models.verdict.echoed": N_("claimed, and echoed by the server"),
    "models.verdict.moved": N_("a name that has moved: read as documented for {date}"),
    "models.verdict.moved_undated": N_("a name that has moved"),
    "models.verdict.unknown": N_("unknown"),
    # --- export and import
    "transfer.about.html": N_(
        "Exported from Sidelight. What stands in a frame was written by a person or a model; all else is Sidelight's."
    ),
    "transfer.about.md": N_(
        "Exported from Sidelight. What stands in a fence was written by a person or a model; all else is Sidelight's."
    ),
    "transfer.answer": N_("Answer"),
    "transfer.as_written": N_("All of it, as it was written"),
    "transfer.attached": N_("File"),
    "transfer.begun": N_("Begun"),
    "transfer.branch": N_("Turns of the branch that was shown"),
    "transfer.by_family": N_("by model family"),
    "transfer.commentary": N_("Said while working"),
    "transfer.cost": N_("Cost"),
    "transfer.cost.at_most": N_("at most {money}, by the prices of {source} ({date})"),
    "transfer.cost.computed": N_("about {money}, by the prices of {source} ({date})"),
    "transfer.cost.nothing": N_("nothing"),
    "transfer.cost.stated": N_("{money}, as the provider states it"),
    "transfer.details": N_("About this reply"),
    "transfer.encrypted": N_("a part came encrypted"),
    "transfer.file": N_("{media_type}, {size} bytes, SHA-256 {digest}"),
    "transfer.format.html": N_("Web page (HTML)"),
    "transfer.format.json": N_("All data (JSON)"),
    "transfer.format.md": N_("Markdown"),
    "transfer.format.pdf": N_("Pages (PDF)"),
    "transfer.id": N_("Id"),
    "transfer.identity": N_("Identity"),
    "transfer.kind": N_("Trace"),
    "transfer.lane": N_("Lane {n}"),
    "transfer.no_answer": N_("No answer came."),
    "transfer.notes": N_("What became of the settings"),
    "transfer.pdf.failed": N_("the pages could not be set"),
    "transfer.quoted": N_("“{title}”"),
    "transfer.refusal": N_("Refusal"),
    "transfer.refused.broken": N_("It is damaged, or breaks off: its JSON does not fit together."),
    "transfer.refused.clash": N_("Its ids belong to something else in this profile."),
    "transfer.refused.conversations": N_("It has more than {most} conversations. Export it in parts."),
    "transfer.refused.damaged": N_("It is damaged in that database."),
    "transfer.refused.database_broken": N_("The database cannot be read: {reason}"),
    "transfer.refused.database_damaged": N_(
        "The database is damaged ({reason}). Repair it first, or take another backup."
    ),
    "transfer.refused.database_foreign": N_("It is a database, but none of Sidelight's nor of llm's."),
    "transfer.refused.database_newer": N_("A newer Sidelight made this database. Update Sidelight first."),
    "transfer.refused.deep": N_("It is nested deeper than any conversation is."),
    "transfer.refused.empty": N_("Nothing is said in it."),
    "transfer.refused.file_large": N_("It is larger than {most} GB."),
    "transfer.refused.io": N_("It could not be read: {reason}"),
    "transfer.refused.large": N_("It is larger than any conversation may be."),
    "transfer.refused.messages": N_("It has more than {most} messages."),
    "transfer.refused.newer": N_(
        "It was written by a newer Sidelight (version {version}, known up to {known}). Update Sidelight first."
    ),
    "transfer.refused.no_conversation": N_("It is no conversation of a kind that is known here."),
    "transfer.refused.no_conversations": N_("There are no conversations in it."),
    "transfer.refused.no_file": N_("It is not there, or is no file."),
    "transfer.refused.not_json": N_(
        "It is neither JSON, nor an archive, nor a database. Choose the file as the other program wrote it."
    ),
    "transfer.refused.text": N_("A text in it is longer than any may be."),
    "transfer.refused.trashed": N_("It is in the trash. Put it back from there."),
    "transfer.refused.unknown": N_(
        "Its conversations are of no kind that is known here. The guide lists which exports can be taken in."
    ),
    "transfer.refused.utf8": N_("It is no text in UTF-8."),
    "transfer.refused.values": N_("It has more values in it than any conversation may have."),
    "transfer.refused.worker_crashed": N_("Reading it ended all at once. What was taken before stays."),
    "transfer.refused.worker_error": N_(
        "Reading it failed by a fault of Sidelight's. What was taken before stays."
    ),
    "transfer.refused.worker_memory": N_(
        "Reading it takes more memory than it may have. What was taken before stays."
    ),
    "transfer.refused.worker_overrun": N_("Reading it takes far too long. What was taken before stays."),
    "transfer.refused.worker_unavailable": N_(
        "The process that reads files could not be started. Start Sidelight again."
    ),
    "transfer.refused.wrong": N_("It is damaged or was changed: {why}"),
    "transfer.refused.zip_bomb": N_("It unpacks to more than {most} times its size, which no export does."),
    "transfer.refused.zip_broken": N_("The archive is damaged, or not all of it is there. Fetch it again."),
    "transfer.refused.zip_foreign": N_("There is no conversations.json in this archive."),
    "transfer.refused.zip_locked": N_("The archive is locked with a password. Unpack it first."),
    "transfer.refused.zip_members": N_("The archive has more than {most} files."),
    "transfer.reread": N_("Read again from the recording of"),
    "transfer.rule": N_("What lanes were told of earlier turns"),
    "transfer.rule.chosen": N_("the chosen answer of each turn"),
    "transfer.rule.none": N_("nothing"),
    "transfer.rule.own": N_("their own answers"),
    "transfer.settings": N_("Settings"),
    "transfer.source.backup": N_("Sidelight database"),
    "transfer.source.chatgpt": N_("ChatGPT export"),
    "transfer.source.claude": N_("Claude export"),
    "transfer.source.deepseek": N_("DeepSeek export"),
    "transfer.source.llm": N_("Logs of llm"),
    "transfer.source.lmstudio": N_("LM Studio conversation"),
    "transfer.source.openwebui": N_("Open WebUI export"),
    "transfer.source.sidelight": N_("Sidelight export"),
    "transfer.state": N_("State"),
    "transfer.stopped": N_("Stopped. What was taken before stays; taken in again, the file goes on."),
    "transfer.timing": N_("Timing"),
    "transfer.timing.done": N_("done after {seconds} s"),
    "transfer.timing.first": N_("first token after {seconds} s"),
    "transfer.timing.thinking": N_("thoughts over {seconds} s"),
    "transfer.tokens": N_("{n} tokens billed"),
    "transfer.trace": N_("Trace: {kind}"),
    "transfer.trace.out": N_("The trace ({n} characters) was left out of this export."),
    "transfer.turn": N_("Turn {n}"),
    "transfer.turn.after": N_("Turn {n}, after turn {before}"),
    "transfer.turn.first": N_("Turn {n}, another beginning"),
    "transfer.usage": N_("Tokens"),
    "transfer.usage.cached": N_("{n} of it from the cache"),
    "transfer.usage.output": N_("{n} output"),
    "transfer.usage.prompt": N_("{n} prompt"),
    "transfer.usage.reasoning": N_("{n} of it reasoning"),
    "transfer.version": N_("version {n}"),
    # --- terminal
    "cli.about": N_(
        "Ask several language models at once: what each thought and answered. Alone, the command opens the window."
    ),
    "cli.doctor.display": N_("A window can be shown."),
    "cli.doctor.no_display": N_("No window can be shown: {reason}"),
    "cli.doctor.version": N_("Sidelight {version}, Python {python}, {system}"),
    "cli.error.backend": N_("There is no backend {backend!r}. There are: {known}"),
    "cli.error.conversation": N_("There is no conversation {id!r}."),
    "cli.error.file": N_("{name} cannot be read: {reason}"),
    "cli.error.lane": N_(
        "{text!r} is no lane. Write backend/model or backend/model+elicited; `sidelight models` lists them."
    ),
    "cli.error.models": N_("{backend}: {reason}"),
    "cli.error.no_answer": N_("{backend}: no answer within {seconds} s."),
    "cli.help.all": N_("all conversations"),
    "cli.help.ask": N_("send one prompt to one or more lanes"),
    "cli.help.backend": N_("only this backend"),
    "cli.help.conversation": N_("the conversation of this id; may be given more than once"),
    "cli.help.doctor": N_("say what is found, what is missing and where files are"),
    "cli.help.effort": N_("how hard the models should think"),
    "cli.help.exchanges": N_("with the recorded requests and streams, keys masked (json only)"),
    "cli.help.export": N_("write conversations as Markdown, HTML or JSON"),
    "cli.help.file": N_("a file of Markdown; - is standard input"),
    "cli.help.format": N_("without it the name of FILE decides, else md"),
    "cli.help.gfm": N_("only GitHub's Markdown: no formulas, footnotes, definition lists, tags"),
    "cli.help.import": N_("take conversations in from files: ours, or exports of other programs"),
    "cli.help.import_file": N_(
        "a JSON export or a database of Sidelight's; an export of ChatGPT, Claude, DeepSeek or Open WebUI, as JSON or as the"
        " archive it came in; a conversation of LM Studio; the logs of llm"
    ),
    "cli.help.json": N_("print JSON, for programs"),
    "cli.help.model": N_(
        "a lane: backend/model, or backend/model+elicited; may be given several times (default: the saved lanes)"
    ),
    "cli.help.models": N_("list the models that can be asked"),
    "cli.help.output": N_("write into this file; without it, to standard output"),
    "cli.help.over_limit": N_("ask though it may pass the limit of what may be spent in a day"),
    "cli.help.prompt": N_("the prompt; - reads it from standard input"),
    "cli.help.render": N_("print a file of Markdown as HTML, as an export holds it"),
    "cli.help.system": N_("a system prompt for all lanes"),
    "cli.help.temporary": N_("keep nothing in the history"),
    "cli.help.traces": N_("traces are shown, folded or left out (md and html)"),
    "cli.help.version": N_("print the version"),
    "cli.import.file": N_("{name} ({source}):"),
    "cli.import.progress": N_("{name} ({source}): {percent} %"),
    "cli.no_window.display": N_(
        "No display was found (neither WAYLAND_DISPLAY nor DISPLAY is set). Start Sidelight in a desktop session, or use `sidelight ask` in the terminal."
    ),
    "cli.no_window.library": N_(
        "The window needs system libraries that are missing here (such as {library}). Install them with: {command}"
    ),
    "cli.no_window.library_unknown": N_(
        "The window needs the system library {library}. Install the package of your system that holds it."
    ),
    "cli.no_window.other": N_("Qt cannot open a window here: {reason}"),
    "cli.no_window.refused": N_(
        "The display {display} does not answer. Start Sidelight in a desktop session, or use `sidelight ask` in the terminal."
    ),
    "cli.over_limit": N_(
        "Not sent: {spent} of {limit} are spent today, and this would add {amount}. With --over-limit it is sent all the same."
    ),
    "cli.reclassified": N_("what came so far was the trace, not the answer"),
    "cli.server_says": N_("{sentence} The server says: {message}"),
    "cli.stage.loading": N_("the server loads the model"),
    "cli.stage.prompt": N_("reads the prompt ({total} tokens)"),
    "cli.stage.queued": N_("queued"),
    "cli.stopping": N_("Stopping. Press Ctrl+C once more to leave at once."),
    "cli.summary.end": N_("{state} after {seconds:.1f} s"),
    "cli.summary.first": N_("first token after {seconds:.1f} s"),
    "cli.summary.tokens": N_("{count} tokens"),
    "cli.summary.trace": N_("trace: {kind}"),
    "cli.summary.trace_tokens": N_("{count} of them in the trace"),
    "cli.thought_only": N_(
        "There is a trace but no answer: the token budget was used up, or the model never closed its trace."
    ),
    "cli.wait": N_("{sentence} The server asks to wait {seconds:.0f} s."),
    # --- window
    "ui.about": N_("About Sidelight"),
    "ui.about.copy": N_("Copy versions"),
    "ui.about.licence": N_(
        "Sidelight is free software under the MIT licence. Qt and PySide6 are used under the LGPL, version 3; they are"
        " separate libraries that can be replaced."
    ),
    "ui.about.parts": N_("Parts by others"),
    "ui.about.version": N_("Version {version}"),
    "ui.about.what": N_(
        "One prompt, several language models: what each thought and what it answered, side by side."
    ),
    "ui.address.add": N_("Add"),
    "ui.address.address": N_("Address"),
    "ui.address.broken": N_("That is no address. Write it like http://192.168.1.20:8000/v1"),
    "ui.address.edit": N_("Change a server"),
    "ui.address.first_payload": N_("Wait for the first word"),
    "ui.address.kind": N_("Speaks"),
    "ui.address.name": N_("Name"),
    "ui.address.name.hint": N_("as it is to be called here"),
    "ui.address.plain": N_("Your key and all prompts can be read on the way: this address is not encrypted."),
    "ui.address.plain.allow": N_("Use it all the same"),
    "ui.address.plain.first": N_("Write https://, or allow it first."),
    "ui.address.query": N_("Leave out everything after the path (? and #)."),
    "ui.address.silence": N_("Wait when it falls silent"),
    "ui.address.title": N_("Add a server"),
    "ui.address.user": N_("Leave the user name out of the address; set a key instead."),
    "ui.again.network": N_("The server cannot be reached"),
    "ui.again.now": N_("Ask now"),
    "ui.again.overloaded": N_("The server is overloaded"),
    "ui.again.rate_limit": N_("Too many requests"),
    "ui.again.refused": N_("Refused for now"),
    "ui.again.server": N_("The server reported an error"),
    "ui.again.timeout": N_("The server took too long"),
    "ui.again.when": N_("{why}. Asks again in {time} (attempt {n} of {total})."),
    "ui.attach": N_("Attach files…"),
    "ui.attach.as_it_is": N_(
        "Sent as it is, with all that the file says of itself, such as where it was taken."
    ),
    "ui.attach.broken": N_("{name} is a damaged picture."),
    "ui.attach.empty": N_("{name} is empty."),
    "ui.attach.kind": N_("{name} is neither a picture (PNG, JPEG, WebP, GIF), a PDF, nor text in UTF-8."),
    "ui.attach.large_picture": N_("{name} is too large: a picture may have 20 MB."),
    "ui.attach.large_text": N_("{name} is too large: a text may have 1 MB."),
    "ui.attach.many": N_("No more than {most} files can go with a prompt."),
    "ui.attach.many_pixels": N_("{name} has too many pixels: a picture may have 50 million."),
    "ui.attach.no_file": N_("{name} is not a file."),
    "ui.attach.pasted": N_("pasted picture"),
    "ui.attach.pdf.broken": N_("{name} is a damaged PDF: no text could be taken out of it."),
    "ui.attach.pdf.encrypted": N_("{name} is locked by a password. Save it without one, or paste its text."),
    "ui.attach.pdf.large": N_("{name} is too large: a PDF may have 20 MB."),
    "ui.attach.pdf.large_text": N_("{name} holds more than 1 MB of text. Attach a part of it."),
    "ui.attach.pdf.many_pages": N_("{name} has more than 500 pages. Attach a part of it."),
    "ui.attach.pdf.pictures": N_(
        "{name} holds pictures of pages and no text. Attach the pages as pictures, or a PDF with text."
    ),
    "ui.attach.pdf.slow": N_("Taking the text out of {name} takes too long, or too much memory."),
    "ui.attach.unreadable": N_("{name} could not be read."),
    "ui.attach.unseen": N_("not seen by {name}"),
    "ui.attach.unseen.hint": N_(
        "A model that takes no pictures is told that there is one, and gets the rest of the prompt."
    ),
    "ui.backend.embedded": N_("This machine"),
    "ui.backend.embedded.origin": N_("built in"),
    "ui.branch.newer": N_("Newer branch"),
    "ui.branch.older": N_("Older branch"),
    "ui.branch.place": N_("Branch {n} of {total}"),
    "ui.branches.about": N_(
        "Each edit of a prompt begins a branch. The branch that is shown is set in bold."
    ),
    "ui.branches.files": N_("(files only)"),
    "ui.branches.go": N_("Show this branch"),
    "ui.branches.prompt": N_("Prompt"),
    "ui.branches.shown": N_("{prompt}, in the branch that is shown"),
    "ui.branches.title": N_("Branches of this conversation"),
    "ui.branches.when": N_("When"),
    "ui.cancel": N_("Cancel"),
    "ui.chip.effort": N_("effort {effort}"),
    "ui.chip.elicited": N_("elicited trace"),
    "ui.chip.name": N_("Settings of {name}"),
    "ui.choose_model": N_("Choose a model…"),
    "ui.close": N_("Close"),
    "ui.composer.ctrl_enter": N_("Ctrl+Enter sends"),
    "ui.composer.detach": N_("Remove {what}"),
    "ui.composer.empty": N_("Type something first."),
    "ui.composer.enter": N_("Enter sends · Shift+Enter new line"),
    "ui.composer.focus": N_("Go to the prompt"),
    "ui.composer.name": N_("Prompt"),
    "ui.composer.no_lanes": N_("There is no lane to ask. Add one."),
    "ui.composer.pasted": N_("pasted text, {size}"),
    "ui.composer.placeholder": N_("Ask all lanes…"),
    "ui.composer.reading": N_("A file is still being read."),
    "ui.composer.wait": N_("The lanes are still answering."),
    "ui.context": N_("Context: {used} of {context} tokens used"),
    "ui.copy_answer": N_("Copy the answer"),
    "ui.copy_markdown": N_("Copy the conversation as Markdown"),
    "ui.data.ask.anew": N_("An empty file of conversations takes the place of what is there now."),
    "ui.data.ask.aside": N_(
        "What is there now is not deleted: it is moved into a folder of its own beside it, in {folder}."
    ),
    "ui.data.ask.restore": N_(
        "The backup of {when} takes the place of the conversations that are kept now. Conversations in it: {conversations}."
    ),
    "ui.data.ask.restore_file": N_(
        "{path} takes the place of the conversations that are kept now. It is checked first."
    ),
    "ui.data.ask.salvaged": N_("What could be read of the damaged file takes its place."),
    "ui.data.ask.window": N_(
        "Sidelight closes its window for that and opens it again. Lanes that are still answering are stopped."
    ),
    "ui.data.back_up": N_("Back up now"),
    "ui.data.backed_up": N_("A backup was made, opened and counted: {path} ({size})"),
    "ui.data.backup.proved": N_("checked"),
    "ui.data.backup.unproved": N_("not checked"),
    "ui.data.backup.unreadable": N_("cannot be read"),
    "ui.data.backups": N_("Backups"),
    "ui.data.backups.hint": N_(
        "Sidelight makes a backup every day it runs. It is opened, checked and counted before it counts as one. The newest of each of the last seven days is kept, and one of each of the last four weeks."
    ),
    "ui.data.backups.none": N_("There is no backup yet."),
    "ui.data.busy": N_(
        "Another program holds the file, or a backup is being made at this moment. Try again in a while."
    ),
    "ui.data.check": N_("Check database"),
    "ui.data.column.conversations": N_("Conversations"),
    "ui.data.column.size": N_("Size"),
    "ui.data.column.state": N_("State"),
    "ui.data.column.turns": N_("Turns"),
    "ui.data.column.when": N_("Made"),
    "ui.data.copied": N_("A copy was made, opened and counted: {path} ({size})"),
    "ui.data.copy": N_("Save a copy elsewhere…"),
    "ui.data.damage.file": N_("The file cannot be read. ({where})"),
    "ui.data.damage.reference": N_("Rows that belong to others that are gone: {n} ({where})"),
    "ui.data.damage.row": N_("Rows that are not what was written: {n} ({where})"),
    "ui.data.damage.schema": N_("Tables that are not as Sidelight makes them: {n} ({where})"),
    "ui.data.damage.structure": N_("Places where the build of the file is broken: {n} ({where})"),
    "ui.data.damaged": N_(
        "The file is damaged in part. What can be read is shown. Read what can be read into a sound file, or restore a backup."
    ),
    "ui.data.do.again": N_("Try again"),
    "ui.data.do.anew": N_("Begin anew…"),
    "ui.data.do.export": N_("Save elsewhere…"),
    "ui.data.do.let_go": N_("All is right: go on with backups"),
    "ui.data.do.put_in_place": N_("Put in place what could be read…"),
    "ui.data.do.read_only": N_("Open to read only"),
    "ui.data.do.salvage": N_("Read what can be read"),
    "ui.data.doing.back_up": N_("Making a backup"),
    "ui.data.doing.check": N_("Checking"),
    "ui.data.doing.copy": N_("Copying"),
    "ui.data.doing.put_away": N_("Trying"),
    "ui.data.doing.salvage": N_("Reading what can be read"),
    "ui.data.file": N_("Where the conversations are kept"),
    "ui.data.folder": N_("Open folder"),
    "ui.data.held": N_(
        "Since the file was replaced, no automatic backups are made, so that they cannot push out the older ones. Look whether all is right."
    ),
    "ui.data.looking": N_("Looking…"),
    "ui.data.no_file": N_("There is no such file."),
    "ui.data.put_away": N_("The file can be used again."),
    "ui.data.reopening": N_("The file is being checked and put in place."),
    "ui.data.restore": N_("Restore backup…"),
    "ui.data.restore_other": N_("Restore another file…"),
    "ui.data.salvaged": N_("Read: {conversations} conversations, {turns} prompts, {replies} replies."),
    "ui.data.salvaged.gaps": N_(
        "Parts of the file could not be read at all, so nobody knows what they held."
    ),
    "ui.data.salvaged.next": N_(
        "The damaged file was left as it is. What was read is used once it is put in its place."
    ),
    "ui.data.salvaged.waits": N_("What could be read of the damaged file waits in a sound file beside it."),
    "ui.data.see": N_("Show…"),
    "ui.data.see_what": N_("What can be done…"),
    "ui.data.size": N_("{size} on disk"),
    "ui.data.sound": N_("All is well: {rows} rows were compared with what was written."),
    "ui.data.stop": N_("Stop"),
    "ui.data.stopped": N_("Stopped. Nothing was changed."),
    "ui.delete": N_("Delete"),
    "ui.details": N_("Details"),
    "ui.details.close": N_("Close the details"),
    "ui.details.copy": N_("Copy all details"),
    "ui.details.copy_part": N_("Copy"),
    "ui.details.cost.computed": N_("Cost, computed"),
    "ui.details.cost.counts": N_("The server did not count all the tokens it takes."),
    "ui.details.cost.here": N_("nobody bills for it: it ran on this machine"),
    "ui.details.cost.stated": N_("Cost, as stated"),
    "ui.details.cost.unstated": N_("not stated"),
    "ui.details.cut": N_("… {n} more characters are not shown here. Copy takes all of it."),
    "ui.details.identity": N_("Identity"),
    "ui.details.no": N_("no"),
    "ui.details.nothing": N_("There is no reply to look at yet."),
    "ui.details.response": N_("Response"),
    "ui.details.response.id": N_("Response id"),
    "ui.details.response.no_headers": N_("No request id and no limits came with it."),
    "ui.details.response.state": N_("State"),
    "ui.details.save": N_("Save as…"),
    "ui.details.save.failed": N_("{path} could not be written: {reason}"),
    "ui.details.sent": N_("What it was sent"),
    "ui.details.sent.base64": N_("… {size} of base64 …"),
    "ui.details.sent.chosen": N_("The chosen answer of each turn"),
    "ui.details.sent.history": N_("Earlier turns"),
    "ui.details.sent.looking": N_("Looking up what was recorded…"),
    "ui.details.sent.messages": N_("Messages"),
    "ui.details.sent.not_yet": N_("The exact request is shown once the reply has ended."),
    "ui.details.sent.nothing": N_("Nothing was sent."),
    "ui.details.sent.other_model": N_(
        "This lane asks for another model by now, so its settings may have been others too."
    ),
    "ui.details.sent.parameters": N_("Settings"),
    "ui.details.sent.rebuilt": N_(
        "The request itself is not kept. This is put together again from the conversation and the lane as they are now."
    ),
    "ui.details.sent.request": N_("Request"),
    "ui.details.sent.reread": N_(
        "Nothing was sent or paid for this version. It is what came for version {n}, read again ({rule}). That version was sent this:"
    ),
    "ui.details.sent.size": N_("{n} · {characters} characters"),
    "ui.details.stream": N_("Raw stream"),
    "ui.details.stream.all": N_("All {size} of it, as it came."),
    "ui.details.stream.cut": N_("The first {shown} of {size}. Copy and Save as… take all of it."),
    "ui.details.stream.damaged": N_("What was recorded is damaged and cannot be read."),
    "ui.details.stream.empty": N_("No byte of an answer came."),
    "ui.details.stream.half": N_("Only the beginning was kept: the whole was larger than {size}."),
    "ui.details.stream.none": N_(
        "Nothing is recorded: this reply is older than recordings, ended together with Sidelight, or is a temporary one beyond the newest 64."
    ),
    "ui.details.stream.not_yet": N_("It is shown once the reply has ended."),
    "ui.details.stream.unsent": N_("Nothing was sent, so nothing came."),
    "ui.details.time": N_("Timing"),
    "ui.details.time.after": N_("after {time}"),
    "ui.details.time.asked": N_("Asked"),
    "ui.details.time.done": N_("Done"),
    "ui.details.time.first_answer": N_("First answer"),
    "ui.details.time.first_byte": N_("First byte"),
    "ui.details.time.first_thought": N_("First thought"),
    "ui.details.time.headers": N_("Accepted, headers"),
    "ui.details.time.last_thought": N_("Last thought"),
    "ui.details.time.line": N_("{time} from sending to the end"),
    "ui.details.time.never": N_("did not come"),
    "ui.details.time.not_sent": N_("not sent"),
    "ui.details.time.not_yet": N_("not yet"),
    "ui.details.time.payload": N_("First event"),
    "ui.details.time.sent": N_("Sent"),
    "ui.details.time.thoughts": N_("Thoughts"),
    "ui.details.time.zero": N_("the clock begins"),
    "ui.details.tokens": N_("Tokens and cost"),
    "ui.details.tokens.answer": N_("Answer"),
    "ui.details.tokens.cached": N_("Prompt, from the cache"),
    "ui.details.tokens.hidden": N_("Trace, hidden"),
    "ui.details.tokens.n": N_("{n} tokens"),
    "ui.details.tokens.none": N_("The server counted no tokens."),
    "ui.details.tokens.not_yet": N_("The server has counted nothing yet."),
    "ui.details.tokens.output": N_("All output"),
    "ui.details.tokens.prompt": N_("Prompt"),
    "ui.details.tokens.reread": N_("nothing: it was read again, and nobody was asked"),
    "ui.details.tokens.shown": N_("Trace, shown"),
    "ui.details.trace": N_("Trace"),
    "ui.details.trace.elicited": N_("Elicited"),
    "ui.details.trace.encrypted": N_("Partly encrypted"),
    "ui.details.trace.failed": N_("It failed before anything came, so nothing is known of a trace."),
    "ui.details.trace.kind": N_("Kind"),
    "ui.details.trace.known": N_("How it is known"),
    "ui.details.trace.not_yet": N_("No thoughts so far."),
    "ui.details.visible": N_("Shown of what was billed"),
    "ui.details.visible.billed": N_("{n} tokens billed; how many of them are shown cannot be told."),
    "ui.details.visible.nothing": N_("nothing was billed as reasoning"),
    "ui.details.visible.odd": N_("The server's counts do not agree with the text."),
    "ui.details.visible.share": N_("{percent} % ({shown} of {billed} tokens)"),
    "ui.details.visible.uncounted": N_("The server counts no reasoning tokens."),
    "ui.details.yes": N_("yes"),
    "ui.dismiss": N_("Dismiss"),
    "ui.document.copy": N_("Copy"),
    "ui.document.copy_code": N_("Copy the code"),
    "ui.document.copy_csv": N_("Copy as CSV"),
    "ui.document.copy_link": N_("Copy the address"),
    "ui.document.copy_markdown": N_("Copy as Markdown"),
    "ui.document.copy_table": N_("Copy the table"),
    "ui.document.copy_tsv": N_("Copy for a spreadsheet"),
    "ui.document.formula_depth": N_("Shown as its source: nested too deeply for a picture."),
    "ui.document.formula_letters": N_(
        "Shown as its source: the font for formulas lacks some of its letters."
    ),
    "ui.document.formula_many": N_("Shown as its source: too many formulas stand here."),
    "ui.document.formula_size": N_("Shown as its source: too long for a picture."),
    "ui.document.formula_source": N_("Shown as its source: it could not be read as LaTeX."),
    "ui.document.formula_time": N_("Shown as its source: making a picture took too long."),
    "ui.document.formula_width": N_("Shown as its source: its picture is too wide for this place."),
    "ui.document.hidden": N_("Not shown: {rows} more rows, {columns} more columns."),
    "ui.document.more": N_("{characters} more characters."),
    "ui.document.said_code": N_("Code, {language}, {lines} lines. Enter for what can be done with it."),
    "ui.document.said_link": N_("Link: {text}. {address}"),
    "ui.document.said_table": N_(
        "Table, {rows} rows, {columns} columns. Enter for what can be done with it."
    ),
    "ui.document.save": N_("Save the code as…"),
    "ui.document.select_all": N_("Select all"),
    "ui.document.show_more": N_("Show more"),
    "ui.document.to_end": N_("To the end"),
    "ui.document.wrap": N_("Wrap long lines"),
    "ui.drop_oldest": N_("Continue without the oldest turns"),
    "ui.drop_oldest.useless": N_("Even the newest prompt alone is too long for this model."),
    "ui.edit.about": N_(
        "The changed prompt goes to all lanes as a new branch. The old prompt and its answers stay; you can go back to them."
    ),
    "ui.edit.large": N_("That is too long to be pasted here (more than {n} characters)."),
    "ui.edit.last": N_("Edit the newest prompt…"),
    "ui.edit.send": N_("Send as a new branch"),
    "ui.edit.title": N_("Edit prompt"),
    "ui.effort.default": N_("The model's own"),
    "ui.effort.high": N_("High"),
    "ui.effort.low": N_("Low"),
    "ui.effort.max": N_("As much as it can"),
    "ui.effort.medium": N_("Medium"),
    "ui.effort.off": N_("Off"),
    "ui.error": N_(
        "Something went wrong in Sidelight ({kind}). Your conversations are safe; the log says more."
    ),
    "ui.evidence.elicited": N_("Our own prompt asked the model to write these thoughts."),
    "ui.evidence.full.by_family": N_("Models of this family show their reasoning as it was thought."),
    "ui.evidence.full.guessed": N_(
        "It came where reasoning comes; nothing proves that it is all of it, or unchanged."
    ),
    "ui.evidence.full.reported": N_("The server says that this is the model's own reasoning."),
    "ui.evidence.hidden": N_("A sealed piece of reasoning came, and no text of it."),
    "ui.evidence.hidden_billed": N_("{n} tokens of reasoning were billed, and no text of it came."),
    "ui.evidence.hidden_elicited": N_(
        "Its own reasoning came sealed; the text shown was asked for by our prompt."
    ),
    "ui.evidence.none": N_("No reasoning came, and none was counted."),
    "ui.evidence.partly": N_("{why} A part came encrypted."),
    "ui.evidence.redacted": N_("The reasoning came in encrypted blocks, without any text."),
    "ui.evidence.summary.by_family": N_("Providers of this family show a summary in place of the reasoning."),
    "ui.evidence.summary.guessed": N_("It seems to be a summary; nothing proves it."),
    "ui.evidence.summary.reported": N_("The stream itself marks this text as a summary."),
    "ui.export": N_("Export…"),
    "ui.export.about.html": N_(
        "One page that opens in any browser: lanes side by side, formulas as pictures. It loads nothing and runs nothing."
    ),
    "ui.export.about.json": N_(
        "Everything, for another Sidelight or for programs of your own. It can be taken in again."
    ),
    "ui.export.about.md": N_(
        "Text for editors and version control. Each answer stands in it exactly as it was written."
    ),
    "ui.export.about.pdf": N_(
        "Pages to print or to pass on: lanes one after another, formulas, code and tables as in the window."
    ),
    "ui.export.all": N_("All conversations"),
    "ui.export.chosen": N_("Some conversations"),
    "ui.export.do": N_("Export…"),
    "ui.export.done": N_("Written to {path} ({size})."),
    "ui.export.exchanges": N_("Recordings"),
    "ui.export.exchanges.included": N_("Included, with keys masked"),
    "ui.export.format": N_("Format"),
    "ui.export.none": N_("Choose a conversation first."),
    "ui.export.running": N_("{done} of {total}"),
    "ui.export.stop": N_("Stop"),
    "ui.export.stopped": N_("Stopped. Nothing was written."),
    "ui.export.this": N_("This conversation"),
    "ui.export.title": N_("Export conversations"),
    "ui.export.traces": N_("Traces"),
    "ui.export.traces.folded": N_("Folded"),
    "ui.export.traces.in": N_("Shown"),
    "ui.export.traces.out": N_("Left out"),
    "ui.export.which": N_("What"),
    "ui.failed.context": N_(
        "The conversation is too long for this model: {prompt} tokens, and it can read {context}."
    ),
    "ui.failed.parameter": N_("The server does not accept this request. It names {parameter}."),
    "ui.failed.said": N_("What the server said"),
    "ui.failed.wait": N_("Wait {time}."),
    "ui.figures.answer": N_("answer {n}"),
    "ui.figures.first": N_("TTFT {time}"),
    "ui.figures.hidden": N_("hidden {n}"),
    "ui.figures.rate": N_("{n} tok/s"),
    "ui.figures.trace": N_("trace {n}"),
    "ui.find": N_("Find in the conversation"),
    "ui.find.all_lanes": N_("All lanes"),
    "ui.find.case": N_("Capitals count"),
    "ui.find.count": N_("{n} of {total}"),
    "ui.find.next": N_("Next match"),
    "ui.find.none": N_("not found"),
    "ui.find.previous": N_("Match before"),
    "ui.find.this_lane": N_("This lane"),
    "ui.find.where": N_("Where to find it"),
    "ui.find.whole": N_("Whole words only"),
    "ui.fit": N_("Fits here?"),
    "ui.fit.cache": N_("Cache for {tokens} tokens: {size}"),
    "ui.fit.cache_each": N_("Cache for {n} × {tokens} tokens: {size}"),
    "ui.fit.card": N_("A graphics card's own memory is not counted."),
    "ui.fit.estimated": N_("{word}, estimated"),
    "ui.fit.estimated.hint": N_("The weights are estimated from the number of parameters."),
    "ui.fit.fits": N_("fits"),
    "ui.fit.largest": N_("Largest context that fits: {tokens} tokens"),
    "ui.fit.loaded": N_("in memory"),
    "ui.fit.loaded.hint": N_("Its server holds it in memory already, with room for {tokens} tokens."),
    "ui.fit.tight": N_("barely fits"),
    "ui.fit.too_large": N_("too large"),
    "ui.fit.unknown": N_("not known"),
    "ui.fit.weights": N_("Weights: {size}"),
    "ui.fit.weights_held": N_("Weights, as the engine holds them: {size}"),
    "ui.group.app": N_("Sidelight"),
    "ui.group.conversation": N_("Conversation"),
    "ui.group.lanes": N_("Lanes"),
    "ui.group.view": N_("View"),
    "ui.help": N_("Help"),
    "ui.help.contents": N_("Contents"),
    "ui.help.nothing": N_("Nothing in the guide has all of these words."),
    "ui.help.search": N_("Search the guide"),
    "ui.help.title": N_("Sidelight Help"),
    "ui.history": N_("Conversations"),
    "ui.history.deleted": N_("Moved to the trash."),
    "ui.history.has_tags": N_("tags: {tags}"),
    "ui.history.is_pinned": N_("pinned"),
    "ui.history.month": N_("Last 30 days"),
    "ui.history.more": N_("Saved searches and trash"),
    "ui.history.pin": N_("Pin"),
    "ui.history.pin_or_unpin": N_("Pin or unpin"),
    "ui.history.pinned": N_("Pinned"),
    "ui.history.search": N_("Search conversations"),
    "ui.history.streaming": N_("{title}, still answering"),
    "ui.history.today": N_("Today"),
    "ui.history.unpin": N_("Unpin"),
    "ui.history.untitled": N_("Untitled"),
    "ui.history.week": N_("Last 7 days"),
    "ui.history.year": N_("{year}-{month}"),
    "ui.history.yesterday": N_("Yesterday"),
    "ui.import": N_("Import…"),
    "ui.import.about": N_(
        "From Sidelight (JSON or database), ChatGPT, Claude, DeepSeek, Open WebUI, LM Studio and llm: as the file or the"
        " archive that you got from there. What is here already is not taken twice."
    ),
    "ui.import.add": N_("Add files…"),
    "ui.import.clear": N_("Other files"),
    "ui.import.copied": N_("Copied"),
    "ui.import.copy": N_("Copy report"),
    "ui.import.do": N_("Import"),
    "ui.import.drop": N_("Drop files here, or add them."),
    "ui.import.files": N_("Files, and what became of them"),
    "ui.import.looking": N_("looking…"),
    "ui.import.row": N_("{name}: {state}"),
    "ui.import.running": N_("{name}, {done} of {total}: {percent} %"),
    "ui.import.stop": N_("Stop"),
    "ui.import.stopping": N_("Stopping…"),
    "ui.import.title": N_("Import conversations"),
    "ui.key.backend": N_("For"),
    "ui.key.empty": N_("Paste a key first."),
    "ui.key.environment": N_("A key was found in the environment."),
    "ui.key.invalid": N_("This cannot be a key: it holds spaces or characters that cannot be sent."),
    "ui.key.key": N_("Key"),
    "ui.key.keyring": N_("A key is kept in the system keyring."),
    "ui.key.memory": N_("A key is kept only until Sidelight ends."),
    "ui.key.memory.some": N_(
        "Some keys are kept only until Sidelight ends, since the system keyring could not be used."
    ),
    "ui.key.none": N_("No key yet."),
    "ui.key.not_needed": N_("not needed"),
    "ui.key.place.environment": N_("in the environment"),
    "ui.key.place.keyring": N_("in the system keyring"),
    "ui.key.place.memory": N_("until Sidelight ends"),
    "ui.key.place.none": N_("none"),
    "ui.key.placeholder": N_("paste the key; leave empty to forget it"),
    "ui.key.save_test": N_("Save and test"),
    "ui.key.test": N_("Test"),
    "ui.key.title": N_("Set a key"),
    "ui.key.variable": N_("The key is read from {name} in the environment."),
    "ui.key.where": N_(
        "Keys are kept in the system keyring, or only in memory where there is none. They are sent to their own server alone and are never written to a file."
    ),
    "ui.key.works.unlisted": N_("It answers, but has no list of models."),
    "ui.keys": N_("Keys"),
    "ui.lane.add": N_("Add a lane…"),
    "ui.lane.add.short": N_("Lane"),
    "ui.lane.after": N_("Lane on the right"),
    "ui.lane.ask": N_("Ask it"),
    "ui.lane.before": N_("Lane on the left"),
    "ui.lane.copy": N_("Copy the answer"),
    "ui.lane.copy_trace": N_("Copy the trace"),
    "ui.lane.details": N_("Details of the reply"),
    "ui.lane.duplicate": N_("Duplicate the lane"),
    "ui.lane.left": N_("Move the lane left"),
    "ui.lane.maximise": N_("Maximise"),
    "ui.lane.maximise_n": N_("Maximise lane {n}"),
    "ui.lane.menu": N_("Lane menu"),
    "ui.lane.model": N_("Another model…"),
    "ui.lane.name": N_("Lane {place}: {name}, {backend}"),
    "ui.lane.not_asked": N_("This lane was not asked here."),
    "ui.lane.plain": N_("http"),
    "ui.lane.plain.hint": N_("Not encrypted: what is sent to this server, keys too, can be read on the way."),
    "ui.lane.remove": N_("Remove the lane"),
    "ui.lane.restore": N_("Show all lanes"),
    "ui.lane.retry": N_("Ask again"),
    "ui.lane.right": N_("Move the lane right"),
    "ui.lane.settings": N_("Lane settings…"),
    "ui.lane.stop": N_("Stop this lane"),
    "ui.lane_settings.effort": N_("Thinking effort"),
    "ui.lane_settings.elicited": N_("Ask for a written-out trace"),
    "ui.lane_settings.elicited.hint": N_(
        "The prompt is put so that the model writes its thoughts before the answer. The trace is marked as elicited."
    ),
    "ui.lane_settings.extra": N_("Extra JSON"),
    "ui.lane_settings.extra.broken": N_("The extra JSON cannot be read ({where})."),
    "ui.lane_settings.extra.no_object": N_("The extra JSON must be an object: {{…}}"),
    "ui.lane_settings.max_tokens": N_("Most tokens"),
    "ui.lane_settings.range": N_("{name}: a number from {least} to {most}, or nothing."),
    "ui.lane_settings.seed": N_("Seed"),
    "ui.lane_settings.stop": N_("Stop at"),
    "ui.lane_settings.stop.hint": N_("words that end the answer, with commas between"),
    "ui.lane_settings.system": N_("System prompt"),
    "ui.lane_settings.system.hint": N_("none"),
    "ui.lane_settings.tags": N_("Tags such as <think>"),
    "ui.lane_settings.temperature": N_("Temperature"),
    "ui.lane_settings.thinking": N_("Thinking tokens"),
    "ui.lane_settings.thinking.hint": N_("by the effort; a number goes before it"),
    "ui.lane_settings.title": N_("Settings of {name}"),
    "ui.lane_settings.top_p": N_("Top-p"),
    "ui.lane_settings.unset": N_("the model's own"),
    "ui.lane_settings.whole": N_("{name}: a whole number from {least} on, or nothing."),
    "ui.lanes": N_("Lanes"),
    "ui.lanes.save": N_("Save these lanes as the default"),
    "ui.lanes.saved": N_("New conversations begin with these lanes."),
    "ui.link.ask": N_("Open this address in the browser? A model wrote it."),
    "ui.link.open": N_("Open"),
    "ui.link.title": N_("Open a link"),
    "ui.menu": N_("Menu"),
    "ui.minutes": N_("{m} min {s} s"),
    "ui.new": N_("New conversation"),
    "ui.newer": N_("New versions"),
    "ui.newer.by.deb": N_(
        "This copy was installed as a .deb package: the system's package manager renews it."
    ),
    "ui.newer.by.flatpak": N_("This copy was installed as a Flatpak, which renews it."),
    "ui.newer.by.managed": N_("This copy does not look for new versions: whoever packaged it renews it."),
    "ui.newer.by.pip": N_(
        "This copy was installed as a Python package: what installed it (pip, uv, pipx or the system) renews it."
    ),
    "ui.newer.by.portable": N_(
        "This copy cannot look for new versions: it was built without the key by which news of them could be believed."
    ),
    "ui.newer.by.rpm": N_(
        "This copy was installed as an .rpm package: the system's package manager renews it."
    ),
    "ui.newer.by.source": N_("This copy runs from its sources: git renews it."),
    "ui.newer.daily": N_("Look once a day"),
    "ui.newer.last": N_("Last looked for a new version: {when}"),
    "ui.newer.look": N_("Look for a new version"),
    "ui.newer.looking": N_("Looking for a new version…"),
    "ui.newer.network.connect": N_("No connection to its server came about."),
    "ui.newer.network.cut": N_("The connection broke before all was read."),
    "ui.newer.network.dns": N_("The network does not know its server's name."),
    "ui.newer.network.protocol": N_("The server does not answer as HTTP asks."),
    "ui.newer.network.proxy": N_("The proxy could not be used."),
    "ui.newer.network.refused": N_("Nothing answers at its server's address."),
    "ui.newer.network.tls": N_("No secure connection to its server came about."),
    "ui.newer.never": N_("Nobody has looked for a new version yet."),
    "ui.newer.none": N_("There is no newer version. The newest is {version} of {date}."),
    "ui.newer.sent": N_(
        "This reads {address} and the signature beside it by an ordinary request: no cookies, no number or version of this copy."
        " As with any page, the server sees the address of your connection. Nothing is downloaded or installed."
    ),
    "ui.newer.unknown": N_("Whether there is a newer version could not be learnt. {why}"),
    "ui.newer.why.channel": N_("This copy does not look."),
    "ui.newer.why.expired": N_(
        "What the server says was signed for a time that is over. Is this machine's clock right?"
    ),
    "ui.newer.why.garbage": N_("What the server says is signed, but cannot be understood."),
    "ui.newer.why.older": N_("The server says something older than what was read here before."),
    "ui.newer.why.plain": N_("Nothing was sent: the address is not encrypted."),
    "ui.newer.why.redirect": N_("The server points to another address, which was not followed."),
    "ui.newer.why.signature": N_(
        "What the server says is not signed by the makers of this copy, and was not read."
    ),
    "ui.newer.why.slow": N_("The server took too long."),
    "ui.newer.why.status": N_("The server answered with an error ({status})."),
    "ui.newer.why.too_large": N_("What the server sends is too large."),
    "ui.note.empty": N_("The reply is complete and empty."),
    "ui.note.filtered": N_("The server's content filter cut this reply."),
    "ui.note.length": N_("Cut at the limit of tokens."),
    "ui.note.refused": N_("The model refused to answer."),
    "ui.note.thought_only": N_(
        "It thought and gave no answer: the tokens ran out, or the trace was never closed."
    ),
    "ui.offer.again": N_("Try again"),
    "ui.offer.facts": N_("{size} · {licence} · from {source} on Hugging Face"),
    "ui.offer.fetch": N_("Fetch {size}"),
    "ui.offer.fetching": N_("{done} of {size}"),
    "ui.offer.installed": N_("{size} · {licence} · on this machine"),
    "ui.palette": N_("Commands and conversations"),
    "ui.palette.conversation": N_("conversation"),
    "ui.palette.hint": N_("Type a command or a title"),
    "ui.picker.absent": N_("Not found here"),
    "ui.picker.address": N_("Add a server…"),
    "ui.picker.again": N_("Ask again"),
    "ui.picker.asking": N_("Asking for its models…"),
    "ui.picker.backends": N_("Places that serve models"),
    "ui.picker.context": N_("Context"),
    "ui.picker.elsewhere": N_("Elsewhere"),
    "ui.picker.file": N_("Add a GGUF file…"),
    "ui.picker.filter": N_("Model files (*.gguf)"),
    "ui.picker.here": N_("On this machine"),
    "ui.picker.model": N_("Model"),
    "ui.picker.models": N_("Models"),
    "ui.picker.no_key": N_("It needs a key before it lists its models."),
    "ui.picker.none": N_("It offers no model yet."),
    "ui.picker.search": N_("Search models"),
    "ui.picker.title": N_("Choose a model"),
    "ui.picker.type": N_("or type the name of a model"),
    "ui.picker.use": N_("Use"),
    "ui.pref.appearance": N_("Appearance"),
    "ui.pref.backend": N_("Backend"),
    "ui.pref.backend.address": N_("Address"),
    "ui.pref.backend.edit": N_("Change…"),
    "ui.pref.backend.key": N_("Key"),
    "ui.pref.backend.remove": N_("Remove"),
    "ui.pref.backend.reset": N_("Usual address"),
    "ui.pref.backends": N_("Backends and keys"),
    "ui.pref.ca": N_("More certificates"),
    "ui.pref.ca.hint": N_(
        "A file of certificates to be trusted besides those of the system, as some companies need."
    ),
    "ui.pref.ca.missing": N_("There is no such file."),
    "ui.pref.ca.placeholder": N_("path of a PEM file"),
    "ui.pref.data": N_("Data"),
    "ui.pref.enter": N_("Enter sends the prompt (else Ctrl+Enter does)"),
    "ui.pref.lanes": N_("Lanes and traces"),
    "ui.pref.lanes.forget": N_("Forget them"),
    "ui.pref.lanes.none": N_("None saved: the model on this machine, directly and with an elicited trace."),
    "ui.pref.lanes.saved": N_("Default lanes"),
    "ui.pref.language": N_("Language"),
    "ui.pref.language.hint": N_("Taken at the next start."),
    "ui.pref.language.system": N_("as the system"),
    "ui.pref.local": N_("Local models"),
    "ui.pref.local.context": N_("Context of a lane"),
    "ui.pref.local.context.hint": N_(
        "Tokens that each lane of the engine on this machine can read and write. More needs more memory."
    ),
    "ui.pref.local.files": N_("Model files of your own"),
    "ui.pref.local.find": N_("Look for local servers at the start"),
    "ui.pref.local.find.hint": N_(
        "A few questions to the usual ports of this machine: Ollama, LM Studio, llama.cpp and others answer them."
    ),
    "ui.pref.local.remove": N_("Remove from the list"),
    "ui.pref.local.weights": N_("Models to fetch"),
    "ui.pref.network": N_("Network"),
    "ui.pref.proxy": N_("Proxy"),
    "ui.pref.proxy.address": N_("Proxy address"),
    "ui.pref.proxy.broken": N_("Write the proxy like http://proxy.example:3128"),
    "ui.pref.proxy.none": N_("none"),
    "ui.pref.proxy.own": N_("this one"),
    "ui.pref.proxy.system": N_("as the system"),
    "ui.pref.spending": N_("Spending"),
    "ui.pref.spending.begin": N_("Begin a price file"),
    "ui.pref.spending.copied": N_("Copied."),
    "ui.pref.spending.copy": N_("Copy its path"),
    "ui.pref.spending.limit": N_("Limit for a day"),
    "ui.pref.spending.limit.bad": N_("Write an amount in US dollars, such as 2.50"),
    "ui.pref.spending.limit.hint": N_(
        "US dollars. Before a prompt would pass it, you are asked. Empty: no limit. What a lane costs is known only after it has answered, so the limit may be passed by what is under way."
    ),
    "ui.pref.spending.limit.none": N_("no limit"),
    "ui.pref.spending.own": N_("Prices of your own"),
    "ui.pref.spending.own.absent": N_(
        "There is no such file yet. What it holds comes before the prices above."
    ),
    "ui.pref.spending.prices": N_("Prices"),
    "ui.pref.spending.source": N_("{source}, seen {date}"),
    "ui.pref.spending.today": N_("Today"),
    "ui.pref.spending.unwritten": N_("The file could not be written: {why}"),
    "ui.pref.theme": N_("Theme"),
    "ui.pref.theme.dark": N_("dark"),
    "ui.pref.theme.light": N_("light"),
    "ui.pref.theme.system": N_("as the system"),
    "ui.pref.thinking": N_("Traces"),
    "ui.pref.thinking.closed": N_("closed"),
    "ui.pref.thinking.hint": N_("How a trace is shown at first. What you open or close by hand stays so."),
    "ui.pref.thinking.open": N_("open"),
    "ui.pref.thinking.open_then_close": N_("open while thinking, then closed"),
    "ui.pref.thinking.peek": N_("last lines while thinking, then closed"),
    "ui.pref.zoom": N_("Zoom"),
    "ui.preferences": N_("Preferences…"),
    "ui.preset": N_("Preset"),
    "ui.preset.delete": N_("Delete…"),
    "ui.preset.delete.ask": N_("Delete the preset {name}? Lanes that were set by it stay as they are."),
    "ui.preset.delete.title": N_("Delete a preset"),
    "ui.preset.keep": N_("Keep as preset…"),
    "ui.preset.keep.title": N_("Keep these settings as a preset"),
    "ui.preset.name": N_("name of the preset"),
    "ui.preset.none": N_("none"),
    "ui.preset.rename": N_("Rename…"),
    "ui.preset.rename.title": N_("Rename a preset"),
    "ui.preset.replaces": N_("The preset of this name will be replaced."),
    "ui.preset.unnamed": N_("Give it a name."),
    "ui.presets": N_("Keep, rename or delete presets"),
    "ui.prompt.alone": N_("Go on with this lane alone"),
    "ui.prompt.branch": N_("Go on from here"),
    "ui.prompt.branches": N_("Branches of this conversation…"),
    "ui.prompt.copy_prompt": N_("Copy prompt"),
    "ui.prompt.cut": N_("… {size} in all"),
    "ui.prompt.goes_on": N_("Goes on for all lanes"),
    "ui.prompt.more": N_("More for this prompt"),
    "ui.prompt.take_back": N_("Let each lane go on from its own answer"),
    "ui.prompt.take_over": N_("Let all lanes go on from this answer"),
    "ui.quit": N_("Quit"),
    "ui.rename": N_("Rename"),
    "ui.reread": N_("Read again"),
    "ui.reread.hint": N_(
        "Read the recorded stream once more by this rule, as a further version. Nothing is sent or paid for it."
    ),
    "ui.reread.other": N_("Read it again by another rule for tags such as <think>"),
    "ui.reread.rule": N_("How tags such as <think> are read"),
    "ui.retry": N_("Retry"),
    "ui.retry_failed": N_("Retry all failed lanes"),
    "ui.retry_lane": N_("Ask this lane again"),
    "ui.rule": N_("What lanes are told of earlier turns"),
    "ui.rule.chosen": N_("Answers taken over"),
    "ui.rule.none": N_("No history"),
    "ui.rule.own": N_("Each lane its own history"),
    "ui.save": N_("Save"),
    "ui.search.answer": N_("answer"),
    "ui.search.answers": N_("Answers"),
    "ui.search.busy": N_("Searching …"),
    "ui.search.drop": N_("Remove a saved search"),
    "ui.search.hint": N_(
        'Words or "phrases"; narrowed down by model: lane: date: before: after: has:trace kind:summary tokens>500 in:trace tag:work'
    ),
    "ui.search.indexing": N_("Older messages are still being made searchable: {share} % so far."),
    "ui.search.keep": N_("Save this search…"),
    "ui.search.keep.name": N_("Name of the search"),
    "ui.search.keep.replaces": N_("The saved search of this name will be replaced."),
    "ui.search.keep.text": N_("It looks for: {text}"),
    "ui.search.keep.title": N_("Save a search"),
    "ui.search.messages": N_("In messages"),
    "ui.search.none": N_("Nothing in messages."),
    "ui.search.partial": N_("Time ran out before everything was looked at. More words narrow it down."),
    "ui.search.prompt": N_("prompt"),
    "ui.search.prompts": N_("Prompts"),
    "ui.search.trace": N_("trace"),
    "ui.search.traces": N_("Traces"),
    "ui.seconds": N_("{n} s"),
    "ui.send": N_("Send"),
    "ui.sent.as_set": N_("settings sent"),
    "ui.sent.attached": N_("attached"),
    "ui.sent.clamped": N_("clamped"),
    "ui.sent.elicited": N_("Written-out trace"),
    "ui.sent.files": N_("Files"),
    "ui.sent.ignored": N_("ignored"),
    "ui.sent.images": N_("Images"),
    "ui.sent.mark": N_("{outcome}: {names}"),
    "ui.sent.refused": N_("refused by the server"),
    "ui.sent.sent": N_("sent"),
    "ui.sent.spelled": N_("As {what}"),
    "ui.sent.unasked": N_("asked for by Sidelight"),
    "ui.sent.why.always_thinks": N_("This model always thinks."),
    "ui.sent.why.content_missing": N_("Its content is not kept here any more."),
    "ui.sent.why.images": N_("This model takes no images."),
    "ui.sent.why.max_tokens_too_small": N_("The most tokens that are allowed leave no room for a thought."),
    "ui.sent.why.never_thinks": N_("This model does not think."),
    "ui.sent.why.not_adjustable": N_("This model thinks as hard as it likes."),
    "ui.sent.why.not_by_this_model": N_(
        "This model refuses it or does not listen to it, at least at this effort."
    ),
    "ui.sent.why.not_in_this_api": N_("This provider's API has no such parameter."),
    "ui.sent.why.not_text_or_image": N_("It is neither text nor an image."),
    "ui.sent.why.server_default": N_("The server's own settings decide it."),
    "ui.sent.why.unknown_model": N_("What this model takes is not known. The extra JSON can say it."),
    "ui.sent.why.unknown_server": N_("What this server takes is not known. The extra JSON can say it."),
    "ui.sent.why.would_be_refused": N_(
        "This model refuses to write its thoughts down; a summary of them is asked for."
    ),
    "ui.server.again": N_("Look again"),
    "ui.server.loading": N_("still loading"),
    "ui.server.looking": N_("Looking…"),
    "ui.server.port": N_("port {port}"),
    "ui.server.probably": N_("probably {name}"),
    "ui.server.wants_key": N_("wants a key"),
    "ui.set_key": N_("Set a key…"),
    "ui.sidebar": N_("Show or hide the conversations"),
    "ui.spend.anyway": N_("Send anyway"),
    "ui.spend.ask": N_("This prompt may take you beyond what you allow yourself to spend in a day."),
    "ui.spend.estimate": N_("{amount} for {lanes}"),
    "ui.spend.hint.files": N_("Pictures and other files are sent too, but not counted here."),
    "ui.spend.hint.high": N_("If every lane answers as long as it may: {money}."),
    "ui.spend.hint.how": N_(
        "Tokens are estimated: what the server counted before, and one for four bytes of what is new."
    ),
    "ui.spend.hint.low": N_("The prompts alone: {money}."),
    "ui.spend.hint.today": N_(
        "Today: since midnight, as providers state it, else by the price list. Not counted is what is under way or has no known price."
    ),
    "ui.spend.hint.unbounded": N_("Counted without the answer, since its length is not known: {lanes}."),
    "ui.spend.hint.unknown": N_("The price is not known: {lanes}."),
    "ui.spend.limit": N_("Limit for a day"),
    "ui.spend.new_limit": N_("New limit for a day"),
    "ui.spend.raise": N_("Raise the limit…"),
    "ui.spend.raise.do": N_("Raise it and send"),
    "ui.spend.raise.low": N_("At least {money} are needed for this."),
    "ui.spend.spent": N_("Spent today"),
    "ui.spend.title": N_("Beyond today's limit"),
    "ui.spend.today": N_("today {spent}"),
    "ui.spend.today_of": N_("today {spent} of {limit}"),
    "ui.spend.would_add": N_("This would add"),
    "ui.state.again": N_("waits to ask again"),
    "ui.state.answering": N_("answering"),
    "ui.state.loading": N_("loading the model"),
    "ui.state.reading": N_("reading the prompt"),
    "ui.state.reading_part": N_("reading the prompt, {percent} %"),
    "ui.state.thinking": N_("thinking"),
    "ui.step.address": N_("Check the address and your own connection, then try again."),
    "ui.step.attachment_missing": N_("Attach the file to a new prompt."),
    "ui.step.backend_unknown": N_(
        "Set it up again in the preferences, or choose another model for this lane."
    ),
    "ui.step.bad_address": N_("Correct it in the preferences. It begins with https:// or http://."),
    "ui.step.bad_request": N_("Look at the lane's settings: the model may not take one of them."),
    "ui.step.content_filter": N_("Put the prompt in another way, or ask another model."),
    "ui.step.context_length": N_("Leave out the oldest turns, or begin a new conversation."),
    "ui.step.cut_off": N_("What came is kept. Try again."),
    "ui.step.extra_json": N_("Correct them in the lane's settings."),
    "ui.step.fault": N_("Try again. If it stays so, whoever mends Sidelight needs the log."),
    "ui.step.images_refused": N_("Ask a model that takes images, or send the prompt without them."),
    "ui.step.local": N_("Try again, or choose another model for this lane."),
    "ui.step.model_not_found": N_("Choose another model for this lane."),
    "ui.step.network": N_("Check that it runs and that the address is right, then try again."),
    "ui.step.not_a_stream": N_(
        "Check the address: a path such as /v1 may be missing, or a page to log in may stand before it."
    ),
    "ui.step.plain_http": N_(
        "Give it an address that begins with https://, or allow this one in the preferences."
    ),
    "ui.step.proxy": N_("Check the proxy in the preferences."),
    "ui.step.quota": N_("Add credit with the provider, or use another key."),
    "ui.step.redirect": N_("If you trust that address, make it this backend's own."),
    "ui.step.refused": N_("Start the server or correct its address, then try again."),
    "ui.step.server": N_("Try again; if it stays so, the server needs help."),
    "ui.step.timeout": N_("Try again, or allow it more time."),
    "ui.step.tls": N_("Check the address. Certificates of your own company can be added in the preferences."),
    "ui.step.too_large": N_("Ask for less at once."),
    "ui.stop": N_("Stop"),
    "ui.stop.all": N_("Stop all lanes"),
    "ui.tagging.about": N_("Up to {n} letters each. A tag that no conversation has is gone."),
    "ui.tagging.add": N_("Add"),
    "ui.tagging.edit": N_("Tags…"),
    "ui.tagging.filter": N_("Show only conversations with these tags"),
    "ui.tagging.given": N_("Tags of this conversation"),
    "ui.tagging.more": N_("More tags"),
    "ui.tagging.name": N_("New tag"),
    "ui.tagging.none": N_("No conversation has all of these tags."),
    "ui.tagging.none_yet": N_("No tags yet."),
    "ui.tagging.only": N_("Only with the tag {tag}"),
    "ui.tagging.remove": N_("Remove the tag {tag}"),
    "ui.tagging.title": N_("Tags"),
    "ui.tags.auto": N_("As usual for this model"),
    "ui.tags.inside": N_("All is trace up to a closing tag"),
    "ui.tags.leave": N_("Tags are text of the answer"),
    "ui.tags.split": N_("Tags enclose trace wherever they stand"),
    "ui.temporary": N_("New temporary conversation"),
    "ui.temporary.title": N_("Temporary, not stored. {title}"),
    "ui.thinking.at_once": N_("Trace, came all at once · {kind}"),
    "ui.thinking.at_once_after": N_("Trace, arrived at once after {time} · {kind}"),
    "ui.thinking.close": N_("Close the trace"),
    "ui.thinking.done": N_("Thought for {time} · {kind}"),
    "ui.thinking.done_untimed": N_("Trace · {kind}"),
    "ui.thinking.live": N_("Thinking for {time}"),
    "ui.thinking.none": N_("No trace returned"),
    "ui.thinking.none_billed": N_("No trace returned, {n} tokens billed"),
    "ui.thinking.none_yet": N_("No trace so far"),
    "ui.thinking.open": N_("Open the trace"),
    "ui.trace.by_family": N_("Known from the model's family."),
    "ui.trace.elicited.hint": N_("The prompt asked the model to write its thoughts out."),
    "ui.trace.full": N_("full trace"),
    "ui.trace.full.hint": N_("The reasoning text as the model produced it."),
    "ui.trace.guessed": N_("This is our guess."),
    "ui.trace.hidden.hint": N_("The model reasoned, and the provider does not show it."),
    "ui.trace.hidden_billed": N_("hidden, {n} tokens billed"),
    "ui.trace.none": N_("no trace"),
    "ui.trace.none.hint": N_("No reasoning came and none was billed."),
    "ui.trace.redacted.hint": N_("The provider sent the reasoning encrypted."),
    "ui.trace.reported": N_("Reported by the stream."),
    "ui.trace.summary.hint": N_("A summary of the reasoning, written by the provider."),
    "ui.traces": N_("Open or close all traces"),
    "ui.trash": N_("Trash"),
    "ui.trash.back": N_("Back to the conversations"),
    "ui.trash.empty": N_("Empty the trash…"),
    "ui.trash.erase": N_("Delete for good"),
    "ui.trash.erase.ask": N_("Delete “{title}” for good?"),
    "ui.trash.kept": N_("Kept for {days} days, then deleted for good."),
    "ui.trash.no_way_back": N_(
        "Its prompts, answers and files are removed from this computer. There is no way back."
    ),
    "ui.trash.none": N_("The trash is empty."),
    "ui.trash.restore": N_("Restore"),
    "ui.undo": N_("Undo"),
    "ui.unlike": N_("Unlike traces: {kinds}"),
    "ui.version": N_("Version {n} of {total}"),
    "ui.version.newer": N_("Newer version"),
    "ui.version.older": N_("Older version"),
    "ui.version.reread": N_("read again, nothing sent"),
    "ui.welcome.key": N_("A hosted model"),
    "ui.welcome.key.do": N_("Set a key…"),
    "ui.welcome.key.text": N_("With a key of your own from a provider. It stays in the system keyring."),
    "ui.welcome.models": N_("Where models come from"),
    "ui.welcome.ready": N_("Ready: {name} · {backend}"),
    "ui.welcome.server": N_("A server of your own"),
    "ui.welcome.server.do": N_("Add a server…"),
    "ui.welcome.server.text": N_("llama.cpp, vLLM, LM Studio, or whatever speaks the OpenAI dialect."),
    "ui.welcome.text": N_(
        "Write a prompt below. Each lane shows what its model thought and what it answered, live and side by side. Everything is kept on this machine."
    ),
    "ui.welcome.title": N_("One prompt, several models"),
    "ui.welcome.try": N_("Try one of these"),
    "ui.welcome.try.1": N_("Is 91 prime?"),
    "ui.welcome.try.2": N_("A train travels at 60 km/h for 2.5 hours. How far does it go?"),
    "ui.welcome.try.3": N_("Write a Python function that reverses a string, with a test."),
    "ui.zoom.in": N_("Larger"),
    "ui.zoom.out": N_("Smaller"),
    "ui.zoom.reset": N_("Size as designed"),
}

PLURALS: dict[str, tuple[str, str]] = {
    "engine.spent.uncounted": ("{n} reply not counted", "{n} replies not counted"),
    "transfer.grown": (
        "To {n} conversation that was here already, what is new was added.",
        "To {n} conversations that were here already, what is new was added.",
    ),
    "transfer.here": (
        "{n} conversation is here already and was left as it is.",
        "{n} conversations are here already and were left as they are.",
    ),
    "transfer.lack.file": (
        "{n} file of a prompt is not in the export.",
        "{n} files of prompts are not in the export.",
    ),
    "transfer.lack.hidden": (
        "{n} message that was hidden there was left out.",
        "{n} messages that were hidden there were left out.",
    ),
    "transfer.lack.kind": (
        "{n} message of an unknown kind was left out.",
        "{n} messages of unknown kinds were left out.",
    ),
    "transfer.lack.lost": (
        "{n} file of a prompt did not come along and was left out.",
        "{n} files of prompts did not come along and were left out.",
    ),
    "transfer.lack.made": (
        "{n} picture or file that a model made was left out.",
        "{n} pictures or files that models made were left out.",
    ),
    "transfer.lack.model": (
        "Of {n} conversation the export does not say which model answered.",
        "Of {n} conversations the export does not say which model answered.",
    ),
    "transfer.lack.system": (
        "Of {n} conversation the export does not say what the model was told beforehand.",
        "Of {n} conversations the export does not say what the models were told beforehand.",
    ),
    "transfer.lack.time": (
        "Of {n} conversation the export does not say when it was.",
        "Of {n} conversations the export does not say when they were.",
    ),
    "transfer.lack.tool": ("{n} step of a tool was left out.", "{n} steps of tools were left out."),
    "transfer.left_out": ("{n} conversation was left out.", "{n} conversations were left out."),
    "transfer.more": ("and {n} more", "and {n} more"),
    "transfer.taken": ("{n} conversation was taken in.", "{n} conversations were taken in."),
    "transfer.unread": (
        "{n} conversation, file or recording is damaged or gone, and was left out.",
        "{n} conversations, files or recordings are damaged or gone, and were left out.",
    ),
    "ui.attach.pdf.name": ("{name} (text, {n} page)", "{name} (text, {n} pages)"),
    "ui.attach.unseen.lanes": ("not seen by {n} lane", "not seen by {n} lanes"),
    "ui.data.ask.lose": (
        "{n} conversation is in memory alone and will be lost. Save it elsewhere first.",
        "{n} conversations are in memory alone and will be lost. Save them elsewhere first.",
    ),
    "ui.data.salvaged.changed": (
        "{n} row is not what was written, and was kept as it is.",
        "{n} rows are not what was written, and were kept as they are.",
    ),
    "ui.data.salvaged.lost": ("{n} row could not be used.", "{n} rows could not be used."),
    "ui.data.unsaved": ("{n} conversation is in memory alone.", "{n} conversations are in memory alone."),
    "ui.data.unsound": (
        "One thing is wrong ({rows} rows were compared):",
        "{n} things are wrong ({rows} rows were compared):",
    ),
    "ui.details.sent.dropped": (
        "The oldest turn was left out, so that the rest fits.",
        "The {n} oldest turns were left out, so that the rest fits.",
    ),
    "ui.edit.files": ("Its {n} file goes with it again.", "Its {n} files go with it again."),
    "ui.failed.unreadable": ("One piece of it could not be read.", "{n} pieces of it could not be read."),
    "ui.history.days_left": ("{n} day left", "{n} days left"),
    "ui.key.works": ("It answers: {n} model.", "It answers: {n} models."),
    "ui.lanes.count": ("{n} lane", "{n} lanes"),
    "ui.pref.spending.own.count": ("{n} price in it", "{n} prices in it"),
    "ui.pref.spending.shipped": ("{n} price comes with Sidelight", "{n} prices come with Sidelight"),
    "ui.server.models": ("{n} model", "{n} models"),
    "ui.trash.empty.ask": (
        "Delete {n} conversation in the trash for good?",
        "Delete all {n} conversations in the trash for good?",
    ),
}

_LANGUAGES_OF_THE_SYSTEM = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
"""Variables in the order in which gettext asks them."""
_ENGLISH = ("en_", "en-", "en.", "en:", "C.", "C:", "POSIX:")
"""How names of English, and of no language at all, begin."""

_translation: gettext.NullTranslations = gettext.NullTranslations()


def use_language(language: str | None, folder: Path) -> None:
    """Translate from now on into `language` ("de", "zh_CN"; None follows the system). Unknown ones stay English."""
    global _translation
    wanted = language or next(filter(None, map(os.environ.get, _LANGUAGES_OF_THE_SYSTEM)), "")
    if wanted.startswith(_ENGLISH) or wanted in ("", "en", "C", "POSIX"):
        _translation = (
            gettext.NullTranslations()
        )  # nothing to look for, which would take 2 ms of the first paint
        return
    languages = [language] if language else None
    _translation = gettext.translation("sidelight", folder, languages=languages, fallback=True)


def text(code: str, **parameters: object) -> str:
    """The sentence for a code, with its parameters filled in. Raises KeyError for a code that does not exist."""
    return _translation.gettext(CATALOGUE[code]).format_map(parameters)


def plural(code: str, n: int, **parameters: object) -> str:
    """The sentence for a code and a count `n`."""
    one, many = PLURALS[code]
    return _translation.ngettext(one, many, n).format_map({"n": n, **parameters})
