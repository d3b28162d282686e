"""The reference of the local Cloud Run: what it does with each method and field of Run v2.

Nothing of it is declared. Every field of Google's own types is given a value and sent through the
real translators to the real state model; what comes of it decides what the page says.
"""
