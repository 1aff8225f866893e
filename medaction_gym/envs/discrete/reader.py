"""Reader: what a text says for each candidate and of each organ system, in whole numbers.

Whole numbers, so that sums do not depend on their order: the scalar and the vectorised view add
the same evidence along different ways and must agree to the bit.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from medaction_gym.cases.case import Case
from medaction_gym.envs.discrete.catalogue import DiscreteCatalogue
from medaction_gym.knowledge.findings import evidence
from medaction_gym.knowledge.inference import inference
from medaction_gym.knowledge.naming import same
from medaction_gym.knowledge.shared import knowledge
from medaction_gym.knowledge.tables import Kind, Relation
from medaction_gym.oracle import Release
from medaction_gym.view import render_opening

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]

UNIT = 64  # steps of a nat, and of a finding
# Nats for a candidate that a text names: a presentation tells of other diseases as well.
NAMED_IN_RESULT, NAMED_IN_PRESENTATION = 8.0, 2.0
MOST = 60.0  # nats that one text can say
ABNORMALITY = "HP:0000118"  # its narrower classes are the organ systems
REMEMBERED = 20_000  # texts; normal results recur across cases


class Reading(NamedTuple):
    """What one text says.

    Attributes:
        support: For each candidate, log-likelihood ratio and mention, in `UNIT`.
        systems: For each organ system, what was found; then, for each, what was denied.
    """

    support: Ints
    systems: Ints


class Reader:
    """Reads texts for one catalogue.

    Attributes:
        catalogue: Tests and candidates.
        systems: Names of the organ systems (HPO), in order.
        profile: For each candidate, the share of its annotated phenotypes in each system.
        traits: For each candidate: whether ICD-10-CM has it, and how specific it is, in [0, 1].

    Args:
        catalogue: Tests and candidates.
    """

    def __init__(self, catalogue: DiscreteCatalogue) -> None:
        graph = knowledge()
        arrays = graph.arrays
        self.catalogue = catalogue
        self._rows = np.array(catalogue.rows)
        edges = (arrays["edge.relation"] == Relation.IS_A) & (
            arrays["edge.target"] == graph.row(ABNORMALITY)
        )
        top = sorted({graph.identifier(int(row)) for row in arrays["edge.source"][edges]})
        self.systems = tuple(graph.name(identifier) for identifier in top)
        self._system = {identifier: place for place, identifier in enumerate(top)}
        self._same = same(graph)
        self._place = {row: place for place, row in enumerate(catalogue.rows)}
        self._is_phenotype = arrays["kind"] == Kind.PHENOTYPE
        coded = np.zeros(len(graph), np.float32)
        icd = [r for r, identifier in enumerate(graph) if identifier.startswith("ICD10CM:")]
        coded[self._same[icd]] = 1.0
        self.traits: Floats = np.stack(
            [coded[self._rows], arrays["ic"][self._rows].astype(np.float32)], axis=1
        )
        self.profile = self._profiles()
        self._systems_of = lru_cache(20_000)(self._find_systems)
        self._read = lru_cache(REMEMBERED)(self._read_text)

    def opening(self, case: Case) -> Reading:
        """What the presentation says."""
        return self._read(render_opening(case), "", NAMED_IN_PRESENTATION)

    def release(self, case: Case, release: Release) -> Reading:
        """What one result says."""
        test = case.tests[release.item]
        if release.analyte < 0:
            return self._read(test.result, test.name, NAMED_IN_RESULT)
        analyte = test.analytes[release.analyte]
        return self._read(f"{analyte.name}: {analyte.result}", test.name, NAMED_IN_RESULT)

    def _read_text(self, text: str, test: str, named: float) -> Reading:
        found = evidence(text, test)
        support = inference("likelihood").support(found)[self._rows]
        systems = np.zeros((2, len(self.systems)))
        graph = knowledge()
        for concept, weight in found.items():
            if concept not in graph:
                continue
            row = graph.row(concept)
            place = self._place.get(int(self._same[row]))
            if place is not None:
                support[place] += named * weight
            if self._is_phenotype[row]:
                for system in self._systems_of(concept):
                    systems[int(weight < 0), system] += abs(weight)
        return Reading(
            np.rint(UNIT * np.clip(support, -MOST, MOST)).astype(np.int32),
            np.rint(UNIT * systems).astype(np.int32).ravel(),
        )

    def _find_systems(self, concept: str) -> tuple[int, ...]:
        above = knowledge().ancestors(concept)
        return tuple(place for name, place in self._system.items() if name in above)

    def _profiles(self) -> Floats:
        graph = knowledge()
        counts = np.zeros((len(self._rows), len(self.systems)), np.float32)
        for place, row in enumerate(self._rows):
            for shown in graph.annotations(graph.identifier(int(row))):
                for system in () if shown.excluded else self._find_systems(shown.phenotype):
                    counts[place, system] += 1
        total = counts.sum(axis=1, keepdims=True)
        shares: Floats = counts / np.maximum(total, 1.0)
        return shares


@lru_cache(4)
def reader_of(catalogue: DiscreteCatalogue) -> Reader:
    """The reader that environments of one catalogue share."""
    return Reader(catalogue)
