"""Sentences that give a diagnosis away by their form, and near ones that are fair history."""

from __future__ import annotations

import pytest

from medaction_gym.articles.guard import guarded
from medaction_gym.cases.case import Case, Diagnosis, Presentation, Provenance, TestResult

WHO = "A 52-year-old woman"
NEXT = "She had no fever."


def shown(said: str, diagnosis: str, section: str = "history", complaint: str = "") -> str:
    """What is left of a sentence; another one always stands behind it."""
    case = Case(
        id="x",
        provenance=Provenance(source="test", license="Apache-2.0"),
        presentation=Presentation(**{section: f"{said} {NEXT}", "chief_complaint": complaint}),
        tests=(TestResult(name="Chest CT", result="seen"),),
        diagnosis=Diagnosis(name=diagnosis),
    )
    kept = guarded(case)
    assert kept.case is not None, kept.left
    text = getattr(kept.case.presentation, section)
    assert text.endswith(NEXT)
    return str(text).removesuffix(NEXT).strip()


@pytest.mark.parametrize(
    ("said", "diagnosis", "telling"),
    [
        # what the visit is for
        (f"{WHO} was admitted for an elective cholecystectomy due to chronic calculous "
         "cholecystitis.", "Chronic calculous cholecystitis", ("cholecyst", "calculous")),
        (f"{WHO} was referred for total thyroidectomy.", "Papillary thyroid carcinoma",
         ("thyroid",)),
        (f"{WHO} was admitted to our department for resection of the tumour.",
         "Intracranial meningioma", ("tumour", "resection")),
        (f"{WHO} was scheduled for laparoscopic appendectomy.", "Acute appendicitis", ("append",)),
        (f"{WHO} came to undergo right hip replacement surgery.", "Osteonecrosis of the femoral "
         "head", ("surgery", "replacement")),
        (f"{WHO} was admitted for elective inguinal hernia repair.", "Amyand hernia",
         ("hernia", "repair")),
        (f"{WHO} was seen after excision of a nodule of the scalp.", "Trichilemmal cyst",
         ("excision",)),
        (f"{WHO} was transferred for emergency embolization.", "Hepatic artery pseudoaneurysm",
         ("emboli",)),
        (f"{WHO} was admitted for her third cycle of chemotherapy.", "Burkitt lymphoma",
         ("chemo",)),
        (f"{WHO} was hospitalized for management of scleroderma renal crisis.",
         "Scleroderma renal crisis", ("scleroderma", "crisis", "management")),
        (f"{WHO} was operated for a gastric tumour.", "Gastric schwannoma", ("tumour", "operated")),
        (f"{WHO} presented for the removal of an intrauterine device.",
         "Migrated intrauterine device", ("removal", "device")),
        ("The child was listed for liver transplantation.", "Biliary atresia", ("liver",)),
        ("She was brought to us for percutaneous drainage.", "Liver abscess", ("drainage",)),
        # what helped
        ("She shook and sweated in the mornings, promptly relieved after a glass of juice.",
         "Insulinoma", ("juice",)),
        ("The weakness of her arms was worse at night, with dramatic improvement after levodopa.",
         "Dopa-responsive dystonia", ("levodopa",)),
        ("She was prepared for coiling and surgery of the aneurysm.", "Basilar artery aneurysm",
         ("aneurysm", "coiling")),
        # what was done at this visit
        ("A caesarean hysterectomy was performed.", "Placenta percreta", ("hysterectomy",)),
        ("Emergency surgery was decided.", "Mesenteric ischaemia", ("surgery",)),
        ("Ten units of antivenom were administered.", "Viper envenomation", ("antivenom",)),
        ("She underwent an emergency laparotomy.", "Perforated jejunal diverticulum", ("laparo",)),
        ("The mass was completely excised under general anaesthesia.", "Angiomyolipoma",
         ("excised",)),
        ("She was taken to the operating room.", "Ovarian torsion", ("operating",)),
        ("She was intubated and moved to the intensive care unit.", "Status epilepticus",
         ("intub", "intensive")),
        ("She was started on rifampicin, isoniazid and pyrazinamide.", "Tuberculous pericarditis",
         ("rifampicin",)),
        ("Noradrenaline and other vasopressors were needed.", "Capillary leak syndrome",
         ("vasopressor",)),
        ("She was promptly given intravenous thiamine.", "Wernicke encephalopathy", ("thiamine",)),
        ("Treatment with steroids was initiated.", "Giant cell arteritis", ("steroid",)),
        # how it ended
        ("The autopsy showed a torn aorta.", "Aortic dissection", ("aorta", "autopsy")),
        ("The patient died on the third day.", "Fulminant myocarditis", ("died",)),
        ("Post-mortem examination was refused.", "Fulminant myocarditis", ("mortem",)),
        # the title once more
        ("We report a case of scurvy in a 9-year-old boy.", "Vitamin C deficiency", ("scurvy",)),
        ("Herein, we present a rare case of primary splenic angiosarcoma.", "Splenic sarcoma",
         ("angiosarcoma", "splenic")),
        ("We describe a 40-year-old man with sarcoidosis who presented with a cough.",
         "Pulmonary granulomatosis", ("sarcoidosis",)),
        ("This is a case of Brugada syndrome unmasked by fever.", "Brugada syndrome",
         ("Brugada", "unmasked")),
        # the same disease before, or a part of it
        (f"{WHO}, a known case of Crohn's disease, presented with pain.", "Crohn disease with "
         "psoas abscess", ("Crohn",)),
        (f"{WHO} with a history of lung cancer presented with jaundice.",
         "Pancreatic metastasis from lung adenocarcinoma", ("cancer", "lung")),
        ("Her medical history was significant for renal cell carcinoma.",
         "Thyroid metastasis of a clear cell renal cell carcinoma", ("renal", "carcinoma")),
        ("The tumour had been resected two years ago and had recurred.", "Phyllodes tumour",
         ("resected", "recurred", "tumour")),
        ("She had received chemotherapy ten years ago.", "Therapy-related myeloid leukaemia",
         ("chemo",)),
        ("She was treated for pulmonary tuberculosis in childhood.", "Tuberculous spondylitis",
         ("tuberc",)),
        ("She was on medication for myasthenia gravis.", "Thymoma with myasthenia gravis",
         ("myasthenia", "gravis")),
        ("Her mother died of Huntington's disease.", "Huntington disease", ("Huntington",)),
        ("She had relapsed after six cycles of rituximab.", "Diffuse large B-cell lymphoma",
         ("relapsed", "cycles")),
        ("She was told that she had a brain tumour.", "Glioblastoma", ("tumour",)),
        ("She met the criteria for systemic lupus erythematosus.", "Lupus nephritis", ("lupus",)),
        ("She had been referred to us with the diagnosis of achalasia.",
         "Pseudoachalasia from gastric cancer", ("achalasia",)),
        ("She carried a mutation of the gene.", "Breast cancer", ("mutation",)),
        # the mask between words that tell
        (f"{WHO} with newly recurrent pleomorphic adenoma of the parotid presented with a lump.",
         "Pleomorphic adenoma", ("recurrent",)),
        (f"{WHO} presented with a suspected Bartonella infection.", "Bartonella infection",
         ("suspected", "[withheld]")),
        ("She had been vaccinated against yellow fever.", "Yellow fever vaccine-associated "
         "viscerotropic disease", ("yellow", "vaccin")),
        # a class that only who knows the answer asks for
        ("There was no family history of neurodegenerative disorders.", "Huntington chorea",
         ("neurodegenerative", "family")),
        ("No metabolic, endocrine or chronic hereditary diseases were known.", "Fabry disease",
         ("metabolic", "hereditary", "endocrine")),
        ("She had no thrombotic events and no lung disease.", "Antiphospholipid syndrome",
         ("thrombotic", "lung")),
        ("She denied diabetes, skin infections, and gout.", "Ecthyma", ("infection",)),
        ("She had had myotonic spells since birth.", "Congenital myotonia", ("myotonic",)),
        # studies of relatives, and what a test was to find
        ("The proband and her sister had small ears.", "Treacher Collins syndrome", ("proband",)),
        ("An MRI was requested to exclude malformations.", "Chiari malformation", ("exclude",)),
        ("She had a history of ureterolithotomy.", "Renal calculus", ("litho",)),
        ("She had a history of herniorrhaphy.", "Recurrent hernia", ("hernio",)),
        ("She had no history of immunodeficiency.", "Omenn syndrome", ("immuno",)),
        ("As newborn screening for lymphocytes is not done here, the boy was vaccinated.",
         "Omenn syndrome", ("screening",)),
        ("The bleeding of her gums was not promptly recognized as a clotting defect.",
         "Haemophilia A", ("clotting",)),
        ("She was screened for immune defects.", "Hyper-IgM syndrome", ("immune",)),
        # what only became known later
        ("She had a bleeding tendency, later recognized as a clotting defect.", "Haemophilia A",
         ("clotting",)),
        ("Considering these signs, a clotting defect was sought.", "Haemophilia A", ("clotting",)),
    ],
)  # fmt: skip
def test_what_gives_it_away_is_not_shown(
    said: str, diagnosis: str, telling: tuple[str, ...]
) -> None:
    left = shown(said, diagnosis)
    assert not [word for word in telling if word.casefold() in left.casefold()], left


