"""Images with captions: from files of every form, their parts, and bad data."""

import gzip
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import data_prep
from data_prep.sources import synthetic

PARTS = ["train"] * 6 + ["dev"] * 2 + ["test"] * 2


def photo(path, number, size=(40, 10)):
    """Write an image whose grey value is ten times its number; the outer quarters are white."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((size[1], size[0]), 10 * number, np.uint8)
    quarter = size[0] // 4
    pixels[:, :quarter] = pixels[:, -quarter:] = 255
    Image.fromarray(pixels).save(path)


def captions_of(number):
    """The captions of an image: two, and three for each third one."""
    return tuple(
        f"a {word} dog {number}" for word in ("red", "big", "old")[: 2 + (number % 3 == 0)]
    )


def rows():
    return [
        {"image": f"{number}.png", "caption": f" {caption} "}
        for number in range(10)
        for caption in captions_of(number)
    ]


@pytest.fixture
def folder(tmp_path):
    """A folder of ten photos and captions.csv."""
    for number in range(10):
        photo(tmp_path / "dogs" / "images" / f"{number}.png", number)
    pd.DataFrame(rows()).to_csv(tmp_path / "dogs" / "captions.csv", index=False)
    return tmp_path / "dogs"


def write_lists(folder):
    for part in ("train", "dev", "test"):
        names = [f"{n}.png" for n in range(10) if PARTS[n] == part]
        (folder / f"split_{part}.txt").write_text("\n".join([*names, ""]))


def numbers(part):
    """The numbers of the images of a part, from their pixels."""
    assert np.ptp(part.inputs, axis=(1, 2, 3)).max() < 1e-6, "more than the centre"
    return np.round(part.inputs[:, 0, 0, 0] * 25.5).astype(int).tolist()


def few_scenes():
    """The named data "shapes" with fewer scenes."""
    random = np.random.default_rng(0)
    parts = {}
    for part, number in (("train", 20), ("test", 4)):
        images, masks, captions = zip(
            *[synthetic.scene(random) for _ in range(number)], strict=True
        )
        captions = np.array(captions, dtype=object)
        parts[part] = {"images": np.stack(images), "masks": np.stack(masks), "captions": captions}
    return parts


def test_shapes_have_the_captions_and_the_parts_of_the_scenes(monkeypatch):
    entry = replace(data_prep.NAMED["shapes"], read=few_scenes)
    monkeypatch.setitem(data_prep.NAMED, "shapes", entry)
    data = data_prep.load_captions("shapes", seed=3)
    scenes = data_prep.load_scenes("shapes", seed=3)
    for part, other in zip(data.parts().values(), scenes.parts().values(), strict=True):
        np.testing.assert_array_equal(part.inputs, other.inputs)
        assert [captions[0] for captions in part.labels] == other.labels["captions"].tolist()
    assert data.describe()["shapes"]["test"] == {"inputs": [4, 64, 64, 3], "labels": [4]}


@pytest.mark.parametrize(("relation", "opposite"), [("left of", "right of"), ("above", "below")])
def test_two_figures_have_a_true_caption_from_either_side(relation, opposite, monkeypatch):
    red, blue = "a small red circle", "a large blue square"
    scene = {"images": np.zeros((10, 4, 4, 3), np.uint8)}
    captions = [f"{red} {relation} {blue}", f"{blue} {opposite} {red}", red] * 3 + [red]
    parts = dict.fromkeys(("train", "test"), scene | {"captions": captions})
    entry = replace(data_prep.NAMED["shapes"], read=lambda: parts)
    monkeypatch.setitem(data_prep.NAMED, "shapes", entry)
    labels = data_prep.load_captions("shapes").test.labels
    both = f"{red} {relation} {blue}", f"{blue} {opposite} {red}"
    assert labels[:3].tolist() == [both, both[::-1], (red,)]


def test_the_centre_of_each_image_comes_with_its_captions(folder):
    data = data_prep.load_captions(folder, image_size=(8, 8))
    assert data.name == "dogs"
    assert data.input_shape == (8, 8, 3)
    assert data.train.inputs.dtype == np.float32
    found = {}
    for part in data.parts().values():
        found |= dict(zip(numbers(part), part.labels, strict=True))
    assert found == {number: captions_of(number) for number in range(10)}
    assert [len(part) for part in data.parts().values()] == [7, 1, 2]
    assert "left out" not in data.source
    assert data.to_original(data.test.inputs).max() > 1


def test_the_test_part_is_the_same_for_each_seed(folder):
    data = [data_prep.load_captions(folder, seed=seed, image_size=(8, 8)) for seed in range(4)]
    assert len({tuple(numbers(each.test)) for each in data}) == 1
    assert len({tuple(numbers(each.validation)) for each in data}) > 1
    assert len({each.fingerprint for each in data}) == 1


def test_lists_give_the_parts_and_what_is_in_none_is_left_out(folder):
    write_lists(folder)
    photo(folder / "images" / "10.png", 10)
    (folder / "images" / "9.png").write_bytes(b"no image")
    more = [{"image": name, "caption": "a dog"} for name in ("10.png", "gone.png", "lost.png")]
    (folder / "captions.csv").unlink()
    with gzip.open(folder / "captions.csv.gz", "wt") as file:
        pd.DataFrame(rows() + more).to_csv(file, index=False)
    data = data_prep.load_captions(folder, image_size=(8, 8))
    assert [numbers(part) for part in data.parts().values()] == [[0, 1, 2, 3, 4, 5], [6, 7], [8]]
    assert "2 images without a file left out" in data.source
    assert "1 image without a part left out" in data.source
    assert "1 image that cannot be read (the first: " in data.source
    assert "9.png: not an image" in data.source


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_a_field_gives_the_parts_in_tables_of_every_form(folder, suffix):
    (folder / "captions.csv").unlink()
    table = pd.DataFrame(rows())
    table["part"] = [PARTS[int(name[0])] for name in table["image"]]
    path = folder / f"captions{suffix}"
    {
        ".csv": lambda: table.to_csv(path, index=False),
        ".tsv": lambda: table.to_csv(path, index=False, sep="\t"),
        ".jsonl": lambda: table.to_json(path, orient="records", lines=True),
        ".parquet": lambda: table.to_parquet(path),
    }[suffix]()
    for where in (folder, path):
        data = data_prep.load_captions(where, image_size=(8, 8))
        assert [numbers(part) for part in data.parts().values()] == [[*range(6)], [6, 7], [8, 9]]
    assert data.name == "captions"


def test_images_may_lie_next_to_the_table(folder):
    for file in (folder / "images").iterdir():
        file.rename(folder / file.name)
    (folder / "images").rmdir()
    assert len(data_prep.load_captions(folder).train) == 7


def change(table):
    """A function that writes a changed table of captions into a folder."""
    return lambda folder: table(pd.DataFrame(rows())).to_csv(folder / "captions.csv", index=False)


def twice_listed(folder):
    write_lists(folder)
    (folder / "split_dev.txt").write_text("8.png\n")


def only_train(folder):
    (folder / "split_train.txt").write_text("1.png\n")


def no_image_reads(folder):
    for file in (folder / "images").iterdir():
        file.write_bytes(b"")


BAD = {
    "field 'caption' is empty": change(lambda table: table.assign(caption=" ")),
    "line 2: no field 'image'; name one of file, caption": change(
        lambda table: table.rename(columns={"image": "file"})
    ),
    "none of its images is in": change(lambda table: table.assign(image="none.png")),
    "has the part 'first'; give each image the part": change(
        lambda table: table.assign(part="first")
    ),
    "image 0.png is in two parts": change(
        lambda table: table.assign(part=["train", "test"] + ["train"] * (len(table) - 2))
    ),
    "1 images cannot be divided into parts; give more": change(lambda table: table[:2]),
    "8.png is also in the list of another part": twice_listed,
    "no image is in the test part": only_train,
    "no image is left; 10 images that cannot be read": no_image_reads,
    "found captions.csv, captions.tsv": lambda folder: (folder / "captions.tsv").touch(),
    "found none": lambda folder: (folder / "captions.csv").unlink(),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_folders_are_refused_by_name(message, folder):
    BAD[message](folder)
    with pytest.raises(data_prep.DataError) as caught:
        data_prep.load_captions(folder)
    assert message in str(caught.value)
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bad_names_and_sizes_are_refused(tmp_path):
    for call, message in (
        (lambda: data_prep.load_captions("shape"), "did you mean 'shapes'"),
        (lambda: data_prep.load_captions("dates"), r"load_text_pairs\('dates'\)"),
        (lambda: data_prep.load_captions(tmp_path / "none.csv"), "no such file"),
        (lambda: data_prep.load_captions("shapes", image_size=(0, 4)), "give .height, width. in"),
    ):
        with pytest.raises(data_prep.DataError, match=message):
            call()


@pytest.mark.full
def test_flickr8k_files(data_folder):
    data = data_prep.load_captions(data_folder / "flickr8k", image_size=(96, 96))
    assert [len(part) for part in data.parts().values()] == [753, 113, 125]
    assert {len(captions) for captions in data.train.labels} == {5}
    assert "7,091 images without a file left out; 9 images without a part left out" in data.source
