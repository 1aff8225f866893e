"""Vitals: temperature, pulse, blood pressure and breathing, as age and findings have them."""

from __future__ import annotations

from random import Random

from medaction_gym.synthetic.patient import Patient

FEVER, HYPERTENSION, HYPOTENSION = "HP:0001945", "HP:0000822", "HP:0002615"
TACHYCARDIA, BRADYCARDIA, TACHYPNEA = "HP:0001649", "HP:0001662", "HP:0002789"
CYANOSIS, HYPOXEMIA, DISTRESS = "HP:0000961", "HP:0012418", "HP:0002098"
IN_NUMBERS = (HYPERTENSION, HYPOTENSION, TACHYCARDIA, BRADYCARDIA, TACHYPNEA)

# Upper age, then resting pulse, systolic pressure and breaths a minute, low and high: common
# textbook ranges, narrowed to what is plainly normal.
_RESTING = (
    (1.0, (115, 145), (76, 92), (32, 44)),
    (3.0, (98, 125), (86, 100), (24, 32)),
    (6.0, (86, 112), (92, 106), (20, 27)),
    (12.0, (76, 100), (98, 114), (17, 23)),
    (200.0, (62, 84), (110, 134), (12, 17)),
)


def vitals(rng: Random, patient: Patient) -> str:
    """One sentence of numbers."""
    has = {trait.phenotype for trait in patient.findings}
    pulse, systolic, breaths = next(row[1:] for row in _RESTING if patient.age < row[0])
    heat = 38.3 + 1.3 * rng.random() if FEVER in has else 36.3 + 0.8 * rng.random()
    rate = rng.randint(*pulse) * (1.0 + 0.08 * (FEVER in has))
    rate *= 1.45 if TACHYCARDIA in has else 0.62 if BRADYCARDIA in has else 1.0
    top = rng.randint(*systolic) * (
        1.0 + 0.32 * (HYPERTENSION in has) - 0.26 * (HYPOTENSION in has)
    )
    bottom = top * (0.58 + 0.05 * rng.random())
    breath = rng.randint(*breaths) * (1.6 if {TACHYPNEA, DISTRESS} & has else 1.0)
    oxygen = rng.randint(80, 87) if {CYANOSIS, HYPOXEMIA} & has else rng.randint(96, 99)
    return (
        f"Temperature {heat:.1f} °C, pulse {rate:.0f}/min, BP {top:.0f}/{bottom:.0f} mmHg,"
        f" respiratory rate {breath:.0f}/min, SpO2 {oxygen}%."
    )