@pytest.mark.parametrize(
    ("said", "diagnosis"),
    [
        (f"{WHO} presented to the Department of Oral Surgery with a swollen jaw.", "Ameloblastoma"),
        (f"{WHO} visited the surgery clinic for abdominal pain.", "Acute appendicitis"),
        ("She had a cholecystectomy ten years ago.", "Acute pancreatitis"),
        ("She had a history of ureterolithotomy.", "Retained sponge"),
        ("She had undergone a caesarean section in 2015.", "Placenta accreta"),
        ("Her general practitioner prescribed amoxicillin without effect.", "Lemierre syndrome"),
        ("She had been treated with oral antibiotics for a week.", "Psittacosis"),
        ("She was taking metformin and lisinopril.", "Lactic acidosis"),
        ("She had a history of hypertension and of diabetes mellitus.", "Moyamoya disease"),
        ("She had a two-week history of painful, swollen knees.", "Septic arthritis"),
        ("Her sister had died of breast cancer.", "Pulmonary embolism"),
        ("She was intubated three years ago after a fall.", "Tracheal stenosis"),
        ("Her pain was not relieved by paracetamol.", "Osteomyelitis"),
        ("She denied alcohol, smoking and drugs.", "Wernicke encephalopathy"),
        ("A firm mass of 4 cm was palpable in the left breast.", "Phyllodes tumour"),
        (f"{WHO} with diabetes mellitus presented with a rash of the trunk.", "Scabies"),
        ("There was no family history of similar conditions.", "Fabry disease"),
        ("Her parents were worried about the shape of her legs.", "Blount disease"),
        ("She had no chronic diseases and took no drugs.", "Fabry disease"),
        (f"{WHO} without fever presented with a lung infection.", "Pulmonary sequestration"),
    ],
)  # fmt: skip
def test_what_is_fair_history_stays(said: str, diagnosis: str) -> None:
    assert shown(said, diagnosis) == said


@pytest.mark.parametrize(
    ("complaint", "diagnosis", "left"),
    [
        ("Management of uterine rupture", "Uterine rupture", ""),
        ("Elective thyroidectomy", "Papillary thyroid carcinoma", ""),
        ("Pain due to a hydatid cyst", "Hydatid cyst", "Pain"),
        ("Pain after a hysterectomy", "Ureteral injury", "Pain after a hysterectomy"),
        ("Chest pain and fever", "Pericarditis", "Chest pain and fever"),
    ],
)
def test_a_complaint_that_is_the_answer_is_left_empty(
    complaint: str, diagnosis: str, left: str
) -> None:
    case = Case(
        id="x",
        provenance=Provenance(source="test", license="Apache-2.0"),
        presentation=Presentation(history=NEXT, chief_complaint=complaint),
        tests=(TestResult(name="Chest CT", result="seen"),),
        diagnosis=Diagnosis(name=diagnosis),
    )
    kept = guarded(case)
    assert kept.case is not None
    assert kept.case.presentation.chief_complaint == left
