"""The visual editor: a document as blocks, one of them open, and what a form does to it (console reference 8.3).

The document itself travels in the form, so that what is sent changes what its page showed. The fields of the open
block say what was chosen there (`block` is its number), a button's name says what else is to be done: every change
works without script, and a field that was not touched changes nothing.
"""

from collections.abc import Callable
from functools import cached_property

from django.http import QueryDict

from console.policies.visual_actions import ActionsPart, parse_patterns, service_of
from console.policies.visual_blocks import BlockView, OpenBlock, ServiceChooser
from console.policies.visual_conditions import ConditionForm, ConditionsPart, with_condition, without_value
from console.policies.visual_resources import ArnForm, ResourcesPart, without
from iam.policy.document import Effect
from iam.policy.visual import Block, free_sid, read_visual

# What is on view besides the document, and what was entered without being added yet.
VIEW = ("open", "service", "service-filter", "action-filter", "arn-type", "condition-form")
ENTERED = ("action-pattern", "arn-text", "source-ip", "source-ip-values")
ENTERED_PREFIXES = ("arn-field-", "arn-any-", "condition-")
VALUE_PREFIX = "condition-value-"
# Buttons that leave the open block.
LEAVING = frozenset({"open-block", "add-block", "clone-block"})
LONGEST_SID = 128


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 6 and text.isascii() else None


