"""What becomes of a promise or a result in a period, in a word, and how sure that is."""

from __future__ import annotations

KEPT, MISSED, TOO_FEW, NO_DATA = "kept", "missed", "too few", "no data"
BETTER, WORSE, SAME, NO_PREVIOUS = "better", "worse", "no real change", "no comparison"
SHORT, NO_RANGE, NOT_MEASURABLE = "incomplete history", "no usual range yet", "not measurable"
CLEARLY, CHANCE = "clearly", "could be chance"
