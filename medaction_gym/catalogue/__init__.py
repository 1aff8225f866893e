"""The catalogue of diagnostic tests: names, panels, body sites, specimens and prices."""
