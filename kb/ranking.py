"""The learned ranking: gradient-boosted trees over the features of the best candidates of both indexes.

The trees are fitted by `python -m eval train-ranking` (LightGBM, LambdaMART) and kept in `kb/ranking.json`. They are read
here with NumPy alone: LightGBM needs a system library that many office machines lack.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kb.embedder import Matrix, StaticEmbedder
from kb.errors import ModelError
from kb.features import FEATURES, Candidate, features
from kb.fusion import Fused, reordered
from kb.query import Query

TREES_FILE = Path(__file__).resolve().parent / "ranking.json"
RANKED = 80  # candidates that are read and put in order: about 10 ms


@dataclass(frozen=True)
class Trees:
    """Binary trees side by side, each array of shape (trees, nodes): a node sends a row with feature ≤ threshold left.

    A leaf is its own child and holds a value; `depth` steps from node 0 reach a leaf in every tree.
    """

    names: tuple[str, ...]
    feature: npt.NDArray[np.int32]
    threshold: npt.NDArray[np.float32]
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    value: npt.NDArray[np.float32]
    depth: int

    def scores(self, rows: Matrix) -> npt.NDArray[np.float32]:
        """The sum of the leaves that each row reaches, shape (len(rows),); rows have a column for each of `names`."""
        width = self.feature.shape[1]
        first = np.arange(0, self.feature.size, width, dtype=np.int32)
        row = np.arange(0, rows.size, rows.shape[1], dtype=np.int32)[:, None]
        node = np.broadcast_to(first, (len(rows), len(first)))
        flat = rows.ravel()
        for _ in range(self.depth):
            goes_left = flat.take(row + self.feature.take(node)) <= self.threshold.take(node)
            node = first + np.where(goes_left, self.left.take(node), self.right.take(node))
        total: npt.NDArray[np.float32] = self.value.take(node).sum(axis=1)
        return total


def in_order(query: Query, candidates: Sequence[Candidate], trees: Trees, words: StaticEmbedder) -> list[Fused]:
    """The candidates (in the order of fusion), best first as the trees see it."""
    return reordered([each.fused for each in candidates], trees.scores(features(query, candidates, words)), "ranking")


@lru_cache(maxsize=1)
def builtin_trees() -> Trees:
    """The ranking that ships with the project."""
    return read_trees(TREES_FILE)


def read_trees(file: Path) -> Trees:
    """Trees from `file`. Raises ModelError when it is missing, damaged or made for other features."""
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        trees = _side_by_side(tuple(kept["features"]), kept["trees"])
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise ModelError(f"自带的排序模型无法读取（{file.name}）。请重新安装本软件。") from error
    if trees.names != FEATURES:
        raise ModelError(f"自带的排序模型（{file.name}）与程序版本不符。请重新安装本软件。")
    return trees


def _side_by_side(names: tuple[str, ...], trees: Sequence[Sequence[Sequence[float]]]) -> Trees:
    """Each node is kept as [feature, threshold, left, right], a leaf as [value]."""
    nodes = max(len(tree) for tree in trees)
    shape = (len(trees), nodes)
    feature, left, right = (np.zeros(shape, dtype=np.int32) for _ in range(3))
    threshold, value = np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.float32)
    for at, tree in enumerate(trees):
        for node, kept in enumerate(tree):
            if len(kept) == 1:
                value[at, node], left[at, node], right[at, node] = kept[0], node, node
            else:
                feature[at, node], threshold[at, node], left[at, node], right[at, node] = kept
    return Trees(names, feature, threshold, left, right, value, max(_depth(tree) for tree in trees))


def _depth(tree: Sequence[Sequence[float]], node: int = 0) -> int:
    kept = tree[node]
    return 0 if len(kept) == 1 else 1 + max(_depth(tree, int(kept[2])), _depth(tree, int(kept[3])))


def kept_trees(dump: Mapping[str, Any]) -> list[list[list[float]]]:
    """Trees as they are kept, from LightGBM's `dump_model()`."""
    return [_kept_tree(tree["tree_structure"]) for tree in dump["tree_info"]]


def _kept_tree(root: Mapping[str, Any]) -> list[list[float]]:
    kept: list[list[float]] = []

    def keep(node: Mapping[str, Any]) -> int:
        at = len(kept)
        kept.append([])
        if "leaf_value" in node and "split_feature" not in node:
            kept[at] = [round(float(node["leaf_value"]), 6)]
        else:
            left, right = keep(node["left_child"]), keep(node["right_child"])
            kept[at] = [int(node["split_feature"]), float(np.float32(node["threshold"])), left, right]
        return at

    keep(root)
    return kept
