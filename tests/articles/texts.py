"""Fictional articles for the tests, in the formats that are served."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

CASE = (
    "A 34-year-old woman presented to the emergency department with palpitations and weight loss "
    "for two months. She had no family history of thyroid disease. She denied smoking.",
    "On examination, she was anxious with a fine tremor. Her heart rate was 124 beats per minute.",
    "Laboratory tests revealed a TSH of 0.01 mIU/L and a free T4 of 48 pmol/L. "
    "Thyroid ultrasound showed a diffusely enlarged, hypervascular gland. "
    "TSH receptor antibodies were positive. A diagnosis of Graves' disease was made.",
    "She was treated with carbimazole 20 mg daily. At three months her symptoms had resolved.",
)
PLAIN = "\n\n".join(
    (
        "Graves' disease presenting as palpitations: a case report",
        "Graves' disease is common. We report a woman with palpitations.",
        "Introduction",
        "Graves' disease is an autoimmune disease of the thyroid [1].",
        "Case presentation",
        " ".join(CASE),
        "Discussion",
        "Thyroid scintigraphy shows diffuse uptake in Graves' disease. CT of the neck may show a "
        "goitre.",
        "Ethics",
        "Consent was obtained.",
    )
)
TABLE = """<table-wrap id="T1"><label>Table 1</label><caption><p>Blood tests</p></caption><table>
<thead><tr><th>Test</th><th>Result</th><th>Reference</th></tr></thead><tbody>
<tr><td>Sodium</td><td>139 mmol/L</td><td>135-145</td></tr>
<tr><td>Creatinine</td><td>61 µmol/L</td><td>45-90</td></tr>
<tr><td>ALT</td><td>88 U/L</td><td>&lt;35</td></tr></tbody></table></table-wrap>"""


def jats(
    body: str,
    *,
    title: str = "Graves&#x2019; disease presenting as palpitations: a case report",
    doctype: str = "",
    attributes: str = 'article-type="case-report" xml:lang="en"',
    pmc: str = "900001",
) -> bytes:
    """A JATS document around a body."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>{doctype}
<article {attributes} xmlns:xlink="http://www.w3.org/1999/xlink"><front><article-meta>
<article-id pub-id-type="pmc">{pmc}</article-id><article-id pub-id-type="doi">10.1/x</article-id>
<title-group><article-title>{title}</article-title></title-group>
<permissions><license license-type="open-access"
 xlink:href="https://creativecommons.org/licenses/by/4.0/"><license-p>CC</license-p></license>
</permissions><abstract><p>We report a woman with palpitations.</p></abstract>
<kwd-group><kwd>thyroid</kwd></kwd-group></article-meta></front>
<body>{body}</body></article>""".encode()


BODY = (
    "<sec><title>Introduction</title><p>A disease of the thyroid "
    '<xref ref-type="bibr" rid="r1">[1]</xref>.</p></sec>'
    "<sec><title>Case report</title>"
    + "".join(f"<p>{text}</p>" for text in CASE[:3])
    + TABLE
    + '<fig id="F1"><label>Figure 1</label><caption><p>Ultrasound of the neck.</p></caption></fig>'
    + f"<sec><title>Treatment</title><p>{CASE[3]}</p></sec></sec>"
    "<sec><title>Discussion</title><p>Thyroid scintigraphy shows diffuse uptake.</p></sec>"
)


def bioc() -> bytes:
    """The same article as PMC's BioC JSON."""

    def passage(section: str, kind: str, text: str, **more: str) -> dict[str, object]:
        return {"infons": {"section_type": section, "type": kind, **more}, "text": text}

    title = "Graves' disease presenting as palpitations: a case report"
    passages = [
        passage("TITLE", "front", title, **{"article-id_pmc": "900001", "license": "CC BY"}),
        passage("ABSTRACT", "abstract", "We report a woman with palpitations."),
        passage("INTRO", "title_1", "Introduction"),
        passage("INTRO", "paragraph", "A disease of the thyroid."),
        passage("CASE", "title_1", "Case report"),
        *(passage("CASE", "paragraph", text) for text in CASE),
        passage("DISCUSS", "title_1", "Discussion"),
        passage("DISCUSS", "paragraph", "Thyroid scintigraphy shows diffuse uptake."),
        passage("REF", "ref", "A reference."),
    ]
    return json.dumps([{"documents": [{"id": "900001", "passages": passages}]}]).encode()


def archive(path: Path, members: dict[str, bytes]) -> Path:
    """A tar.gz with these members, under whatever names."""
    with tarfile.open(path, "w:gz") as file:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))
    return path
