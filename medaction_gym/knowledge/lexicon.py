"""Words of general medical English that the linker treats specially.

Nothing here names a disease. The lists hold adjectives and the organs they stand for, words that
only qualify a diagnosis, and words too general to identify one. They come from anatomy and everyday
clinical usage, not from the cases the linker is measured on.
"""

from __future__ import annotations


def _pairs(text: str) -> dict[str, str]:
    """Read ``variant variant > canonical`` lines."""
    table = {}
    for line in text.strip().splitlines():
        variants, canonical = line.split(">")
        for variant in variants.split():
            table[variant] = canonical.strip()
    return table


# Adjective or Latin stem > the noun used for both, after British spelling and plurals are levelled.
CANONICAL = _pairs("""
renal nephric > kidney
hepatic > liver
cardiac myocardial > heart
pulmonary > lung
gastric > stomach
cerebral encephalic > brain
intestinal enteric bowel gut > intestine
colonic > colon
caecal cecal > cecum
colorectum > colorectal
rectal > rectum
anal > anus
jejunal > jejunum
ileal > ileum
duodenal > duodenum
appendiceal appendicular vermiform > appendix
esophageal > esophagus
oropharyngeal > oropharynx
nasopharyngeal > nasopharynx
hypopharyngeal > hypopharynx
pharyngeal > pharynx
laryngeal > larynx
tracheal > trachea
bronchial > bronchus
pleural > pleura
pericardial > pericardium
endocardial > endocardium
peritoneal > peritoneum
mesenteric > mesentery
omental > omentum
splenic > spleen
pancreatic > pancreas
biliary > bile
ocular ophthalmic > eye
orbital > orbit
retinal > retina
corneal > cornea
conjunctival > conjunctiva
choroidal > choroid
macular > macula
scleral > sclera
uveal > uvea
vitreal > vitreous
palpebral > eyelid
aural otic > ear
nasal > nose
oral > mouth
lingual > tongue
gingival gum > gingiva
dental > tooth
teeth > tooth
mandibular > mandible
maxillary > maxilla
palatal palatine > palate
labial > lip
tonsillar > tonsil
buccal > cheek
cutaneous dermal dermatologic > skin
vertebral > vertebra
spinal > spine
osseous > bone
bony > bone
muscular > muscle
tendinous > tendon
articular > joint
femoral > femur
tibial > tibia
fibular > fibula
humeral > humerus
ulnar > ulna
clavicular > clavicle
scapular > scapula
sternal > sternum
costal > rib
sacral > sacrum
coccygeal > coccyx
calcaneal > calcaneus
patellar > patella
meniscal > meniscus
cranial > cranium
uterine uteri > uterus
ovarian > ovary
vaginal > vagina
vulvar vulval > vulva
endometrial > endometrium
myometrial > myometrium
tubal > tube
placental > placenta
mammary > breast
testicular > testis
testicle > testis
penile > penis
scrotal > scrotum
epididymal > epididymis
prostatic > prostate
urethral > urethra
ureteral ureteric > ureter
vesical > bladder
adrenal suprarenal > adrenal
thymic > thymus
thyroidal > thyroid
pituitary hypophyseal hypophysial > pituitary
meningeal > meninges
leptomeningeal > leptomeninges
cerebellar > cerebellum
thalamic > thalamus
hypothalamic > hypothalamus
callosal > callosum
venous > vein
arterial > artery
aortic > aorta
valvular > valve
atrial > atrium
ventricular > ventricle
septal > septum
lymphatic > lymph
nodal > node
neural > nerve
umbilical > umbilicus
inguinal > groin
axillary > axilla
abdominal > abdomen
thoracic > thorax
chest > thorax
cervix > cervical
tumor tumour neoplasia > neoplasm
neoplastic > neoplasm
carcinomatous cancerous > carcinoma
sarcomatous > sarcoma
leukemic > leukemia
lymphomatous > lymphoma
metastatic metastasized secondaries > metastasis
hemorrhagic bleeding > hemorrhage
infectious infected infective > infection
tuberculous tubercular > tuberculosis
syphilitic > syphilis
fungal mycotic > fungus
bacterial > bacteria
viral > virus
parasitic > parasite
inflammatory > inflammation
ischemic > ischemia
thrombotic > thrombosis
embolic > embolism
stenotic > stenosis
cirrhotic > cirrhosis
necrotising > necrotizing
necrotic > necrosis
obstructive > obstruction
obstructed > obstruction
perforated > perforation
ruptured > rupture
infarct infarcted > infarction
duplicated > duplication
calcified > calcification
ossified > ossification
dilated > dilatation
displaced > displacement
incarcerated > incarceration
anomaly > malformation
torn > tear
fractured > fracture
herniated > herniation
dislocated > dislocation
intoxication > poisoning
traumatic > trauma
diabetic > diabetes
hypertensive > hypertension
epileptic > epilepsy
anemic > anemia
heritable inherited familial hereditary > hereditary
inborn > congenital
pediatric paediatric childhood child > childhood
neonate newborn > neonatal
pregnant gestational > pregnancy
disorder illness > disease
calculus lithiasis stone > calculus
hematoma > hemorrhage
overdose toxicity > poisoning
diverticular > diverticulum
thoracis > thorax
corneae > cornea
cutis > skin
dystrophia > dystrophy
morbus > disease
myelogenous myelocytic > myeloid
malignancy > malignant
acuminata > acuminatum
""")

