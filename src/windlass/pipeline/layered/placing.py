"""From layers and their order to pixels, in either direction.

Everything is worked out along the layers and across them; only at the end these two become x
and y.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeVar

from windlass.pipeline.diagram import Diagram, Link, Shape, parent
from windlass.pipeline.layered.buses import Pair, buses
from windlass.pipeline.layered.layering import Layers
from windlass.pipeline.layered.lettering import LETTER, SMALL, cells, short
from windlass.pipeline.layered.ports import Port, ports
from windlass.pipeline.layered.spacing import Margins, Spaces, spaced

T = TypeVar("T")

TITLE = 30.0
"""Height of a group's title."""

STACK = 8.0
"""By how much the cards behind a map peek out below it."""

_HEIGHT, _NARROWEST = 34.0, 84.0
_EDGE, _PAD, _GAP, _LOW_GAP = 10.0, 14.0, 24.0, 14.0
_STEP, _LABELLED_STEP, _TRACK, _LONGEST_STEP = 34.0, 52.0, 14.0, 140.0
_FAR = 220.0
_ICON, _TIME, _COUNT, _DIAMOND = 22.0, 58.0, 40.0, 36.0


class Span(NamedTuple):
    """From where to where on an axis."""

    start: float
    end: float

    @property
    def length(self) -> float:
        """Its extent."""
        return self.end - self.start

    @property
    def middle(self) -> float:
        """Its middle."""
        return (self.start + self.end) / 2


class Placing:
    """A layout in one direction.

    Args:
        shown: What is drawn.
        layers: The layer of everything.
        order: The points of each layer in their order.
        room: Whether boxes leave room for a status and a time.
        down: Whether the layers run downwards, or else to the right.
    """

    def __init__(
        self,
        shown: Diagram,
        layers: Layers,
        order: Sequence[Sequence[int]],
        *,
        room: bool,
        down: bool,
    ) -> None:
        self.shown = shown
        self.down = down
        self._layers = layers
        self._along, self._across = self._sizes(room)
        first = {group: span[0] for group, span in layers.spans.items()}
        last = {group: span[1] for group, span in layers.spans.items()}
        self._leads = {g: n * (TITLE if down else _PAD) for g, n in _nested(first).items()}
        self._trails = {g: n * _PAD for g, n in _nested(last).items()}
        self._before, self._after = _most(first, self._leads), _most(last, self._trails)
        self._spaces = self._spread(order)
        routes = self._layers.routes.values()
        pairs = dict.fromkeys(Pair(*ends) for route in routes for ends in pairwise(route))
        self._tracks = buses(pairs, self._spaces.points, _FAR if self.down else _FAR / 2)
        self._hubs = self._tracks_after()
        self._ports = self._lines_meet(pairs)
        self._steps = self._distances()
        self._bands = self._stacked()
        self.size = self._turned(self._farthest() + _EDGE, self._lowest() + _EDGE)

    def box(self, number: int) -> tuple[Span, Span]:
        """Where a shape begins and ends, in x and in y."""
        along, across = self._along[number], self._across[number]
        place = self._spaces.points[number]
        middle = self._bands[self._layers.layer[number]].middle
        return self._turned(
            Span(place - along / 2, place + along / 2),
            Span(middle - across / 2, middle + across / 2),
        )

    def frame(self, group: str) -> tuple[Span, Span]:
        """Where the frame of a group begins and ends, in x and in y."""
        return self._turned(Span(*self._spaces.groups[group]), self._frame_across(group))

    def points(self, link: Link) -> tuple[tuple[float, float], ...]:
        """The points of a link's line: where its course changes."""
        found: list[tuple[float, float]] = []
        for pair in map(Pair._make, pairwise(self._layers.routes[link])):
            start, end = self._ports[Port(pair, "upper")], self._ports[Port(pair, "lower")]
            found.append((start, self._sides(pair.upper).end))
            if pair in self._tracks and start != end:
                track = self._course(self._layers.layer[pair.upper], self._tracks[pair])
                found += [(start, track), (end, track)]
            found.append((end, self._sides(pair.lower).start))
        return tuple(self._turned(*place) for place in found)

    def _course(self, layer: int, hub: int) -> float:
        """Where a track runs, across the layers."""
        hubs = self._hubs[layer]
        start = self._bands[layer].end + self._after.get(layer, 0.0)
        return start + self._steps[layer] * (hubs.index(hub) + 1) / (len(hubs) + 1)

    def _turned(self, along: T, across: T) -> tuple[T, T]:
        return (along, across) if self.down else (across, along)

    def _sides(self, point: int) -> Span:
        """Where lines meet a point, across the layers; a waypoint is as long as its layer."""
        band = self._bands[self._layers.layer[point]]
        if point >= self._layers.shapes:
            return band
        half = self._across[point] / 2
        return Span(band.middle - half, band.middle + half)

    def _sizes(self, room: bool) -> tuple[list[float], list[float]]:
        """The extents of the shapes; to the right, those of a layer are equally wide."""
        shapes = list(self.shown.shapes.values())
        widths, heights = [_width(shape, room) for shape in shapes], [_height(it) for it in shapes]
        if self.down:
            return widths, heights
        widest = [0.0] * (max(self._layers.layer, default=0) + 1)
        for width, layer in zip(widths, self._layers.layer, strict=False):
            widest[layer] = max(widest[layer], width)
        across = [
            width if shape.kind == "choice" else widest[layer]
            for shape, width, layer in zip(shapes, widths, self._layers.layer, strict=False)
        ]
        return heights, across

    def _spread(self, order: Sequence[Sequence[int]]) -> Spaces:
        """Everything spaced along the layers, in whole pixels from the edge on."""
        sizes = self._along + [0.0] * (len(self._layers.layer) - len(self._along))
        titles = {group: _title(group) for group in self.shown.groups} if self.down else {}
        gap, before = (_GAP, _PAD) if self.down else (_LOW_GAP, TITLE)
        margins = Margins(gap, before, _PAD, titles)
        found = spaced(self._layers, order, sizes, margins)
        starts = [place - size / 2 for place, size in zip(found.points, sizes, strict=True)]
        least = min([*starts, *(start for start, _ in found.groups.values())], default=0.0) - _EDGE
        return Spaces(
            [float(round(place - least)) for place in found.points],
            {
                group: (float(round(start - least)), float(round(end - least)))
                for group, (start, end) in found.groups.items()
            },
        )

    def _lines_meet(self, pairs: Collection[Pair]) -> dict[Port, float]:
        """Where lines meet the boxes; a choice is met at its tips only."""
        sizes = {
            number: self._along[number]
            for number, shape in enumerate(self.shown.shapes.values())
            if shape.kind != "choice"
        }
        return ports(pairs, self._spaces.points, sizes, self._tracks)

    def _stacked(self) -> list[Span]:
        """Where each layer begins and ends, across."""
        thickness = [0.0] * (max(self._layers.layer, default=-1) + 1)
        for across, layer in zip(self._across, self._layers.layer, strict=False):
            thickness[layer] = max(thickness[layer], across)
        bands: list[Span] = []
        place = _EDGE
        for layer, height in enumerate(thickness):
            start = place + self._before.get(layer, 0.0)
            bands.append(Span(start, start + height))
            place = start + height + self._after.get(layer, 0.0) + self._steps[layer]
        return bands

    def _tracks_after(self) -> dict[int, list[int]]:
        """After each layer, the points that own a track there."""
        found: dict[int, dict[int, None]] = defaultdict(dict)
        for pair, hub in self._tracks.items():
            found[self._layers.layer[pair.upper]][hub] = None
        return {layer: list(hubs) for layer, hubs in found.items()}

    def _distances(self) -> list[float]:
        """The distance from each layer to the next."""
        found = [_STEP] * (max(self._layers.layer, default=-1) + 1)
        for shape, layer in zip(self.shown.shapes.values(), self._layers.layer, strict=False):
            if shape.kind == "choice":  # there, lines are labelled
                found[layer] = _LABELLED_STEP
        for layer, hubs in self._hubs.items():
            found[layer] = max(found[layer], min(_LONGEST_STEP, _TRACK * (len(hubs) + 1)))
        return found

    def _frame_across(self, group: str) -> Span:
        first, last = self._layers.spans[group]
        start = self._bands[first].start - self._leads[group]
        return Span(start, self._bands[last].end + self._trails[group])

    def _farthest(self) -> float:
        """The end of everything along the layers."""
        ends = [
            place + size / 2 for place, size in zip(self._spaces.points, self._along, strict=False)
        ]
        groups = [end for _, end in self._spaces.groups.values()]
        return max([*ends, *self._spaces.points, *groups], default=_EDGE)

    def _lowest(self) -> float:
        """The end of everything across the layers."""
        ends = [self._frame_across(group).end for group in self._layers.spans]
        return max([*ends, *(band.end for band in self._bands[-1:])], default=_EDGE)


