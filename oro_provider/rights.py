"""What a role may create and change, found out without creating or changing anything: by requests that a store must refuse.

A store tells rights to nobody: OPTIONS answers without a token and is about the resource, and no resource holds them (5.1 to 7.0).
But it looks at the rights before it looks at the fields (ApiBundle: the group `security_check` goes before `transform_data`), so a
field that no resource has is a 403 where the role lacks the right, and else a 400 `extra fields constraint`, with nothing saved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from oro_provider.api.documents import resource_object
from oro_provider.api.errors import InvalidRequest, NotFound, OroCommerceError, PermissionDenied

if TYPE_CHECKING:
    from oro_provider.api.calls import Call, Record
    from oro_provider.api.client import OroClient
    from oro_provider.entities.model import Entity

Right = Literal["yes", "no", "not offered", "unclear", "untried"]

_NO_FIELD = {"orocommerceCheckOfRights": "this field does not exist"}
_NO_RECORD = "orocommerceCheckOfRights"
# The detail of a 403 about a type; one about a record names a reason of its own (a closed order).
_WHOLE_TYPE = "No access to this type of entities."
_WORDS = {
    "yes": ("the role may {}", " and "),
    "no": ("the role may not {}", " or "),
    "unclear": ("it is unclear whether the role may {}", " or "),
    "untried": ("there is no record to try whether the role may {}", " or "),
}


@dataclass(frozen=True, slots=True)
class Rights:
    """Whether the role may create records of a resource, and change them."""

    create: Right
    change: Right

    def __str__(self) -> str:
        rights = {"create": self.create, "change": self.change}
        said = []
        for answer, (words, comma) in _WORDS.items():
            verbs = [verb for verb, right in rights.items() if right == answer]
            if verbs:
                said.append(words.format(comma.join(verbs)))
        return "; ".join(said)

    @property
    def lacking(self) -> bool:
        """Whether the role was refused one of the two."""
        return "no" in {self.create, self.change}


def rights(client: OroClient, entity: Entity, id_: str | None) -> Rights:
    """Return what the role may do with a resource; `id_` is one of its records, without which a change cannot be tried."""
    calls = client.calls
    # Where people give the ids, the store misses one before it looks at the rights.
    own_id = _NO_RECORD if entity.key == ("id",) else None
    create = _right(client, calls.create(resource_object(entity.type, own_id, attributes=_NO_FIELD)))
    if id_ is None:
        return Rights(create, "untried")
    return Rights(create, _right(client, calls.update(resource_object(entity.type, id_, attributes=_NO_FIELD))))


def may_watch_operations(client: OroClient) -> bool:
    """Return whether the role may see asynchronous operations, which large loads wait for."""
    try:
        client.get("asyncoperations", "0")
    except PermissionDenied:
        return False
    except NotFound:
        pass
    return True


def _right(client: OroClient, call: Call[Record]) -> Right:
    try:
        client.perform(call)
    except PermissionDenied as error:
        return "no" if any(one.detail == _WHOLE_TYPE for one in error.errors) else "unclear"
    except InvalidRequest as error:
        if error.status == 405:
            return "not offered"
        return "yes" if any(one.title == "extra fields constraint" for one in error.errors) else "unclear"
    except OroCommerceError:
        return "unclear"
    return "yes"
