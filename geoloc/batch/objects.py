"""Queries of one object in several photographs become one outcome, once all of them are answered."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from geoloc.batch.outcome import QueryOutcome
from geoloc.batch.queries import PhotoQuery
from geoloc.joint.answers import PhotoAnswers, join_answers
from geoloc.joint.stored import from_json
from geoloc.pipeline.request import SearchRequest
from geoloc.results.detection import that_count
from geoloc.results.vector_files import row_of
from geoloc.system.text import path_text

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Joining:
    """How outcomes are joined.

    Attributes:
        request: its top and min_score are of joined answers too.
        crs: of the mosaic.
    """

    request: SearchRequest
    crs: Any

    def joined(self, queries: Sequence[PhotoQuery], outcomes: Sequence[QueryOutcome]) -> Iterator[QueryOutcome]:
        """Join the outcomes of queries that are of one object; the others stay.

        In memory is what one object has.

        Args:
            queries: all of a run.
            outcomes: one for each of them, in their order; read when they are needed.

        Yields:
            The outcome of each query that is asked for itself or that failed, in their order; and at the first query of
            an object that of the object. Its number is that of the query whose photograph its answers are told of.
        """
        places: dict[str, list[int]] = {}
        for place, query in enumerate(queries):
            if query.object_id:
                places.setdefault(query.object_id, []).append(place)
        for place, query in enumerate(queries):
            if not query.object_id:
                yield outcomes[place]
                continue
            mine = places[query.object_id]
            if place == mine[0]:
                of_object = [(queries[other], outcomes[other]) for other in mine]
                good = [pair for pair in of_object if pair[1].error is None]
                if good:
                    yield self._of_object(query.object_id, good)
            if (outcome := outcomes[place]).error is not None:
                yield outcome

    def _of_object(self, name: str, told: Iterable[tuple[PhotoQuery, QueryOutcome]]) -> QueryOutcome:
        pairs = list(told)
        found = [
            PhotoAnswers(path_text(query.photo), tuple(from_json(one, self.crs) for one in outcome.candidates))
            for query, outcome in pairs
        ]
        joint = join_answers(name, found, self.request.top)
        if joint.note:
            LOG.warning("object %s: %s", name, joint.note)
        query, outcome = pairs[joint.asked]
        here = that_count(joint.answers, self.request.min_score)
        notes = dict.fromkeys(filter(None, (outcome.note, joint.note)))
        return QueryOutcome(query.number, tuple(map(row_of, here)), note="; ".join(notes))
