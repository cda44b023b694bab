"""From what a record should hold and what it holds to what is sent: all of a new one, only the differences of another.

Whatever is included is named by the record itself: a batch drops silently what nothing names (5.1 to 7.0).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from oro_provider.api.documents import Ref, linkage, resource_object
from oro_provider.entities.model import Part, files_of
from oro_provider.load.losses import Removed
from oro_provider.load.values import same_linkage, same_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from oro_provider.api.documents import JsonObject, Linkage, Resource
    from oro_provider.entities.model import Text
    from oro_provider.load.desired import Node

SETTINGS = "entityfieldfallbackvalues"
# What a setting falls back to; anything else is a value of its own.
FALLBACKS = frozenset({"systemConfig", "category", "productDefault", "parentCategory"})


@dataclass(slots=True)
class Draft:
    """What is sent for a record: attributes, relationships, what is included, and what changes, by attribute or relationship."""

    attributes: dict[str, Any] = field(default_factory=dict)
    linkages: dict[str, Linkage] = field(default_factory=dict)
    included: list[JsonObject] = field(default_factory=list)
    changes: dict[str, Any] = field(default_factory=dict)

    def object(self, type_: str, id_: str | None, meta: Mapping[str, Any] | None = None) -> JsonObject:
        """Return the resource object."""
        relationships = {name: linkage(target) for name, target in self.linkages.items()}
        return resource_object(type_, id_, attributes=self.attributes, relationships=relationships, meta=meta)


class Comparison:
    """Drafts one row's record; temporary ids begin with the row's number, since they must differ in a whole batch."""

    def __init__(
        self,
        row: int,
        settings: Mapping[Ref, Resource],
        unchangeable: frozenset[str] = frozenset(),
        *,
        remove_units: bool = False,
    ) -> None:
        self._prefix = f"row-{row}"
        self.removed: list[Removed] = []
        self._count = 0
        self._settings = settings
        self._unchangeable = unchangeable
        self._remove_units = remove_units

    def create(self, node: Node, own: Ref | None = None) -> Draft:
        """Return what a new record is sent with."""
        described = node.described
        draft = Draft({**node.default_attributes, **node.attributes}, {**node.default_linkages, **node.linkages})
        for name, texts in node.texts.items():
            text = described.texts[name]
            refs = [self._new_text(text, localization, value, draft) for localization, value in texts.items()]
            draft.linkages[text.relationship] = tuple(refs)
        for name, value in node.settings.items():
            ref = Ref(SETTINGS, self._temporary())
            draft.included.append(resource_object(SETTINGS, ref.id, attributes=_setting(value)))
            draft.linkages[described.settings[name]] = ref
        for name, content in node.files.items():
            file = files_of(described)[name]
            ref = Ref(file.type, self._temporary())
            draft.included.append(resource_object(ref.type, ref.id, attributes=content.attributes))
            draft.linkages[file.relationship] = ref
        for name, children in node.parts.items():
            part = described.parts[name]
            refs = [self._new_part(child, own, draft) for child in children]
            draft.linkages[part.relationship] = tuple(refs) if part.many else next(iter(refs), None)
            self._lead(node, name, refs, draft)
        draft.changes = {**draft.attributes, **dict.fromkeys(draft.linkages, "new")}
        return draft

    def update(self, node: Node) -> Draft:
        """Return what the node's record is sent to become what it should be: nothing where nothing differs."""
        described, record = node.described, node.record
        assert record is not None  # noqa: S101 - the caller has it
        draft = Draft()
        kinds = described.shape.attributes
        for attribute, value in node.attributes.items():
            theirs = record.attributes.get(attribute)
            if attribute not in self._unchangeable and not same_value(kinds.get(attribute), value, theirs):
                draft.attributes[attribute] = value
                draft.changes[attribute] = [theirs, value]
        for relationship, target in node.linkages.items():
            held = record.relationships.get(relationship)
            if relationship not in self._unchangeable and not (
                relationship in record.relationships and same_linkage(target, held)
            ):
                draft.linkages[relationship] = target
                draft.changes[relationship] = [_shown(held), _shown(target)]
        for name in node.texts:
            self._update_texts(node, name, draft)
        for name, value in node.settings.items():
            self._update_setting(node, described.settings[name], value, draft)
        for name in node.files:
            self._update_file(node, name, draft)
        for name in node.parts:
            self._update_parts(node, name, draft)
        return draft

    def _temporary(self) -> str:
        self._count += 1
        return f"{self._prefix}-{self._count}"

    def _new_text(self, text: Text, localization: str | None, value: str, draft: Draft) -> Ref:
        ref = Ref(text.type, self._temporary())
        to = {"localization": linkage(Ref("localizations", localization) if localization else None)}
        draft.included.append(
            resource_object(ref.type, ref.id, attributes=text_attributes(text, value), relationships=to)
        )
        return ref

    def _update_texts(self, node: Node, name: str, draft: Draft) -> None:
        text = node.described.texts[name]
        changes = dict(text_changes(node, name))
        if not changes:
            return
        held = node.texts_held.get(name, [])
        refs = [value.ref for value in held]
        for localization, value in changes.items():
            at = next((one for one in held if _localization(one) == localization), None)
            if at is None:
                refs.append(self._new_text(text, localization, value, draft))
            else:
                new = text_attributes(text, value)
                draft.included.append(resource_object(at.type, at.id, attributes=new, meta={"update": True}))
            draft.changes[f"{text.relationship}{f'.{localization}' if localization else ''}"] = [
                text_of(text, at) if at else None,
                value,
            ]
        draft.linkages[text.relationship] = tuple(refs)

    def _update_setting(self, node: Node, relationship: str, value: str, draft: Draft) -> None:
        assert node.record is not None  # noqa: S101 - as above
        ref = node.record.one(relationship)
        held = self._settings.get(ref) if ref is not None else None
        new = _setting(value)
        if held is not None and all((held.attributes.get(name) or None) == wanted for name, wanted in new.items()):
            return
        if held is None:
            ref = Ref(SETTINGS, self._temporary())
            draft.included.append(resource_object(SETTINGS, ref.id, attributes=new))
        else:
            ref = held.ref
            draft.included.append(resource_object(SETTINGS, ref.id, attributes=new, meta={"update": True}))
        draft.linkages[relationship] = ref
        draft.changes[relationship] = value

    def _update_file(self, node: Node, name: str, draft: Draft) -> None:
        """Send a file again whose size is another: contents are not compared, since reading one is as dear as sending it."""
        content, held = node.files[name], node.files_held.get(name)
        file = files_of(node.described)[name]
        before = held.attributes.get("fileSize") if held is not None else None
        if before == content.size:
            return
        ref = held.ref if held is not None else Ref(file.type, self._temporary())
        meta = {"update": True} if held is not None else None
        draft.included.append(resource_object(ref.type, ref.id, attributes=content.attributes, meta=meta))
        draft.linkages[file.relationship] = ref
        draft.changes[file.relationship] = [before, content.size]

    def _new_part(self, child: Node, owner: Ref | None, draft: Draft) -> Ref:
        """Include a new part. It names its record by the record's id or, inside another part, by that one's temporary id; the
        new record that a batch is about cannot be named by what it includes (6.1)."""
        part = child.described
        ref = Ref(part.type, self._temporary())
        new = self.create(child, ref)
        if isinstance(part, Part) and part.back and part.owner is not None and owner is not None:
            new.linkages[part.owner] = owner
        draft.included.append(new.object(ref.type, ref.id))
        draft.included.extend(new.included)
        return ref

    def _update_parts(self, node: Node, name: str, draft: Draft) -> None:
        part = node.described.parts[name]
        assert node.record is not None  # noqa: S101 - as above
        refs: list[Ref] = []
        included: list[JsonObject] = []
        changes: dict[str, Any] = {}
        for child in node.parts[name]:
            if child.record is None:
                nested = Draft()
                refs.append(self._new_part(child, node.record.ref, nested))
                included += nested.included
                changes[f"+{len(refs)}"] = "new"
                continue
            refs.append(child.record.ref)
            change = self.update(child)
            if change.changes:
                included.append(change.object(part.type, child.record.id, {"update": True}))
                included += change.included
                changes[child.record.id] = change.changes
        going = [one for one in node.others.get(name, ()) if self._goes(part, one, node.record)]
        if going:
            changes["-"] = [one.id for one in going]
            self.removed += [Removed(part, node.record.id, one) for one in going]
        refs += [one.ref for one in node.others.get(name, ()) if one not in going]
        if not changes:
            return
        draft.included += included
        draft.linkages[part.relationship] = tuple(refs) if part.many else next(iter(refs), None)
        draft.changes[part.relationship] = changes

    def _goes(self, part: Part, one: Resource, owner: Resource) -> bool:
        """Whether a part that its row does not name is taken away; the leading one never is."""
        if part.loses is None:
            return part.whole
        return self._remove_units and not (part.first is not None and owner.one(part.first[1]) == one.ref)

    def _lead(self, node: Node, name: str, refs: list[Ref], draft: Draft) -> None:
        first = node.described.parts[name].first
        if first is None:
            return
        leading = [ref for child, ref in zip(node.parts[name], refs, strict=True) if child.leading]
        if refs:
            draft.linkages[first[1]] = (leading or refs)[0]


