"""What is given to operators and sensors: choices, checked where a DAG file is parsed, and what templates make of the rest.

Without `render_template_as_native_obj` a template yields text: None is `"None"`, a list `"['a', 'b']"`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    import jinja2
    from airflow.sdk import BaseOperator, Context
else:
    BaseOperator = object  # beside which this is inherited


class Templated(BaseOperator):
    """An operator whose templated arguments may be given as text; nothing in a text (`"None"`, or empty) is None."""

    def rendered(self) -> None:
        """Make of the rendered arguments what the operator works with; may be called again."""

    # Airflow's `render_template_fields` is not called for a mapped task: it renders the fields by this of the task that it unmaps
    # (3.1 to 3.3).
    def _do_render_template_fields(
        self,
        parent: Any,
        template_fields: Iterable[str],
        context: Context,
        jinja_env: jinja2.Environment,
        seen_oids: set[int],
    ) -> None:
        super()._do_render_template_fields(parent, template_fields, context, jinja_env, seen_oids)
        if parent is not self:  # an argument that has templated fields itself
            return
        for name in self.template_fields:
            if _is_nothing(getattr(self, name)):
                setattr(self, name, None)
        self.rendered()


def _is_nothing(given: Any) -> bool:
    return given is None or (isinstance(given, str) and given.strip() in {"", "None"})


def one_of(value: str, allowed: Iterable[str], name: str) -> str:
    """Return what was chosen; raise `ValueError` naming the choices where it is none of them."""
    choices = tuple(allowed)
    if value not in choices:
        raise ValueError(f"{name} is {value!r}; it should be one of {', '.join(choices)}")
    return value


def several(given: Any, name: str) -> tuple[str, ...]:
    """Return the texts that an argument lists: as a text with commas too, None is an empty one, and JSON is read.

    Raise `ValueError` for text that was a list before a template made text of it, and for what is no list.
    """
    value = from_text(given, name)
    if _is_nothing(value):
        return ()
    if isinstance(value, str):
        from oro_provider.api.query import names_of

        return names_of(value)
    if isinstance(value, Mapping) or not isinstance(value, Sequence | set | frozenset):
        raise ValueError(f"{name} should be a list, not {type(value).__name__}")
    return tuple(value)


def mapping(given: Any, name: str) -> Mapping[str, Any]:
    """Return the dict that an argument is: None is an empty one, and JSON is read. Raise `ValueError` for anything else."""
    value = from_text(given, name)
    if _is_nothing(value):
        return {}
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} should be a dict, not {type(value).__name__}")
    return value


def is_structure(given: Any) -> bool:
    """Whether this is text that was a list or a dict before a template made text of it."""
    return isinstance(given, str) and given.lstrip()[:1] in {"[", "{"}


def from_text(given: Any, name: str) -> Any:
    """Return what a text stood for before a template made text of it, and anything else as it is.

    Raise `ValueError` with the cure where the text is no JSON; it does not show the text, which may be customers' rows.
    """
    if not is_structure(given):
        return given
    try:
        return json.loads(given)
    except ValueError:
        raise ValueError(
            f"{name} is text that is no JSON: a template makes text of a list or a dict. Set render_template_as_native_obj=True on "
            "the DAG, or end the template with `| tojson`."
        ) from None