class VisualEditor:
    """A document on view. Reading the data changes it as asked; `errors` has what could not be done, by field.

    Raises PolicySyntaxError for a document that cannot be taken apart."""

    def __init__(self, text: str, data: QueryDict, account_id: str) -> None:
        self.policy = read_visual(text)
        self.blocks: list[Block] = list(self.policy.blocks)
        self.account_id = account_id
        self.data = data.copy()
        self.errors: dict[str, str] = {}
        self.focus = ""
        edited = _number(data.get("block"))
        if edited is not None and edited < len(self.blocks):
            self._place = edited
            self._apply_fields()
            if not self.commands() & data.keys() or LEAVING & data.keys():
                self._apply_entered()
        for name, act in self._commands().items():
            if name in data and not self.errors:
                act(self, data.get(name, ""))
                break

    @classmethod
    def commands(cls) -> frozenset[str]:
        """The names of buttons that change the document or what is on view."""
        return frozenset({*cls._commands(), "update"})

    @classmethod
    def _commands(cls) -> "dict[str, Callable[[VisualEditor, str], None]]":
        return {
            "open-block": cls._open,
            "add-block": cls._add_block,
            "clone-block": cls._clone_block,
            "remove-block": cls._remove_block,
            "choose-service": cls._choose_service,
            "add-actions": cls._add_actions,
            "add-dependent": cls._add_dependent,
            "remove-action": cls._remove_action,
            "add-arn": cls._show_arn_form,
            "add-arns": cls._add_arns,
            "remove-resource": cls._remove_resource,
            "add-condition": cls._add_condition,
            "add-value": cls._add_value,
            "remove-value": cls._remove_value,
            "remove-condition": cls._remove_condition,
            "show-condition-form": cls._show_condition_form,
        }

    # ---- what is shown

    @property
    def text(self) -> str:
        """The document as it is now."""
        return self.policy.write(self.blocks)

    @property
    def open(self) -> int | None:
        """The number of the open block."""
        place = _number(self.data.get("open"))
        if "open" not in self.data and len(self.blocks) == 1:
            return 0
        return place if place is not None and place < len(self.blocks) else None

    @cached_property
    def views(self) -> list[BlockView]:
        """The blocks as they are listed."""
        return [BlockView(place, block, self.account_id) for place, block in enumerate(self.blocks)]

    @cached_property
    def opened(self) -> OpenBlock | None:
        """Everything about the open block; None where none is, or it can be edited as JSON only."""
        place = self.open
        if place is None or self.blocks[place].problem:
            return None
        block = self.blocks[place]
        return OpenBlock(
            place,
            block,
            ActionsPart(block, self._service_on_view(block), self.data.get("action-filter", "")),
            ResourcesPart(block, self.account_id),
            ConditionsPart(block, self.data),
            ServiceChooser(self.data.get("service-filter", "")),
            self._arn_form(),
            ConditionForm(self.data),
            tuple(self.blocks),
        )

    @property
    def entered_pattern(self) -> str:
        """What stands in the field for actions by name."""
        return self.data.get("action-pattern", "")

    @property
    def shows_condition_form(self) -> bool:
        """Whether a condition is being made."""
        return bool(self.data.get("condition-form"))

    def _service_on_view(self, block: Block) -> str:
        if "service" in self.data:
            return self.data.get("service", "").lower()
        return service_of(block.actions[0]) if block.actions else ""

    def _arn_form(self) -> ArnForm | None:
        kind = self.data.get("arn-type", "")
        return ArnForm(kind, self.data, self.account_id) if kind else None

    def kept(self) -> QueryDict:
        """Return the document and what is on view, to be kept in a draft."""
        kept = QueryDict(mutable=True)
        kept["policy_document"] = self.text
        for name, values in self.data.lists():
            if name in VIEW or name in ENTERED or name.startswith(ENTERED_PREFIXES):
                kept.setlist(name, values)
        return kept

    def is_settled(self) -> bool:
        """Whether nothing was entered that could not be added; else `errors` says what."""
        if self.data.get("source-ip") and not self.data.get("source-ip-values", "").strip(" ,"):
            self.errors["source_ip"] = "Enter an address or a range, for example 203.0.113.0/24."
        return not self.errors

    # ---- the fields of the open block

    @property
    def _block(self) -> Block:
        return self.blocks[self._place]

    @_block.setter
    def _block(self, block: Block) -> None:
        self.blocks[self._place] = block

    def _apply_fields(self) -> None:
        data, block = self.data, self._block
        if block.problem:
            return
        part = ActionsPart(block, data.get("block-service", ""), data.get("action-filter-was", ""))
        resources = ResourcesPart(block, self.account_id)
        block = resources.changed(data) if "scope" in data or resources.is_all_only else block
        self._block = block.edited(
            effect=Effect.DENY if data.get("effect") == "Deny" else Effect.ALLOW,
            sid=data.get("sid", block.sid).strip()[:LONGEST_SID] if "sid" in data else block.sid,
            actions=part.changed(data) if part.service else block.actions,
            is_all_but=bool(data.get("not-actions")),
            conditions=ConditionsPart(block, data).changed(),
        )

    def _apply_entered(self) -> None:
        """Add what was entered when the block is left: nothing that was typed is lost on the way."""
        if self.data.get("action-pattern", "").strip():
            self._add_actions("")
        arn_form = self._arn_form()
        if arn_form and arn_form.is_started:
            self._add_arns("")
        for name in [name for name in self.data if name.startswith(VALUE_PREFIX)]:
            self._add_value(name.removeprefix(VALUE_PREFIX))
        if ConditionForm(self.data).is_started:
            self._add_condition("")
        self.focus = self.focus if self.errors else ""

    def _forget(self, *names: str) -> None:
        for name in [name for name in self.data if name.startswith(names)]:
            del self.data[name]

    # ---- blocks

    def _show(self, place: int | None) -> None:
        self._forget("service", "action-", "arn-", "condition-", "source-ip")
        self.data["open"] = "" if place is None else str(place)

    def _open(self, value: str) -> None:
        place = _number(value)
        self._show(None if place == self.open else place)

    def _add_block(self, value: str) -> None:
        del value
        self.blocks.append(Block())
        self._show(len(self.blocks) - 1)
        self.focus = "service"

    def _clone_block(self, value: str) -> None:
        place = _number(value)
        if place is not None and place < len(self.blocks):
            block = self.blocks[place]
            sid = free_sid(block.sid, [each.sid for each in self.blocks])
            self.blocks.insert(place + 1, block.edited(sid=sid))
            self._show(place + 1)

    def _remove_block(self, value: str) -> None:
        place = _number(value)
        if place is not None and place < len(self.blocks):
            del self.blocks[place]
            self._show(None)
            self.focus = "add-block"

    # ---- actions

    def _choose_service(self, value: str) -> None:
        self._forget("action-", "service")
        self.data["service"] = value[:LONGEST_SID]
        self.focus = "actions" if value else "service"

    def _add_actions(self, value: str) -> None:
        del value
        found, fault = parse_patterns(self.data.get("action-pattern", ""), self.data.get("block-service", ""))
        self.focus = "action-pattern"
        if fault or not found:
            self.errors["action_pattern"] = fault or "Enter an action, or a pattern such as Get*."
            return
        self._block = self._block.edited(actions=tuple(dict.fromkeys((*self._block.actions, *found))))
        self._forget("action-pattern")

    def _add_dependent(self, value: str) -> None:
        found, error = parse_patterns(value[:4096], "")
        if not error:
            self._block = self._block.edited(actions=tuple(dict.fromkeys((*self._block.actions, *found))))

    def _remove_action(self, value: str) -> None:
        self._block = self._block.edited(actions=without(self._block.actions, value))
        self.focus = "action-pattern"

    # ---- resources

    def _show_arn_form(self, value: str) -> None:
        self._forget("arn-")
        self.data["arn-type"] = value[:LONGEST_SID]
        self.focus = "arn"

    def _add_arns(self, value: str) -> None:
        del value
        form = self._arn_form()
        found = form.arns() if form else []
        if form and form.error:
            self.errors["arn"] = form.error
            self.focus = "arn"
            return
        kept = without(self._block.resources, "*")
        self._block = self._block.edited(resources=tuple(dict.fromkeys((*kept, *found))))
        self._forget("arn-")

    def _remove_resource(self, value: str) -> None:
        self._block = self._block.edited(resources=without(self._block.resources, value))
        self.focus = "resources"

    # ---- conditions

    def _show_condition_form(self, value: str) -> None:
        self.data["condition-form"] = value
        self.focus = "condition-key"

    def _add_condition(self, value: str) -> None:
        del value
        form = ConditionForm(self.data)
        condition = form.condition()
        if condition is None:
            self.errors["condition"] = form.error
            self.data["condition-form"] = "1"
            self.focus = "condition-key"
            return
        self._block = with_condition(self._block, condition)
        self._forget("condition-")
        self.focus = "conditions"

    def _add_value(self, value: str) -> None:
        place = _number(value)
        added = self.data.get(f"{VALUE_PREFIX}{value}", "").strip()
        if place is not None and place < len(self._block.conditions) and added:
            row = self._block.conditions[place]
            values = tuple(dict.fromkeys((*row.values, added)))
            conditions = list(self._block.conditions)
            conditions[place] = type(row)(row.operator, row.key, values)
            self._block = self._block.edited(conditions=tuple(conditions))
            self._forget(f"{VALUE_PREFIX}{value}")
        self.focus = f"{VALUE_PREFIX}{value}"

    def _remove_value(self, value: str) -> None:
        place, _, index = value.partition(".")
        if (row := _number(place)) is not None and (number := _number(index)) is not None:
            self._block = without_value(self._block, row, number)
        self.focus = "conditions"

    def _remove_condition(self, value: str) -> None:
        if (row := _number(value)) is not None:
            self._block = without_value(self._block, row, None)
        self.focus = "conditions"
