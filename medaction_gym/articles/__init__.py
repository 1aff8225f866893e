"""Articles: published case reports as they are served, and their way into a `Case`.

`read` brings in an article (JATS XML, BioC JSON, MedR-Bench's ``raw_case``, plain text), a
`Compiler` turns it into cases or says why it does not.
"""
