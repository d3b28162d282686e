"""The rules, in the order of their ids."""

from __future__ import annotations

from pipeline.dockerfile.rules.d01 import RULE as D01
from pipeline.dockerfile.rules.rule import Rule
from pipeline.dockerfile.rules.s01 import RULE as S01
from pipeline.dockerfile.rules.s02 import RULE as S02
from pipeline.dockerfile.rules.s03 import RULE as S03
from pipeline.dockerfile.rules.s04 import RULE as S04
from pipeline.dockerfile.rules.s05 import RULE as S05
from pipeline.dockerfile.rules.s06 import RULE as S06
from pipeline.dockerfile.rules.s07 import RULE as S07
from pipeline.dockerfile.rules.s08 import RULE as S08
from pipeline.dockerfile.rules.s09 import RULE as S09
from pipeline.dockerfile.rules.s10 import RULE as S10
from pipeline.dockerfile.rules.s11 import RULE as S11
from pipeline.dockerfile.rules.s12 import RULE as S12
from pipeline.dockerfile.rules.s13 import RULE as S13
from pipeline.dockerfile.rules.s14 import RULE as S14
from pipeline.dockerfile.rules.s15 import RULE as S15
from pipeline.dockerfile.rules.s16 import RULE as S16
from pipeline.dockerfile.rules.s17 import RULE as S17
from pipeline.dockerfile.rules.s18 import RULE as S18
from pipeline.dockerfile.rules.s19 import RULE as S19
from pipeline.dockerfile.rules.s20 import RULE as S20
from pipeline.dockerfile.rules.s21 import RULE as S21
from pipeline.dockerfile.rules.s22 import RULE as S22
from pipeline.dockerfile.rules.s23 import RULE as S23

RULES: tuple[Rule, ...] = (
    S01,
    S02,
    S03,
    S04,
    S05,
    S06,
    S07,
    S08,
    S09,
    S10,
    S11,
    S12,
    S13,
    S14,
    S15,
    S16,
    S17,
    S18,
    S19,
    S20,
    S21,
    S22,
    S23,
    D01,
)
