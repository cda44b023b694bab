"""What the store refuses with: one problem each, and the exception that carries them to the answer."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Problem:
    """One entry of `errors`: `pointer` into the request's body or `parameter` of its query, never both."""

    status: int
    title: str
    detail: str | None = None
    pointer: str | None = None
    parameter: str | None = None

    def below(self, prefix: str) -> Problem:
        """The same problem of a record that stands at `prefix` of a larger document."""
        if self.pointer is None:
            return replace(self, pointer=prefix)
        return replace(self, pointer=prefix + self.pointer.removeprefix("/data"))

    def as_json(self) -> dict[str, object]:
        """The JSON:API error object: no id, no code, and no `source` where nothing can be pointed at."""
        error: dict[str, object] = {"status": str(self.status), "title": self.title}
        if self.detail is not None:
            error["detail"] = self.detail
        if self.pointer is not None:
            error["source"] = {"pointer": self.pointer}
        elif self.parameter is not None:
            error["source"] = {"parameter": self.parameter}
        return error

    def as_plain(self) -> dict[str, object]:
        """The error of the plain-JSON mode: no status, and a source that is the bare name."""
        error: dict[str, object] = {"title": self.title}
        if self.detail is not None:
            error["detail"] = self.detail
        source = self.parameter or self.pointer
        if source:
            error["source"] = source.removesuffix("/data").rpartition("/")[2]
        return error


class RefusedError(Exception):
    """A request that the store refuses, with every problem it found."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(f"{p.status} {p.title}: {p.detail}" for p in problems))
        self.problems = problems

    @property
    def status(self) -> int:
        """The status of the answer: the common one, else 409 or 400 among 4xx, 500 among 5xx."""
        statuses = {problem.status for problem in self.problems}
        if len(statuses) == 1:
            return statuses.pop()
        if max(statuses) >= 500:
            return 500
        return 409 if 409 in statuses else 400


class EmptyAnswerError(Exception):
    """A refusal without a body: the store drops the body of every 401 and 405, and of some 404."""

    def __init__(self, status: int, headers: dict[str, str] | None = None) -> None:
        super().__init__(str(status))
        self.status = status
        self.headers = headers or {}


def refuse(
    status: int, title: str, detail: str | None = None, *, pointer: str | None = None, parameter: str | None = None
) -> RefusedError:
    """The exception for a single problem."""
    return RefusedError(Problem(status, title, detail, pointer, parameter))


def bad_filter(detail: str | None, parameter: str | None) -> RefusedError:
    """A query parameter that the store does not take."""
    return refuse(400, "filter constraint", detail, parameter=parameter)


def not_found() -> RefusedError:
    """The record of the URL is not there."""
    return refuse(404, "not found http exception", "An entity with the requested identifier does not exist.")


def denied(detail: str = "No access to this type of entities.") -> RefusedError:
    """The role lacks the permission, or the record forbids it."""
    return refuse(403, "access denied exception", detail)
