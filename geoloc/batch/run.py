"""The run over many photographs: each is read once, its clicks are searched together, what fails is passed over."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import overload

from geoloc.batch.journal import Journal
from geoloc.batch.outcome import QueryOutcome
from geoloc.batch.queries import PhotoQuery, Queries
from geoloc.errors import PhotoError, in_one_line
from geoloc.joint.stored import to_json
from geoloc.photo.files.moment import file_of
from geoloc.photo.photo import load_photo
from geoloc.photo.target import Target, within_photo
from geoloc.pipeline.job import PhotoSearch
from geoloc.results.vector_files import row_of

LOG = logging.getLogger(__name__)
Group = tuple[Path, tuple[PhotoQuery, ...]]
"""A photo and all queries about it."""
AnswerGroups = Callable[[Iterable[Group]], Iterable[tuple[Group, Sequence[QueryOutcome]]]]
"""Answers groups; yields each with its outcomes, in any order."""


def one_by_one(find: PhotoSearch) -> AnswerGroups:
    """Return what answers groups one after another in this process."""
    return lambda groups: ((group, answer(find, group)) for group in groups)


def run(
    queries: Queries,
    answer_groups: AnswerGroups,
    journal: Journal,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Sequence[QueryOutcome]:
    """Answer what the journal does not answer yet.

    What failed is an outcome too, but not kept in the journal: a run that goes on tries it again.

    Args:
        queries: all queries of the run.
        answer_groups: what answers them, in this process or in others.
        journal: the journal of this run.
        progress: called with the number of queries done and of all, first with those of the journal.

    Returns:
        An outcome for each query, in their order; those that did not fail are read from the journal when they are asked
        for.

    Raises:
        OutputError: the journal cannot be written.
    """
    failed: dict[int, QueryOutcome] = {}
    waiting: dict[Path, list[PhotoQuery]] = {}
    for query in queries.items:
        if query.number not in journal.done:
            waiting.setdefault(query.photo, []).append(query)
    progress(len(journal.done), len(queries.items))
    # Other processes may run in another folder.
    groups = [(path.absolute(), tuple(group)) for path, group in waiting.items()]
    for (path, _), outcomes in answer_groups(groups):
        for outcome in outcomes:
            if outcome.error is not None:
                LOG.warning("query %d: %s", outcome.number, outcome.error)
            if outcome.note:
                LOG.warning("query %d: %s", outcome.number, outcome.note)
        if answered := [outcome for outcome in outcomes if outcome.error is None]:
            journal.add(path, answered)
        failed |= {outcome.number: outcome for outcome in outcomes if outcome.error is not None}
        progress(len(journal.done) + len(failed), len(queries.items))
    return _Outcomes(queries, journal, failed)


class _Outcomes(Sequence[QueryOutcome]):
    """Outcomes in the order of the queries; in memory are only those that failed."""

    def __init__(self, queries: Queries, journal: Journal, failed: Mapping[int, QueryOutcome]) -> None:
        self._items, self._done, self._failed = queries.items, journal.done, failed

    @overload
    def __getitem__(self, place: int) -> QueryOutcome: ...
    @overload
    def __getitem__(self, place: slice) -> list[QueryOutcome]: ...
    def __getitem__(self, place: int | slice) -> QueryOutcome | list[QueryOutcome]:
        if isinstance(place, slice):
            return [self._of(query.number) for query in self._items[place]]
        return self._of(self._items[place].number)

    def __len__(self) -> int:
        return len(self._items)

    def _of(self, number: int) -> QueryOutcome:
        return self._failed.get(number) or self._done[number]


def answer(find: PhotoSearch, group: Group) -> list[QueryOutcome]:
    """Answer all queries about one photo; one that fails is an outcome with its error."""
    path, queries = group
    failed: list[QueryOutcome] = []
    try:
        photo = load_photo(path)
        good: list[tuple[PhotoQuery, Target]] = []
        for query in queries:
            try:
                good.append((query, within_photo(photo, query.target)))
            except PhotoError as error:
                failed.append(_failed(path, query, error))
        # Two queries may ask for the same. What other photographs are asked for too is searched for its candidates.
        alone = list(dict.fromkeys(target for query, target in good if not query.object_id))
        shared = list(dict.fromkeys(target for query, target in good if query.object_id))
        found = find(photo, alone) if alone else ()
        candidates = find(photo, shared, doubtful=True) if shared else ()
    except Exception as error:
        # One photo that nobody foresaw is not to be the end of a night's run, now and each time that it goes on.
        LOG.debug("%s", path, exc_info=error)
        failed_before = {outcome.number for outcome in failed}
        return failed + [_failed(path, query, error) for query in queries if query.number not in failed_before]
    rows = [tuple(row_of(d) for d in found if d.target == number) for number in range(len(alone))]
    kept = [tuple(to_json(d) for d in candidates if d.target == number) for number in range(len(shared))]
    return failed + [
        QueryOutcome(query.number, note=target.note, candidates=kept[shared.index(target)])
        if query.object_id
        else QueryOutcome(query.number, rows[alone.index(target)], note=target.note)
        for query, target in good
    ]


def _failed(path: Path, query: PhotoQuery, error: Exception) -> QueryOutcome:
    # As its row names the photo, not as it is opened.
    return QueryOutcome(query.number, error=in_one_line(error).replace(str(file_of(path)), str(file_of(query.photo))))