# Carry no meaning in a name.
STOP = frozenset(
    """
    a an and are as at be by caused classified due elsewhere for from has her his in into is it
    its nos of on or other specified the their this to unspecified via was were with within
    """.split()
)

# Say how, when or where a disease is, not which: a query need not find them in the entry it links
# to.
MODIFIER = frozenset(
    """
    acquired active acute adult advanced anterior asymptomatic atypical benign bilateral biopsy
    central childhood chronic classic classical complete complicated confirmed congenital
    delayed differentiated diffuse disseminated distal early elderly extensive female focal form
    fulminant gene generalized giant grade hereditary heterozygous high homozygous huge
    iatrogenic idiopathic inactive incidental incomplete infantile inferior invasive isolated
    juvenile known large late lateral left likely localized locally low lower male malignant
    massive medial metastasis mild moderate moderately multifocal multiple mutation neonatal new
    novel old onset paroxysmal partial pathogenic peripheral persistent poorly possible
    posterior postoperative presumed primary probable progressive proven proximal rare recurrent
    refractory relapsing resistant right ruptured secondary severe single small solitary
    spontaneous sporadic stage subacute subtype superior suspected symptomatic tiny total
    transient type typical uncomplicated unilateral unusual upper variant well
    """.split()
)

# Too general to be a diagnosis alone: linked only together with another word of the query.
GENERIC = frozenset(
    """
    abnormality anomaly bacteria benign body cancer carcinogenesis case cell change complication
    condition death defect deficiency deformity degeneration deposit disability disease
    disturbance dysfunction dysplasia enlargement entity episode event failure feature finding
    form formation fungus growth history infection inflammation injury insufficiency involvement
    lesion loss malformation malignant mass metastasis neoplasm nodule obstruction organ pain
    parasite patient presentation problem process reaction rupture state status swelling symptom
    syndrome system tissue trauma virus
    """.split()
)

# General, but still a class of disease: named as a last resort, with low confidence.
BROAD = frozenset("infection metastasis neoplasm malformation poisoning injury trauma".split())

