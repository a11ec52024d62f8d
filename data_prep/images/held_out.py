"""Images whose test classes are not among the training classes."""

from dataclasses import fields

from data_prep.dataset import Dataset
from data_prep.errors import DataError
from data_prep.images.arrays import load_images
from data_prep.images.omniglot import is_omniglot, load_omniglot
from data_prep.new_classes import NewClasses
from data_prep.pairs import hold_out_classes


def load_new_classes(data="digits", held_out="third", seed=0, min_size=(1, 1)):
    """Load images with test classes that are not among the training classes.

    Args:
        data: what `load_images` takes, or a folder with Omniglot, as for `load_omniglot`.
        held_out: names of the test classes, separated by commas, such as "7,8,9"; "third" for the
            last third of the classes, at least two; "none" for the same classes in training and
            test.
            Omniglot has test alphabets of its own and takes only "third".
        seed: selects the validation part. The test examples are the same for every seed; with
            held-out classes their order depends on the seed.
        min_size: smallest (height, width) in pixels that the network accepts.

    Returns:
        A NewClasses. Inputs are float32 (examples, height, width, channels), 0 to 1.

    Raises:
        DataError: if the data or the classes cannot be used.
    """
    if is_omniglot(data):
        if held_out != "third":
            raise DataError(
                f"held_out is {held_out!r}, but Omniglot has test alphabets of its own: leave "
                f"held_out out."
            )
        return load_omniglot(data, seed)

    images = load_images(data, seed=seed, min_size=min_size)
    if held_out == "third":
        names = images.classes[-max(2, len(images.classes) // 3) :]
    else:
        names = tuple(name.strip() for name in held_out.split(",") if name.strip())
    if held_out != "none":
        if len(names) < 2:
            raise DataError(
                f"held_out is {held_out!r}; give two classes or more, separated by commas, or "
                f"none: pairs of different classes need two."
            )
        images = hold_out_classes(images, names)
    return NewClasses(**{field.name: getattr(images, field.name) for field in fields(Dataset)})