def text_changes(node: Node, name: str) -> Iterator[tuple[str | None, str]]:
    """Yield the localizations in which a text differs from what the store has, and the text."""
    text = node.described.texts[name]
    for localization, value in node.texts[name].items():
        held = next((one for one in node.texts_held.get(name, ()) if _localization(one) == localization), None)
        # A text has no effect while its fallback is set.
        if held is None or text_of(text, held) != value.strip() or held.attributes.get("fallback"):
            yield localization, value


def text_of(text: Text, held: Resource) -> str:
    """Return the text that a localized value holds."""
    value = held.attributes.get(text.attribute)
    if text.rich:
        value = value.get("value") if isinstance(value, dict) else None
    return str(value or "").strip()


def text_attributes(text: Text, value: str) -> dict[str, Any]:
    """Return the attributes of a localized value that holds this text."""
    rich = {"value": value, "style": None, "properties": None}
    return {"fallback": None, text.attribute: rich if text.rich else value}


def _localization(value: Resource) -> str | None:
    ref = value.one("localization")
    return ref.id if ref is not None else None


def _setting(value: str) -> dict[str, Any]:
    if value in FALLBACKS:
        return {"fallback": value, "scalarValue": None}
    return {"fallback": None, "scalarValue": value}


def _shown(target: Linkage) -> Any:
    if isinstance(target, Ref):
        return target.id
    return [ref.id for ref in target] if target is not None else None
