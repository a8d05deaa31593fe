"""The site's own questions: asked before, with the place that answers them, kept in the catalog in a table of its own.

A question points at its place by title and by article or words (`kb/places.py`), not by the id of a passage, so that it
survives a new taking in, an amendment and a rebuilt index. Where no text of that title is held it is dormant; it speaks
again once one is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as insert_new

from kb.catalog import Catalog
from kb.embedder import Embedder, Matrix
from kb.places import bare
from kb.validity import canonical_title

# Of 593 judged questions, the nearest of 46,000 others of the project points at the right article for {…}
ALIKE = 0.85
LONGEST = 200
_DIGITS = re.compile(r"\d[\d\s-]{5,}[\dXx]")
