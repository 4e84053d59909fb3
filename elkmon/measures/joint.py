"""
What single features cannot show: pairs counted in coarse cells, which pairs are worth it, and whether their two sides still
go together as they did.

Cells are laid flat, row after row: all places of the right subject for the first place of the left one, then for the next.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import special

from elkmon.fields import PREDICTION_SCORE, PREDICTION_VALUE
from elkmon.measures.drift import CountsLike, Numbers
from elkmon.rulers import CategoricalScale, JointScale, NumericScale, Scale

Shape = tuple[int, int]
Ordered = tuple[bool, bool]
"""Whether the places of the left and of the right subject follow one another, as a number's do."""
Flags = npt.NDArray[np.bool_]

PLACES = 5
"""Places of each subject of a pair, at most; so a pair costs at most 25 cells."""

_LEAST_SHARE = 0.02  # a place with fewer of the reference's rows makes cells too rare to say anything
_LEAST_BOND = 0.005  # nats; −½ ln(1 − r²) of two normals with r = 0.1
_EXPECTED = 5.0  # the usual least expected count of a cell
_SWEEPS = 40  # by then shares are right to a thousandth, even of two subjects that all but determine each other
_MOST_ROUNDS = 500
_EXACT = 1e-4  # rows by which a fitted margin may be off
_MEAN_ABSOLUTE_NORMAL = math.sqrt(2 / math.pi)  # E|Z| of a standard normal


def coarse(scale: Scale, counts: CountsLike) -> Scale:
    """
    Return a scale of at most five places for counting a subject together with another, made from its own `scale`.

    Of a number those of its own edges with about 20, 40, 60 and 80 % of the reference's `counts` below them, each place with
    2 % or more of the rows. Of a category its four most frequent levels with 2 % or more, and OTHER. A subject that has all
    but 2 % of its rows in one place, or none at all, gives a scale of one place, which is of no use in a pair.

    >>> quarters = NumericScale((1.0, 2.0, 3.0), (1.0, 1.5, 2.5, 3.0))
    >>> coarse(quarters, [25, 25, 25, 25]).edges, coarse(quarters, [1, 0, 0, 99]).size
    ((1.0, 2.0, 3.0), 1)

    Raises:
        ValueError: for counts that are not one for each place of `scale`.
    """
    rows = np.asarray(counts, dtype=np.float64)
    if rows.size != scale.size:
        raise ValueError(f"{rows.size} counts cannot be those of a scale of {scale.size} places")
    shares = rows / rows.sum() if rows.sum() else rows
    return _few_edges(scale, shares) if isinstance(scale, NumericScale) else _few_levels(scale, shares)


def _few_edges(scale: NumericScale, shares: Numbers) -> NumericScale:
    below = np.cumsum(shares)[:-1]
    kept: list[int] = []
    for step in range(1, PLACES):
        before = below[kept[-1]] if kept else 0.0
        free = np.flatnonzero((below >= before + _LEAST_SHARE) & (below <= 1 - _LEAST_SHARE))
        if free.size:
            kept.append(int(free[np.argmin(np.abs(below[free] - step / PLACES))]))
    edges = tuple(scale.edges[place] for place in kept)
    if not edges:
        return NumericScale((), (scale.points[int(np.argmax(shares))],))
    return NumericScale(edges, (edges[0], *(left / 2 + right / 2 for left, right in pairwise(edges)), edges[-1]))


def _few_levels(scale: CategoricalScale, shares: Numbers) -> CategoricalScale:
    often = [place for place in range(len(scale.levels)) if shares[place] >= _LEAST_SHARE]
    kept = sorted(often, key=lambda place: -shares[place])[: PLACES - 1]
    rest = 1.0 - float(shares[kept].sum())
    if not kept or (len(kept) == 1 and rest < _LEAST_SHARE):
        return CategoricalScale((), open_ended=True)
    return CategoricalScale(tuple(scale.levels[place] for place in kept), open_ended=True)


