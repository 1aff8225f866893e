"""Generator: from a seed and a number to a case."""

from __future__ import annotations

from functools import cache
from random import Random

from medaction_gym.cases.case import Case, Provenance
from medaction_gym.cases.leaks import find_leaks
from medaction_gym.knowledge.graph import KnowledgeGraph
from medaction_gym.knowledge.shared import knowledge
from medaction_gym.synthetic.patient import Patient, draw
from medaction_gym.synthetic.prose import present
from medaction_gym.synthetic.roster import Disease, Roster
from medaction_gym.synthetic.workup import work_up

CODED = 0.4  # cases of a disease that ICD-10-CM knows by its own name
ATTEMPTS = 60  # drawings until one makes a case; the mean is below two
LICENSE = (
    "Apache-2.0; made from HPO annotations (HPO licence, hpo.jax.org) and MONDO names (CC BY 4.0)"
)

SOURCE = "medaction-gym synthetic cases"  # of the provenance


class Generator:
    """Makes fictional patients of one knowledge graph.

    Every number it draws comes from Python's `random.Random`, seeded with the text
    ``"seed:number:attempt"``: the same on every platform and in every process.

    Args:
        graph: The knowledge graph.

    Example:
        >>> case = generator().case(7, 0)
        >>> case.id, case == generator().case(7, 0)
        ('synthetic-7-0', True)
    """

    def __init__(self, graph: KnowledgeGraph) -> None:
        self.graph = graph
        self.roster = Roster(graph)

    def case(self, seed: int, number: int, *, disease: str | None = None) -> Case:
        """Case ``number`` of a seed.

        Args:
            seed: The set.
            number: The case's place in it.
            disease: A concept of the roster, to make the patient have it; None draws one.

        Raises:
            ValueError: If the disease is none of the roster, or no patient with it can be made.
        """
        if disease is not None and not (
            disease in self.graph and self.graph.row(disease) in self.roster.rows
        ):
            raise ValueError(
                f"no patient can have {disease!r}: it is none of the"
                f" {len(self.roster.rows)} diseases in Generator.roster"
            )
        for attempt in range(ATTEMPTS):
            rng = Random(f"medaction-synthetic:{seed}:{number}:{attempt}")
            row = self._draw_disease(rng) if disease is None else self.graph.row(disease)
            if case := self._make(rng, f"synthetic-{seed}-{number}", self.roster.disease(row)):
                return case
        raise ValueError(f"case {number} of seed {seed}: {ATTEMPTS} drawings made no patient")

    def _draw_disease(self, rng: Random) -> int:
        """A disease: one that has its own ICD-10-CM code in a fixed share, else any other."""
        among = self.roster.coded if rng.random() < CODED else self.roster.uncoded
        return among[rng.randrange(len(among))]

    def _make(self, rng: Random, id: str, disease: Disease) -> Case | None:
        patient = draw(rng, disease)
        if patient is None:
            return None
        shared = self.sharing(disease, patient)
        rivals = [self.roster.rival(row) for row, _ in _some(rng, shared)]
        if len(rivals) < 3:
            return None
        record = work_up(rng, patient, disease, rivals)
        case = Case(
            id=id,
            provenance=Provenance(
                source=SOURCE,
                license=LICENSE,
                url="https://hpo.jax.org",
                note=f"Fictional; no real patient. Drawn from {self._releases()}.",
            ),
            presentation=present(rng, patient, disease, rivals),
            tests=record.tests,
            diagnosis=disease.diagnosis,
            differential=_shuffled(rng, [disease.diagnosis.name, *(r.name for r in rivals)]),
            metadata={
                "rare": not disease.coded,
                "disease": disease.id,
                "findings": [trait.phenotype for trait in record.shown],
            },
        )
        return None if find_leaks(case) else case

    def _releases(self) -> str:
        versions = self.graph.versions
        return f"HPO annotations {versions['HPO annotations']} and MONDO {versions['MONDO']}"

    def sharing(self, disease: Disease, patient: Patient) -> list[tuple[int, int]]:
        """Other diseases with the patient's findings; none is a kind of the disease."""
        kin = self.graph.ancestors(disease.id)
        return [
            (row, score)
            for row, score in self.roster.sharing([t.row for t in patient.findings])
            if self.graph.identifier(row) not in kin
            and disease.id not in self.graph.ancestors(self.graph.identifier(row))
        ]


def _shuffled(rng: Random, names: list[str]) -> tuple[str, ...]:
    """The differential in random order: by its findings the gold would always come first."""
    rng.shuffle(names)
    return tuple(dict.fromkeys(names))


def _some(rng: Random, shared: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Four to six of the twelve that share most."""
    nearest = shared[:12]
    rng.shuffle(nearest)
    return sorted(nearest[: rng.randint(4, 6)], key=lambda pair: (-pair[1], pair[0]))


@cache
def generator() -> Generator:
    """The generator that a process shares, over the shared graph."""
    return Generator(knowledge())
