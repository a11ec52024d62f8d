"""Find blocks that a model repeats, and draw each of them once."""

import json
from dataclasses import dataclass, replace

from visualize.diagrams.graph import Edge, Graph, Group

MANY = 30  # "auto" folds graphs with more nodes than this, which do not fit on a page
LEAST = 3  # a fold must save at least this many nodes to be worth its frame

# Entries of a configuration that may differ between copies of a block.
IGNORED = ("name", "seed", "shared_object_id", "build_config", "module", "registered_name")


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
        """The place after the last copy."""
        return self.start + self.period * self.copies

    @property
    def saved(self):
        """How many nodes the fold removes."""
        return self.period * (self.copies - 1)

    @property
    def rank(self):
        """Sort key that puts the best run first.

        A run that saves more nodes comes first. A block that is cut in its middle passes on more
        than one tensor; each further tensor counts as one copy less. Of runs that save the same,
        the shortest block comes first, then the one that starts last: it begins with a layer, not
        with the activation of the layer before.
        """
        return self.period * (self.carried - 1) - self.saved, self.period, -self.start


def fold(graph, when="auto"):
    """Draw only one copy of each block that repeats.

    Two blocks are the same if their layers have the same classes, configurations and shapes, if
    the layers are connected in the same way, and if each block gets its input from the block
    before it in the same way.

    Args:
        graph: a Graph.
        when: True, False, or "auto" for graphs that do not fit on a page.

    Returns:
        The Graph with one copy of each repeated block, in a group that says how often it repeats.
        The same Graph if nothing repeats.
    """
    if when is False or (when == "auto" and len(graph.nodes) <= MANY):
        return graph

    # From the last run to the first, so that the places of the other runs stay valid.
    for run in sorted(_runs(graph), key=lambda run: run.start, reverse=True):
        graph = _fold_run(graph, run)
    return graph