def mutual_information(cells: CountsLike, shape: Shape) -> float:
    """
    How much one subject of a pair tells of the other.

    Formula: Σ pᵢⱼ ln(pᵢⱼ / (pᵢ pⱼ)), less (r − 1)(c − 1)/2n, which chance alone gives r rows and c columns that are not empty;
    clipped at 0.
    Range [0, ln 5] for five places; neither way is worse, more is a stronger bond; unit: nats. Empty cells add nothing; no
    rows give 0.
    Source: Cover and Thomas (2006), Elements of Information Theory; the bias is that of Miller (1955).

    >>> mutual_information([25, 25, 25, 25], (2, 2)), round(mutual_information([5000, 0, 0, 5000], (2, 2)), 3)
    (0.0, 0.693)
    """
    table = np.asarray(cells, dtype=np.float64).reshape(shape)
    rows = float(table.sum())
    if not rows:
        return 0.0
    shares = table / rows
    alone = shares.sum(axis=1, keepdims=True) * shares.sum(axis=0, keepdims=True)
    there = shares > 0
    bond = float(np.sum(shares[there] * np.log(shares[there] / alone[there])))
    return max(bond - _freedom(table > 0) / (2 * rows), 0.0)


def strongest(candidates: Iterable[tuple[JointScale, CountsLike]], count: int) -> tuple[JointScale, ...]:
    """
    Return the `count` pairs that tell most of each other, strongest first, names deciding between equals.

    Every other one is a pair with the score or the predicted value as long as there are some, and so are those of features
    alone: a good model's score goes with its features more than they do with each other, and would leave them no place. Pairs
    that tell less of each other than a correlation of a tenth are left out: there is nothing in them to be lost.

    >>> flag = CategoricalScale(("yes",))
    >>> a, b = (JointScale("features.cat.x", f"features.cat.{name}", flag, flag) for name in "ab")
    >>> [pair.right_field for pair in strongest([(a, [40, 10, 10, 40]), (b, [50, 0, 0, 50])], 1)]
    ['features.cat.b']
    """
    bonds = [(-mutual_information(cells, pair.shape), pair.name, pair) for pair, cells in candidates]
    ordered = [pair for bond, _, pair in sorted(bonds, key=lambda each: each[:2]) if -bond >= _LEAST_BOND]
    predicted = [pair for pair in ordered if _PREDICTED & {pair.left_field, pair.right_field}]
    among = [pair for pair in ordered if pair not in predicted]
    with_predicted = min(len(predicted), max((count + 1) // 2, count - len(among)))
    chosen = {*predicted[:with_predicted], *among[: count - with_predicted]}
    return tuple(pair for pair in ordered if pair in chosen)


_PREDICTED = {str(PREDICTION_SCORE), str(PREDICTION_VALUE)}


def association(
    reference: CountsLike, current: CountsLike, shape: Shape, ordered: Ordered = (False, False), *, net: bool = True
) -> float | None:
    """
    How far a pair has come apart: the share of rows that lie elsewhere than what single features do would put them.

    Formula: the mean of both sides' Σ |wᵀ(q − m)|, with q the current shares and m the reference's cells raked (iterative
    proportional fitting) to the current margins, which keeps every odds ratio of the reference. A category's w picks each
    cell and halves it, so its sum is the total variation. Along a number, whose places are `ordered`, w adds up the cells
    to each edge and divides by the edges: a row in a neighbouring place counts as the part of the way that it went, since
    much moves to and fro across an edge with nothing wrong. Less its expectation under no change,
    Σ min(√(2/π · v), 2wᵀh), with h the pooled share and v the variance of wᵀ(q − m), from P·diag(h/n_cur + h·(m/p)/n_ref)·Pᵀ
    where P takes out what the margins fix; clipped at 0.
    Range [0, 1]; higher is worse; unit: share of rows. Of two numbers with a correlation of 0.6 it is 0.16 when that is gone,
    0.09 when it is halved, and at most 0.04 where one or both move by up to 2 SD and go together as before; a change of
    scale moves rows within the coarse cells too and shows a little (both stretched by 1.6: 0.06).
    A cell that is empty in the reference alone counts as half a row; rows in a place that the reference never had are left
    out. None without rows to compare.
    Source: Deming and Stephan (1940), On a least squares adjustment of a sampled frequency table when the expected marginal
    totals are known; Haberman (1973), The analysis of residuals in cross-classified tables.

    >>> before, apart, drifted = [4000, 1000, 1000, 4000], [250, 250, 250, 250], [640, 160, 40, 160]
    >>> [round(association(before, now, (2, 2)), 2) for now in (before, apart, drifted)]
    [0.0, 0.29, 0.0]
    """
    sides = [np.asarray(side, dtype=np.float64)[None, :] for side in (reference, current)]
    found = float(association_by_row(sides[0], sides[1], shape, ordered, net=net)[0])
    return None if math.isnan(found) else found


def association_by_row(
    references: Numbers, currents: Numbers, shape: Shape, ordered: Ordered = (False, False), *, net: bool = True
) -> Numbers:
    """Return `association` of each row of two (windows, cells) arrays; NaN where a side has no rows."""
    before = references.reshape(-1, *shape)
    known = (before.sum(axis=2) > 0)[:, :, None] & (before.sum(axis=1) > 0)[:, None, :]
    now = np.where(known, currents.reshape(-1, *shape), 0.0)
    rows, other_rows = before.sum(axis=(1, 2)), now.sum(axis=(1, 2))
    defined = (rows > 0) & (other_rows > 0)
    apart: Numbers = np.full(len(before), np.nan)
    if not defined.any():
        return apart
    before, now = np.where((before == 0) & (now > 0), 0.5, before)[defined], now[defined]
    rows, other_rows = rows[defined, None, None], other_rows[defined, None, None]
    shares, other_shares = before / rows, now / other_rows
    explained = _raked(shares, other_shares)
    weights = _displacement(shape, ordered)
    distances = np.abs((other_shares - explained).reshape(len(now), -1) @ weights.T).sum(axis=1)
    if net:
        pooled = (explained * rows + other_shares * other_rows) / (rows + other_rows)
        stretched = np.divide(explained, shares, out=np.zeros_like(shares), where=shares > 0)
        variance = _residual_variance(pooled, pooled / other_rows + pooled * stretched / rows, weights)
        most = 2 * pooled.reshape(len(now), -1) @ weights.T
        noise = np.minimum(_MEAN_ABSOLUTE_NORMAL * np.sqrt(variance), most)
        distances = np.maximum(distances - noise.sum(axis=1), 0.0)
    apart[defined] = distances
    return apart


def association_p_value(reference: CountsLike, current: CountsLike, shape: Shape) -> float:
    """
    P-value of a pair that goes together as it did, however its single features have moved (no three-way interaction).

    Formula: Pearson's Σ (o − e)²/e over both sides' cells, e fitted to both sides' margins and to the cells of both together;
    χ² with (r − 1)(c − 1) degrees of freedom over the r rows and c columns that neither side lacks. Cells that expect fewer
    than 5 rows on a side are pooled into one, whose degrees of freedom are kept, so sparse cells can only hide a change.
    Range [0, 1]; lower is more surprising. 1 where there is nothing to compare. Symmetric.
    Source: Bartlett (1935), Contingency table interactions; Bishop, Fienberg and Holland (1975), Discrete Multivariate
    Analysis, chapter 3.

    >>> association_p_value([40, 10, 10, 40], [64, 16, 4, 16], (2, 2)) > 0.99
    True
    >>> association_p_value([40, 10, 10, 40], [25, 25, 25, 25], (2, 2)) < 1e-4
    True

    Raises:
        ValueError: for counts that are not one for each cell of `shape`.
    """
    sides = np.stack([np.asarray(side, dtype=np.float64).reshape(shape) for side in (reference, current)])
    known = (sides.sum(axis=2) > 0).all(axis=0)[:, None] & (sides.sum(axis=1) > 0).all(axis=0)[None, :]
    sides = np.where(known, sides, 0.0)
    freedom = _freedom(known)
    if freedom < 1 or not sides.sum(axis=(1, 2)).all():
        return 1.0
    expected = _without_interaction(sides)
    there = expected.min(axis=0) > 0
    differences, each = (sides[1] - expected[1])[there], expected[:, there]
    weakest = each.min(axis=0)
    order = np.argsort(weakest, kind="stable")
    differences, each, weakest = differences[order], each[:, order], weakest[order]
    rare = int(np.searchsorted(weakest, _EXPECTED))
    while 0 < rare < weakest.size and each[:, :rare].sum(axis=1).min() < _EXPECTED:
        rare += 1
    statistic = float(np.sum(differences[rare:] ** 2 * (1 / each[:, rare:]).sum(axis=0)))
    if rare and each[:, :rare].sum(axis=1).min() >= _EXPECTED:
        statistic += float(differences[:rare].sum() ** 2 * (1 / each[:, :rare].sum(axis=1)).sum())
    return min(max(float(special.chdtrc(freedom, statistic)), 0.0), 1.0)


def _raked(shares: Numbers, wanted: Numbers) -> Numbers:
    """Return (windows, rows, columns) `shares` scaled row by row and column by column to the margins of `wanted`."""
    rows, columns = wanted.sum(axis=2, keepdims=True), wanted.sum(axis=1, keepdims=True)
    raked = shares
    for _ in range(_SWEEPS):
        raked = raked * _ratio(columns, raked.sum(axis=1, keepdims=True))
        raked = raked * _ratio(rows, raked.sum(axis=2, keepdims=True))
    return raked


def _without_interaction(sides: Numbers) -> Numbers:
    """Return what (2, rows, columns) counts expect were both sides' odds ratios the same, fitted to all pairs of margins."""
    together = sides.sum(axis=0, keepdims=True)
    rows, columns = sides.sum(axis=2, keepdims=True), sides.sum(axis=1, keepdims=True)
    expected: Numbers = together * (sides.sum(axis=(1, 2), keepdims=True) / sides.sum())
    for _ in range(_MOST_ROUNDS):
        expected = expected * _ratio(rows, expected.sum(axis=2, keepdims=True))
        expected = expected * _ratio(columns, expected.sum(axis=1, keepdims=True))
        expected = expected * _ratio(together, expected.sum(axis=0, keepdims=True))
        if np.abs(expected.sum(axis=2, keepdims=True) - rows).max() < _EXACT:
            break
    return expected


@cache
def _displacement(shape: Shape, ordered: Ordered) -> Numbers:
    """Return the (sums, cells) weights whose absolute sums over residuals make the association, both sides' halves."""
    cells = np.eye(shape[0] * shape[1]).reshape(*shape, -1)
    sums = []
    for axis, along in enumerate(ordered):
        places = shape[axis]
        if along and places > 1:
            to_each_edge = np.delete(np.cumsum(cells, axis=axis), places - 1, axis=axis) / (places - 1)
            sums.append(to_each_edge.reshape(-1, cells.shape[2]) / 2)
        else:
            sums.append(cells.reshape(-1, cells.shape[2]) / 4)
    return np.concatenate(sums)


def _residual_variance(shares: Numbers, variances: Numbers, weights: Numbers) -> Numbers:
    """
    Return the variance of each of the (sums, cells) `weights` over the cells' residuals once the margins are fitted.

    `shares` are the cells' and `variances` those of the cells before, both (windows, rows, columns).
    """
    windows, rows, columns = shares.shape
    margins = np.concatenate([np.repeat(np.eye(rows), columns, axis=0), np.tile(np.eye(columns), (rows, 1))], axis=1)
    share = shares.reshape(windows, -1)
    fitted = np.linalg.pinv(margins.T @ (share[:, :, None] * margins), hermitian=True)
    kept = np.eye(rows * columns) - share[:, :, None] * (margins @ fitted @ margins.T)
    residual: Numbers = np.einsum("wij,wj->wi", (weights @ kept) ** 2, variances.reshape(windows, -1))
    return residual


def _ratio(wanted: Numbers, there: Numbers) -> Numbers:
    """Return `wanted` / `there`; 0 where nothing is there."""
    ratio: Numbers = np.divide(wanted, there, out=np.zeros_like(there), where=there > 0)
    return ratio


def _freedom(known: Flags) -> int:
    """Return (r − 1)(c − 1) over the rows and columns of a table that hold something."""
    return int(max(known.any(axis=1).sum() - 1, 0) * max(known.any(axis=0).sum() - 1, 0))
