"""Traits: what is known of every concept of the graph as a diagnosis, before any case."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from medaction_gym.knowledge.naming import same
from medaction_gym.knowledge.shared import knowledge
from medaction_gym.knowledge.tables import Kind

Vector = NDArray[np.float64]

# Concepts that nobody would write down as a diagnosis: states of a measurement, drawers, classes.
_NO_DIAGNOSIS = re.compile(
    r"^(?:abnormal|elevated|increased|decreased|reduced|other |(?:disorder|disease)s? of)|"
    r"unspecified|elsewhere|concentration|morphology|manifestation| of other |response$",
    re.I,
)
_CLASS = re.compile(
    r"(?:disorder|disease|abnormality|anomaly|malformation|neoplasm|tumor|finding|physiology|injury)"
    r"s?$",
    re.I,
)
_LEAST_SPECIFIC, _LEAST_SPECIFIC_CLASS = 0.3, 0.6  # information content of a diagnosis


class Traits(NamedTuple):
    """Over the rows of the graph.

    Attributes:
        same: The row of the concept that a row is another vocabulary's name of, or itself.
        sayable: Whether one would write it down as a diagnosis.
        disease: Sayable, and a disease rather than a phenotype.
        columns: "prominence", how many names it has; "coded", whether ICD-10-CM has it; "icd",
            whether only ICD-10-CM has it; "sign", how often diseases are annotated with it;
            "phenotype" and "also_phenotype", whether it is one, or HPO lists it as well;
            "specific", its information content.
    """

    same: NDArray[np.int64]
    sayable: NDArray[np.bool_]
    disease: NDArray[np.bool_]
    columns: dict[str, Vector]


@cache
def traits() -> Traits:
    """What is known of every concept of the shared graph before any case."""
    graph = knowledge()
    arrays, row = graph.arrays, same(graph)
    ids, names = list(graph), [graph.name(identifier) for identifier in graph]
    ic = arrays["ic"].astype(np.float64)
    is_disease = arrays["kind"] == Kind.DISEASE
    is_phenotype = arrays["kind"] == Kind.PHENOTYPE
    icd = np.array([identifier.startswith("ICD10CM:") for identifier in ids])
    own = row == np.arange(len(ids))
    coded, also = np.zeros(len(ids)), np.zeros(len(ids))
    coded[row[icd & ~own]] = 1
    also[row[is_phenotype & ~own]] = 1
    # How often it is annotated as a mere manifestation of diseases.
    sign = np.where(is_phenotype, 1 - ic, 0.0)
    np.maximum.at(sign, row, np.where(is_phenotype, 1 - ic, 0.0))
    names_of = np.diff(arrays["xref.of"].astype(int)) + np.diff(arrays["synonym.of"].astype(int))
    vague = np.array([bool(_NO_DIAGNOSIS.search(name)) for name in names])
    broad = np.array([bool(_CLASS.search(name)) for name in names])
    sayable = own & (is_disease | is_phenotype) & (arrays["hidden"] == 0) & ~vague
    sayable &= ic > np.where(broad, _LEAST_SPECIFIC_CLASS, _LEAST_SPECIFIC)
    columns = {
        "prominence": np.log1p(names_of),
        "coded": coded,
        "sign": sign,
        "phenotype": is_phenotype.astype(float),
        "also_phenotype": also,
        "icd": icd.astype(float),
        "specific": ic,
    }
    return Traits(row, sayable, is_disease & sayable, columns)


def written(name: str) -> str:
    """A concept's name as one writes it: without "(disease)".

    Example:
        >>> written("liver abscess (disease)")
        'liver abscess'
    """
    return re.sub(r"\s*\((?:disease|disorder|finding)\)$", "", name) or name
