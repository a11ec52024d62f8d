"""Find blocks that a model repeats, and draw one copy of each."""

import json
from dataclasses import dataclass, replace

from visualize.diagrams.graph import Edge, Graph, Group

MANY = 30  # nodes; "auto" folds only what would not fit a page
LEAST = 3  # nodes; a fold that saves fewer is not worth its frame
UNLIKE = ("name", "seed", "shared_object_id", "build_config", "module", "registered_name")


@dataclass(frozen=True)
class Run:
    """Copies of a block that follow each other in the order of the nodes."""

    start: int
    period: int
    copies: int
    shared: bool  # all copies are calls of the same layers
    carried: int = 1  # how many tensors go from copy to copy

    @property
    def end(self):
        """The place behind the last copy."""
        return self.start + self.period * self.copies

    @property
    def saved(self):
        """How many nodes need not be drawn."""
        return self.period * (self.copies - 1)

    @property
    def rank(self):
        """Sorts the best run first.

        A block cut in its middle hands on more than one tensor, which is worth a copy. Of blocks
        that save the same the last one begins with the heavy layer, not with the activation before.
        """
        return self.period * (self.carried - 1) - self.saved, self.period, -self.start


def fold(graph, when="auto"):
    """Draw one copy of blocks that repeat with the same configuration and the same wiring.

    Two blocks are the same if their layers have the same classes, configurations and shapes, are
    connected in the same way, and if each block feeds the next one as the one before fed it.

    Args:
        graph: a Graph.
        when: True, False, or "auto" for graphs of more than a page.

    Returns:
        The Graph with every repeated block in a group that says how often; the same one if
        nothing repeats.
    """
    if when is False or (when == "auto" and len(graph.nodes) <= MANY):
        return graph
    for run in sorted(_runs(graph), key=lambda run: run.start, reverse=True):
        graph = _fold_run(graph, run)
    return graph