def _nested(edges: Mapping[str, int]) -> dict[str, int]:
    """For each group, how many frames from it inwards have their edge at the same layer."""
    found = dict.fromkeys(edges, 1)
    for group in reversed(list(edges)):
        outer = parent(group)
        if outer is not None and edges[outer] == edges[group]:
            found[outer] = max(found[outer], found[group] + 1)
    return found


def _most(edges: Mapping[str, int], room: Mapping[str, float]) -> dict[int, float]:
    """The most room that a group's edge takes at each layer."""
    found: dict[int, float] = {}
    for group, layer in edges.items():
        found[layer] = max(found.get(layer, 0.0), room[group])
    return found


def _width(shape: Shape, room: bool) -> float:
    text = LETTER * cells(short(shape.label))
    if shape.kind == "choice":
        return _even(_DIAMOND if shape.label == "?" else text + 2 * _DIAMOND)
    extra = (_ICON + _TIME if room else 0.0) + (_COUNT if shape.kind == "map" else 0.0)
    return _even(max(_NARROWEST, text + 32 + extra))


def _height(shape: Shape) -> float:
    return {"map": _HEIGHT + STACK, "group": _HEIGHT + STACK, "choice": _DIAMOND}.get(
        shape.kind, _HEIGHT
    )


def _title(group: str) -> float:
    """The least width of a group's frame."""
    return _even(SMALL * cells(short(group.rpartition(".")[2])) + 32)


def _even(size: float) -> float:
    """Rounded up, so that the middle is a whole pixel, too."""
    return 2.0 * math.ceil(size / 2)
