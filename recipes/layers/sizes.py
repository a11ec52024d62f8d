"""Checks of the sizes that builders take: one sentence, not an error from deep inside Keras."""

from numbers import Integral


def check_shape(builder, shape, *axes, free=()):
    """Refuse a shape that does not fit a builder.

    Args:
        builder: name of the builder, for the message.
        shape: the shape, without the batch axis.
        axes: name of each axis, such as "height".
        free: names of the axes that may be None.

    Raises:
        ValueError: if `shape` is not a tuple of as many integers >= 1 as there are axes.
    """
    fits = isinstance(shape, (tuple, list)) and len(shape) == len(axes)
    if fits:
        fixed = [size for size, axis in zip(shape, axes, strict=True) if axis not in free]
        known = [size for size in shape if size is not None]
        fits = None not in fixed and all(_is_size(size) for size in known)
    if not fits:
        or_none = f" ({' and '.join(free)} may be None)" if free else ""
        expected = f"({', '.join(axes)}{',' if len(axes) == 1 else ''})"
        raise ValueError(f"{builder}: shape {shape}; give {expected}, integers >= 1{or_none}.")


def check_integers(builder, **sizes):
    """Refuse a size that is not an integer >= 1.

    Args:
        builder: name of the builder, for the message.
        **sizes: the sizes, by the names of the builder's arguments.

    Raises:
        ValueError: names the first such size.
    """
    for name, size in sizes.items():
        if not _is_size(size):
            raise ValueError(f"{builder}: {name}={size!r}; give an integer >= 1.")


def check_tuples(builder, **sizes):
    """Refuse sizes that are not a tuple of one or more integers >= 1.

    Args:
        builder: name of the builder, for the message.
        **sizes: the tuples, by the names of the builder's arguments.

    Raises:
        ValueError: names the first such argument.
    """
    for name, values in sizes.items():
        is_tuple = isinstance(values, (tuple, list)) and len(values) > 0
        if not is_tuple or not all(_is_size(value) for value in values):
            raise ValueError(f"{builder}: {name}={values!r}; give a tuple of integers >= 1.")


def _is_size(value):
    return isinstance(value, Integral) and value >= 1
