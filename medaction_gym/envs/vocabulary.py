"""Vocabulary: what the action space samples from, so that random play is not gibberish."""

from __future__ import annotations

from functools import lru_cache

from medaction_gym.catalogue.catalogue import Catalogue

# Common and varied; none is drawn from the cases played.
_DISEASES = (
    "Acute appendicitis", "Acute coronary syndrome", "Acute pancreatitis", "Anemia", "Asthma",
    "Bacterial meningitis", "Bipolar disorder", "Breast cancer", "Celiac disease", "Cholecystitis",
    "Chronic kidney disease", "Chronic obstructive pulmonary disease", "Colorectal cancer",
    "Crohn disease", "Cushing syndrome", "Deep vein thrombosis", "Dementia", "Dermatomyositis",
    "Diverticulitis", "Endometriosis", "Epilepsy", "Gastric ulcer", "Giant cell arteritis",
    "Glaucoma", "Gout", "Heart failure", "Hodgkin lymphoma", "Hyperthyroidism", "Hypothyroidism",
    "Infective endocarditis", "Influenza", "Iron deficiency", "Ischemic stroke", "Lung cancer",
    "Lyme disease", "Melanoma", "Migraine", "Multiple myeloma", "Multiple sclerosis",
    "Myasthenia gravis", "Nephrotic syndrome", "Osteoarthritis", "Osteomyelitis",
    "Parkinson disease", "Peptic ulcer disease", "Pneumonia", "Polymyalgia rheumatica",
    "Psoriasis", "Pulmonary embolism", "Pyelonephritis", "Rheumatoid arthritis", "Sarcoidosis",
    "Sepsis", "Sickle cell disease", "Systemic lupus erythematosus", "Tuberculosis",
    "Type 1 diabetes mellitus", "Type 2 diabetes mellitus", "Urinary tract infection",
    "Viral hepatitis",
)  # fmt: skip


def disease_vocabulary() -> tuple[str, ...]:
    """Sixty common diseases."""
    return _DISEASES


@lru_cache(maxsize=1)
def test_vocabulary() -> tuple[str, ...]:
    """The names of all panels and procedures in the catalogue."""
    return tuple(
        term.name for term in Catalogue.load().terms.values() if term.kind in ("panel", "procedure")
    )


test_vocabulary.__test__ = False  # type: ignore[attr-defined]  # not a pytest function
