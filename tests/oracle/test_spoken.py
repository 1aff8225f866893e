"""Spoken requests: plain speech, persons, rooms, organs by their operations, germs' adjectives."""

from __future__ import annotations

import pytest

from medaction_gym.oracle.wish import read_request


def _heads(request: str) -> list[str]:
    return [wish.order.head.id if wish.order.head else "" for wish in read_request(request).wishes]


@pytest.mark.parametrize(
    ("request_", "heads"),
    [
        ("Can a psychiatrist see her?", ["mental_state_exam"]),
        ("What did the audiologist find?", ["audiometry"]),
        ("Send him to the sleep lab, please", ["polysomnography"]),
        ("an ECG in the cath lab", ["ecg"]),
        ("Ask the dermatologist for a skin biopsy", ["biopsy"]),
        ("How well is the heart pumping?", ["echo"]),
        ("Look at the back of her eyes", ["fundoscopy"]),
        ("Tap his knees with a hammer", ["neuro_exam"]),
        ("Take a piece of tissue from the rash", ["biopsy"]),
        ("check for a DVT and send a D-dimer", ["ultrasound", "d_dimer"]),
        ("cystoscopic look at the bladder", ["cystoscopy"]),
        ("put the sputum under a microscope", ["microscopy"]),
        ("Flexible scope of the larynx", ["endoscopy"]),
        ("get his chest X-rayed", ["xray"]),
        ("heart work-up", ["ecg", "echo", "physical_examination"]),
        ("What is the MIC of caspofungin?", ["susceptibility"]),
        ("Any Klebsiella in the sputum?", ["microbiology"]),
        ("physical and mental state exam", ["physical_examination", "mental_state_exam"]),
        ("Palpate the thyroid and order a TSH", ["physical_examination", "tsh"]),
        ("HIV and a CRP", ["microbiology", "crp"]),
        ("A urine sample and a CRP", ["urine_tests", "crp"]),
        ("CT of the knee and bloods", ["ct", "blood_tests"]),
        ("To the echo lab and a CRP", ["echo", "crp"]),
        ("Run the probe over the thyroid", ["ultrasound"]),
        ("examine the liver and spleen by ultrasound", ["ultrasound"]),
    ],
)
def test_plain_speech_stands_for_tests(request_: str, heads: list[str]) -> None:
    assert _heads(request_) == heads


@pytest.mark.parametrize(
    ("request_", "sites"),
    [
        ("CT of the knee and of the lower abdomen", [{"knee"}, {"lower_abdomen"}]),
        ("examine the eyes and ears", [{"eye"}, {"ear"}]),
        ("CT of the chest and abdomen", [{"chest", "lung", "abdomen"}]),
        ("histology of the nephrectomy specimen", [{"kidney"}]),
        ("Does the cyst bleed into the spleen? Get a CT of the chest", [{"chest", "lung"}]),
    ],
)
def test_sites_of_spoken_requests(request_: str, sites: list[set[str]]) -> None:
    wishes = [wish for wish in read_request(request_).wishes if wish.order.head]
    assert [set(wish.order.sites) for wish in wishes] == sites


@pytest.mark.parametrize(
    ("adjective", "organism"),
    [
        ("chlamydial", "chlamydia_trachomatis"),
        ("syphilitic", "syphilis"),
        ("borrelial", "borrelia"),
        ("adenoviral", "adenovirus"),
        ("aspergillal", "aspergillus"),
        ("leishmanial", "leishmania"),
    ],
)
def test_adjectives_of_germs(adjective: str, organism: str) -> None:
    (wish,) = read_request(f"{adjective} serology").wishes
    assert organism in wish.order.organisms


def test_microscopy_of_what_was_taken_out_may_be_histology() -> None:
    (wish,) = read_request("How does the excised lump look under the microscope?").wishes
    assert "histopathology" in {sense.order.head.id for sense in wish.senses if sense.order.head}
    (wish,) = read_request("microscopy of the urine").wishes
    assert not wish.senses