def _runs(graph):
    """The runs that save most, none overlapping another."""
    places = {node.key: place for place, node in enumerate(graph.nodes)}
    inputs = [[] for _ in graph.nodes]
    users = [[] for _ in graph.nodes]
    for edge in graph.edges:
        inputs[places[edge.target]].append((places[edge.source], edge.label, edge.tree))
        users[places[edge.source]].append(places[edge.target])
    looks = [_look(node) for node in graph.nodes]
    finder = _Finder(graph, looks, inputs, users)
    found = []
    for period in range(1, len(looks) // 2 + 1):
        same = [looks[place] == looks[place + period] for place in range(len(looks) - period)]
        start = 0
        while start < len(same):
            if not same[start]:
                start += 1
                continue
            run = finder.longest(start, period, same)
            if run and run.saved >= LEAST:
                found.append(run)
            start += 1
    found.sort(key=lambda run: run.rank)
    chosen = []
    for run in found:
        if all(run.end <= other.start or other.end <= run.start for other in chosen):
            chosen.append(run)
    return chosen


class _Finder:
    def __init__(self, graph, looks, inputs, users):
        self.graph, self.looks, self.inputs, self.users = graph, looks, inputs, users
        self.members = {}
        for place, node in enumerate(graph.nodes):
            for key in _path(graph, node):
                self.members.setdefault(key, []).append(place)

    def longest(self, start, period, same):
        """The longest run of a block from here on; None if it does not even repeat once."""
        most = 1
        while all(same[start + (most - 1) * period : start + most * period]) and (
            start + (most + 1) * period <= len(self.looks)
        ):
            most += 1
        while most > 1:
            run = Run(start, period, most, self._shared(start, period, most))
            carried = self._carried(run) if run.shared is not None else None
            if carried is not None:
                return replace(run, carried=len(carried))
            most -= 1
        return None

    def _shared(self, start, period, copies):
        """Whether all copies call the same layers; None if only some do."""
        answers = set()
        for place in range(start, start + period):
            layers = [self.graph.nodes[place + period * copy].layer for copy in range(copies)]
            if None not in layers:
                answers.add({1: True, copies: False}.get(len(set(layers))))
        return answers.pop() if len(answers) == 1 else (None if answers else False)

    def _carried(self, run):
        """What a copy takes from the one before; None if some copy is wired in another way."""
        carried = {}  # place in the first copy -> the place that stands for it before the run
        for offset in range(run.period):
            first = self.inputs[run.start + offset]
            for copy in range(1, run.copies):
                place = run.start + offset + copy * run.period
                if not self._follows(run, first, self.inputs[place], copy, carried):
                    return None
        for place in range(run.start, run.end - run.period):
            following = run.start + ((place - run.start) // run.period + 2) * run.period
            if any(user >= following for user in self.users[place]):
                return None
        return carried if self._grouped(run) else None

    def _follows(self, run, first, inputs, copy, carried):
        if len(first) != len(inputs):
            return False
        for (source, *how), (now, *now_how) in zip(first, inputs, strict=True):
            if how != now_how:
                return False
            if source >= run.start:  # inside the block
                if now != source + copy * run.period:
                    return False
            elif now != source:  # carried from copy to copy, or else common to all
                second = now - (copy - 1) * run.period
                if not run.start <= second < run.start + run.period:
                    return False
                if carried.setdefault(second, source) != source:
                    return False
        return True

    def _grouped(self, run):
        """Whether frames around nodes lie inside one copy or around all of them."""
        for offset in range(run.period):
            paths = [
                _path(self.graph, self.graph.nodes[run.start + offset + copy * run.period])
                for copy in range(run.copies)
            ]
            if len({len(path) for path in paths}) > 1:
                return False
            for keys in zip(*paths, strict=True):
                if len(set(keys)) == 1 and self._surrounds(keys[0], run):
                    continue
                for copy, key in enumerate(keys):
                    start = run.start + copy * run.period
                    if not all(start <= m < start + run.period for m in self.members[key]):
                        return False
        return True

    def _surrounds(self, key, run):
        members = set(self.members[key])
        return all(place in members for place in range(run.start, run.end))


def _fold_run(graph, run):
    """Leave one copy, in a group of its own."""
    places = {node.key: place for place, node in enumerate(graph.nodes)}
    first = graph.nodes[run.start : run.start + run.period]
    removed = range(run.start + run.period, run.end)

    def stands_for(key):
        place = places[key]
        if place not in removed:
            return key
        return graph.nodes[run.start + (place - run.start) % run.period].key

    paths = [_path(graph, node) for node in first]
    common = [
        key
        for key in paths[0]
        if sum(key in _path(graph, node) for node in graph.nodes[run.start : run.end])
        == run.period * run.copies
    ]
    around = common[-1] if common else None
    title = f"block × {run.copies}" if run.period > 1 else f"× {run.copies}"
    block = Group(
        f"fold-{first[0].key}",
        title + (", the same weights" if run.shared else ""),
        around,
        times=run.copies,
    )
    groups = dict(graph.groups)
    for path in paths:
        inside = path[len(common) :]
        if inside:
            groups[inside[0]] = replace(groups[inside[0]], parent=block.key)
    kept = []
    for place, node in enumerate(graph.nodes):
        if place in removed:
            continue
        inside = run.start <= place < run.start + run.period and node.group == around
        kept.append(replace(node, group=block.key) if inside else node)
    groups[block.key] = block
    used = {node.group for node in kept}
    groups = needed(groups, used)
    edges = {}
    for edge in graph.edges:
        if places[edge.target] in removed:
            continue
        source = stands_for(edge.source)
        edges[source, edge.target, edge.label] = Edge(source, edge.target, edge.label, edge.tree)
    return Graph(graph.name, tuple(kept), tuple(edges.values()), groups, graph.note)


def needed(groups, used):
    """Return the groups that hold a node of those groups `used`, also through others."""
    needed = set()
    for key in used:
        while key is not None and key not in needed:
            needed.add(key)
            key = groups[key].parent
    return {key: group for key, group in groups.items() if key in needed}


def _path(graph, node):
    """Keys of the groups around a node, from the outermost in."""
    keys = []
    key = node.group
    while key is not None:
        keys.append(key)
        key = graph.groups[key].parent
    return keys[::-1]


def _look(node):
    """What two calls have in common that are drawn alike."""
    if node.output:
        return node.key  # never folded
    return (
        node.kind,
        node.parameters,
        node.trainable,
        tuple((tensor.shape, tensor.dtype) for tensor in (*node.inputs, *node.outputs)),
        json.dumps(_without_names(node.config), default=repr, sort_keys=True),
    )


def _without_names(config):
    if isinstance(config, dict):
        # Layers inside are compared by number, class and parameters: their wiring holds names.
        return {
            key: _without_names(value)
            for key, value in config.items()
            if key not in UNLIKE and not key.endswith("_nodes") and not key.endswith("_layers")
        }
    if isinstance(config, list | tuple):
        return [_without_names(each) for each in config]
    return config
