"""vec2seq: cached and uncached captions, attention over the image, and what a caption must see."""

import keras
import numpy as np
import pytest
from keras import ops

from recipes.layers.decoding import Uncached
from recipes.seq2seq import vec2seq
from recipes.seq2seq.vec2seq import Captioner, attention_maps, build_vec2seq

LENGTH, VOCABULARY = 6, 12
SCALE = 3


@pytest.fixture(scope="module")
def model():
    """A small network whose weights are large, so that it is far from undecided."""
    keras.utils.set_random_seed(2)
    model = build_vec2seq((32, 24, 3), VOCABULARY, filters=(6, 6, 8, 8), units=7)
    for layer in model.layers:
        if not isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([SCALE * weight for weight in layer.get_weights()])
    return model


@pytest.fixture(scope="module")
def images():
    """Noise with a bright square somewhere."""
    rng = np.random.default_rng(0)
    images = rng.uniform(0, 0.3, (20, 32, 24, 3)).astype("float32")
    for image in images:
        top, left = rng.integers(0, 16, 2)
        image[top : top + 12, left : left + 8] = rng.random(3)
    return images


@pytest.fixture(scope="module")
def greedy(model, images):
    return Captioner(model, LENGTH).predict(images, verbose=0)


def decode(decoding, images):
    """(ids, log-probabilities) as arrays; not compiled, which takes longer than these few steps."""
    return [ops.convert_to_numpy(result) for result in decoding(ops.convert_to_tensor(images))]


@pytest.mark.parametrize("beams", [1, 3])
def test_the_cache_changes_nothing(model, images, beams):
    texts, scores = decode(Captioner(model, LENGTH, beams), images)
    texts_again, scores_again = decode(Uncached(model, LENGTH, beams), images)
    np.testing.assert_array_equal(texts, texts_again)
    np.testing.assert_allclose(scores, scores_again, atol=1e-4)
    assert len(np.unique(texts, axis=0)) > 2, "different images, different captions"


def test_one_beam_is_greedy_search(model, images, greedy):
    texts, scores = Captioner(model, LENGTH).beam_search(ops.convert_to_tensor(images), 1)
    np.testing.assert_array_equal(ops.convert_to_numpy(texts), greedy[0])
    np.testing.assert_allclose(ops.convert_to_numpy(scores), greedy[1], atol=1e-4)


def test_no_position_sees_a_later_word(model, images):
    written = np.random.default_rng(1).integers(4, VOCABULARY, (20, LENGTH)).astype("int32")
    changed = written.copy()
    changed[:, 3:] = 4 + (written[:, 3:] - 3) % (VOCABULARY - 4)

    before, after = (
        ops.convert_to_numpy(model([images, text], training=False)) for text in (written, changed)
    )
    np.testing.assert_allclose(after[:, :3], before[:, :3], atol=1e-5)
    assert np.abs(after[:, 3] - before[:, 3]).max() > 1e-3


def test_attention_is_a_distribution_over_the_regions(model, images, greedy):
    maps = attention_maps(model, images, greedy[0])
    assert maps.shape == (20, LENGTH, 4, 3)  # an eighth of 32 x 24 pixels
    assert (maps >= 0).all()
    np.testing.assert_allclose(maps.sum(axis=(2, 3)), 1, atol=1e-5)


def test_attention_is_its_formula(model, images, greedy):
    """softmax(Q K^T / sqrt(size)) of each head, for the first word."""
    captioner = Captioner(model, LENGTH)
    regions, state = captioner.encoder(images)
    start = model.get_layer("written_embedding")(np.full((20, 1), 2))
    state = ops.convert_to_numpy(model.get_layer("decoder")(start, initial_state=state))[:, 0]

    query_kernel, key_kernel, *_ = captioner.attention.get_weights()  # (features, heads, size)
    queries = np.einsum("bf,fhs->bhs", state, query_kernel)
    keys = np.einsum("bpf,fhs->bphs", ops.convert_to_numpy(regions), key_kernel)
    similarity = np.einsum("bhs,bphs->bhp", queries, keys) / np.sqrt(vec2seq.HEAD_SIZE)
    exponentials = np.exp(similarity - similarity.max(axis=2, keepdims=True))
    expected = exponentials / exponentials.sum(axis=2, keepdims=True)

    weights = attention_maps(model, images, greedy[0])[:, 0].reshape(20, -1)
    np.testing.assert_allclose(weights, expected.mean(axis=1), atol=1e-5)


def test_a_figure_elsewhere_changes_the_caption_and_where_the_decoder_looks(model, greedy):
    image = np.full((2, 32, 24, 3), 0.4, "float32")
    image[0, 4:12, 4:12] = 0.9
    image[1, 20:28, 12:20] = 0.9

    written = np.repeat(greedy[0][:1], 2, axis=0)  # the same words for both images
    logits = ops.convert_to_numpy(model([image, written], training=False))
    assert np.abs(logits[0] - logits[1]).max() > 1e-2
    maps = attention_maps(model, image, written)
    assert np.abs(maps[0] - maps[1]).max() > 1e-2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"input_shape": (64, 64)}, "give \\(height, width, channels\\)"),
        ({"input_shape": (12, 64, 3)}, "at least 16 x 16 pixels"),
        ({"filters": (8, 8, 8)}, "give four integers"),
        ({"filters": (8, 8, 0, 8)}, "integers >= 1"),
        ({"vocabulary_size": 0}, "vocabulary_size=0"),
        ({"units": 1.5}, "units=1.5"),
        ({"heads": 0}, "heads=0"),
    ],
)
def test_sizes_that_cannot_work_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        build_vec2seq(**options)


@pytest.mark.full
def test_photos_are_described_better_than_by_the_nearest_photo(data_folder):
    report = vec2seq.run(
        str(data_folder / "flickr8k"),
        epochs=6,
        learning_rate=0.003,
        length=20,
        vocabulary_size=1500,
        dropout=0.4,
        beams=3,
    )
    assert report.headline == "BLEU"
    for baseline in report.baselines.values():
        assert report.scores["BLEU"] > baseline["BLEU"]