# What a process is a kind of, by definition, for phrases that fit no name; "-" marks an ending.
HYPERNYM = {
    **_pairs("""
    laceration abrasion contusion tear sprain strain wound bite avulsion amputation > injury
    rupture disruption dislocation subluxation displacement separation crush puncture > injury
    trauma > injury
    infarction > ischemia
    apoplexy > hemorrhage
    thrombus > thrombosis
    embolus > embolism
    metastasis > metastatic neoplasm
    malformation anomaly agenesis aplasia atresia duplication ectopia > congenital anomaly
    toxicity envenomation sting ingestion > poisoning
    calcification > calcinosis
    infestation > parasitic infection
    """),
    "-itis": "inflammation",
    "-carcinoma": "carcinoma",
    "-sarcoma": "sarcoma",
    "-lymphoma": "lymphoma",
    **dict.fromkeys(("-blastoma", "-cytoma", "-fibroma", "-lipoma", "-angioma"), "neoplasm"),
    **dict.fromkeys(("-myxoma", "-papilloma", "-elastoma", "-glioma", "-thelioma"), "neoplasm"),
    **dict.fromkeys(("-chondroma", "-osteoma", "-myoma", "-neuroma", "-schwannoma"), "neoplasm"),
    "-adenoma": "adenoma",
    "-anemia": "anemia",
    "-cardiomyopathy": "cardiomyopathy",
    "-neuropathy": "neuropathy",
    "-myopathy": "myopathy",
    "-encephalopathy": "encephalopathy",
    "-retinopathy": "retinopathy",
    "-keratopathy": "keratopathy",
    "-vasculopathy": "vasculopathy",
    "-mycosis": "fungal infection",
}

# Need not be covered by the name a phrase is linked to.
WEAK = frozenset("disease syndrome condition abnormality abnormal".split())

# A name may hold one of these although the phrase does not ("Takayasu" for "Takayasu disease").
OMISSIBLE = frozenset("disease syndrome".split())

# A generic word that may stand for "disease" when an organ or organism precedes it.
ANATOMY = frozenset(
    """
    abdomen abdominal accessory adrenal anus aorta appendix arm artery atrium axilla back bile
    bladder blood bone brain brainstem breast bronchus calcaneus callosum canal capillary
    cardiovascular carotid cartilage cavity cecum cerebellum cerebrovascular cervical cheek
    chin choroid clavicle coccyx colon conjunctiva cord cornea coronary corpus cranium diaphragm
    disc duct duodenum ear elbow endocardium endometrium epididymis esophagus eye eyelid face
    femur fibula finger foot frontal gallbladder ganglion gastrointestinal genital genitourinary
    gingiva gland groin hair hand head heart hip humerus hypopharynx hypothalamus ileum iliac
    ilium incisor intestine iris ischium jaw jejunum joint jugular kidney knee lacrimal larynx
    leg lens leptomeninges ligament limb limbic lip liver lobe lung lymph lymphatic macula
    mandible marrow maxilla mediastinum medulla meninges meniscus mesentery midbrain mitral
    molar mouth muscle musculoskeletal myometrium nail nasopharynx neck nerve nervous node nose
    occipital omentum orbit oropharynx ovary palate pancreas paranasal parathyroid parietal
    parotid patella pelvis penis pericardium peritoneum pharynx pineal pituitary placenta pleura
    plexus pons pontine portal prostate pubis rectum respiratory retina retroperitoneum rib root
    sacroiliac sacrum scalp scapula sclera scrotum septum shoulder sinus skeletal skeleton skin
    skull soft spinal spine spleen sternum stomach sympathetic system temporal tendon testis
    thalamus thigh thorax thumb thymus thyroid tibia tissue toe tongue tonsil tooth trachea
    tract trunk tube ulna umbilicus ureter urethra urinary uterus uvea vagina valve vascular
    vein ventricle vertebra vessel vitreous vulva wall wrist
    """.split()
)

# Endings that mark a word as the name of a process, hence a possible head of a diagnosis.
DISEASE_ENDINGS = tuple(
    """
    itis oma osis iasis emia pathy algia ectasia ectasis edema penia plegia paresis trophy
    plasia sclerosis stenosis cele lysis rrhea rrhage megaly uria ism ysm sarcoma syndrome
    fracture infarction abscess hernia fistula ulcer cyst polyp torsion rupture dystrophy
    malaria sepsis pneumonia tetanus fever poisoning embolism failure stroke shock palsy
    dementia epilepsy asthma lupus leprosy migraine gout agenesis atresia duplication
    dislocation subluxation hematoma thrombus apoplexy spasm tear laceration entrapment
    compression occlusion perforation malformation ectopia impingement dehiscence diverticulum
    bezoar calculus effusion stricture dissection leak diastasis
    """.split()
)