def _runs(graph):
    """Choose the runs that save most nodes and do not overlap."""
    finder = _Finder(graph)
    looks = finder.looks

    found = []
    for period in range(1, len(looks) // 2 + 1):
        same = [looks[place] == looks[place + period] for place in range(len(looks) - period)]
        for start in range(len(same)):
            run = finder.longest(start, period, same) if same[start] else None
            if run and run.saved >= LEAST:
                found.append(run)
    found.sort(key=lambda run: run.rank)

    chosen = []
    for run in found:
        if all(run.end <= other.start or other.end <= run.start for other in chosen):
            chosen.append(run)
    return chosen


class _Finder:
    """Finds runs in a graph whose nodes are numbered by their places."""

    def __init__(self, graph):
        self.graph = graph
        self.looks = [_look(node) for node in graph.nodes]
        self.inputs = [[] for _ in graph.nodes]  # [(place of the source, label, tree)] of a node
        self.users = [[] for _ in graph.nodes]  # places of the nodes that use its output
        self.members = {}  # {key of a group: places of the nodes inside}

        places = {node.key: place for place, node in enumerate(graph.nodes)}
        for edge in graph.edges:
            source, target = places[edge.source], places[edge.target]
            self.inputs[target].append((source, edge.label, edge.tree))
            self.users[source].append(target)

        for place, node in enumerate(graph.nodes):
            for key in _groups_around(graph, node):
                self.members.setdefault(key, []).append(place)

    def longest(self, start, period, same):
        """Find the longest run of a block that begins at a place.

        Args:
            start: place of the block's first node.
            period: number of nodes in the block.
            same: for each place, whether the node one period later looks the same.

        Returns:
            A Run, or None if the block does not repeat.
        """
        copies = 1
        while all(same[start + (copies - 1) * period : start + copies * period]) and (
            start + (copies + 1) * period <= len(self.looks)
        ):
            copies += 1

        while copies > 1:
            run = Run(start, period, copies, self._shared(start, period, copies))
            carried = self._carried(run) if run.shared is not None else None
            if carried is not None:
                return replace(run, carried=len(carried))
            copies -= 1
        return None

    def _shared(self, start, period, copies):
        """Whether all copies call the same layers; None if only some layers are shared."""
        shared = set()  # for each layer of the block: True, False, or None for "in some copies"
        for place in range(start, start + period):
            layers = [self.graph.nodes[place + period * copy].layer for copy in range(copies)]
            if None in layers:
                continue
            different = len(set(layers))
            shared.add({1: True, copies: False}.get(different))

        if not shared:
            return False
        return shared.pop() if len(shared) == 1 else None

    def _carried(self, run):
        """Find the tensors that a copy takes from the copy before it.

        Returns:
            {place in the first copy: the place before the run that feeds the first copy instead},
            or None if the copies are not connected in the same way.
        """
        carried = {}
        for offset in range(run.period):
            first = self.inputs[run.start + offset]
            for copy in range(1, run.copies):
                place = run.start + offset + copy * run.period
                if not self._follows(run, first, self.inputs[place], copy, carried):
                    return None

        # A copy may feed itself and the next copy. Only the last one may feed later nodes.
        for place in range(run.start, run.end - run.period):
            copy = (place - run.start) // run.period
            after_next = run.start + (copy + 2) * run.period
            if any(user >= after_next for user in self.users[place]):
                return None
        return carried if self._grouped(run) else None

    def _follows(self, run, first, inputs, copy, carried):
        """Whether a node in a copy gets its inputs as the same node in the first copy does.

        Args:
            run: the Run.
            first: inputs of the node in the first copy.
            inputs: inputs of the node in this copy.
            copy: number of this copy, from 1.
            carried: see `_carried`; filled here.
        """
        if len(first) != len(inputs):
            return False
        for (first_source, *first_how), (source, *how) in zip(first, inputs, strict=True):
            if how != first_how:
                return False
            if first_source >= run.start:  # from inside the block
                if source != first_source + copy * run.period:
                    return False
            elif source != first_source:  # not common to all copies: from the copy before
                in_first_copy = source - (copy - 1) * run.period
                if not run.start <= in_first_copy < run.start + run.period:
                    return False
                if carried.setdefault(in_first_copy, first_source) != first_source:
                    return False
        return True

    def _grouped(self, run):
        """Whether each frame lies inside one copy or around all of them."""
        for offset in range(run.period):
            paths = [
                _groups_around(self.graph, self.graph.nodes[run.start + offset + copy * run.period])
                for copy in range(run.copies)
            ]
            if len({len(path) for path in paths}) > 1:
                return False

            for keys in zip(*paths, strict=True):
                if len(set(keys)) == 1 and self._surrounds(keys[0], run):
                    continue
                for copy, key in enumerate(keys):
                    start = run.start + copy * run.period
                    end = start + run.period
                    if not all(start <= member < end for member in self.members[key]):
                        return False
        return True

    def _surrounds(self, key, run):
        """Whether a group holds all nodes of a run."""
        members = set(self.members[key])
        return all(place in members for place in range(run.start, run.end))


def _fold_run(graph, run):
    """Remove all copies but the first, and put that one into a group of its own."""
    places = {node.key: place for place, node in enumerate(graph.nodes)}
    first_copy = graph.nodes[run.start : run.start + run.period]
    removed = range(run.start + run.period, run.end)

    # The new group lies inside the innermost group that holds the whole run.
    paths = [_groups_around(graph, node) for node in first_copy]
    common = [key for key in paths[0] if _holds_run(graph, key, run)]
    around = common[-1] if common else None
    title = f"block × {run.copies}" if run.period > 1 else f"× {run.copies}"
    if run.shared:
        title += ", the same weights"
    block = Group(f"fold-{first_copy[0].key}", title, around, times=run.copies)

    groups = dict(graph.groups)
    groups[block.key] = block
    for path in paths:
        inside = path[len(common) :]
        if inside:
            groups[inside[0]] = replace(groups[inside[0]], parent=block.key)

    kept = []
    for place, node in enumerate(graph.nodes):
        if place in removed:
            continue
        directly_inside = place in range(run.start, run.start + run.period) and node.group == around
        kept.append(replace(node, group=block.key) if directly_inside else node)
    groups = needed(groups, {node.group for node in kept})

    def in_first_copy(key):
        """The key of the node in the first copy that stands for a removed node."""
        place = places[key]
        if place not in removed:
            return key
        return graph.nodes[run.start + (place - run.start) % run.period].key

    edges = {}
    for edge in graph.edges:
        if places[edge.target] in removed:
            continue
        source = in_first_copy(edge.source)
        edges[source, edge.target, edge.label] = Edge(source, edge.target, edge.label, edge.tree)
    return Graph(graph.name, tuple(kept), tuple(edges.values()), groups, graph.note)


def _holds_run(graph, key, run):
    """Whether a group holds all nodes of a run."""
    return all(key in _groups_around(graph, node) for node in graph.nodes[run.start : run.end])


def needed(groups, used):
    """Return those groups that are in `used` or hold one of them."""
    found = set()
    for key in used:
        while key is not None and key not in found:
            found.add(key)
            key = groups[key].parent
    return {key: group for key, group in groups.items() if key in found}


def _groups_around(graph, node):
    """List the keys of the groups around a node, the outermost first."""
    keys = []
    key = node.group
    while key is not None:
        keys.append(key)
        key = graph.groups[key].parent
    return keys[::-1]


def _look(node):
    """Return what must be equal for two calls to look the same in a drawing."""
    if node.output:
        return node.key  # different from all others: outputs are never folded
    return (
        node.kind,
        node.parameters,
        node.trainable,
        tuple((tensor.shape, tensor.dtype) for tensor in (*node.inputs, *node.outputs)),
        json.dumps(_without_names(node.config), default=repr, sort_keys=True),
    )


def _without_names(config):
    """Remove the names from a configuration, and what refers to layers by name."""
    if isinstance(config, dict):
        return {
            key: _without_names(value)
            for key, value in config.items()
            if key not in IGNORED and not key.endswith("_nodes") and not key.endswith("_layers")
        }
    if isinstance(config, list | tuple):
        return [_without_names(each) for each in config]
    return config
