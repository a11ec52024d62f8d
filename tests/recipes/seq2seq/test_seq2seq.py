"""seq2seq, and what seq2seq_attention must do as well: decoding, masks, order of time."""

import keras
import numpy as np
import pytest

from recipes.layers.decoding import Uncached
from recipes.seq2seq import seq2seq, seq2seq_attention

SOURCE_SIZE, TARGET_SIZE, LENGTH = 12, 9, 5
NETWORKS = {
    "seq2seq": (seq2seq.build_seq2seq, seq2seq.Translator),
    "seq2seq_attention": (
        seq2seq_attention.build_seq2seq_attention,
        seq2seq_attention.AttentionTranslator,
    ),
}


@pytest.fixture(scope="module", params=NETWORKS)
def network(request):
    """(model, class of its translator); large weights, so that texts differ."""
    build, translator = NETWORKS[request.param]
    keras.utils.set_random_seed(1)
    model = build(SOURCE_SIZE, TARGET_SIZE, embedding=6, units=5)
    model.set_weights([3 * weight for weight in model.get_weights()])
    return model, translator


@pytest.fixture(scope="module")
def sources():
    """Six sources of 1 to 6 ids, padded with 0."""
    ids = np.random.default_rng(0).integers(4, SOURCE_SIZE, (6, 6)).astype("int32")
    ids[np.arange(6) > np.arange(6)[:, None]] = 0
    return ids


@pytest.fixture(scope="module")
def written():
    """Six texts that a decoder reads, each after the start id."""
    ids = np.random.default_rng(1).integers(4, TARGET_SIZE, (6, LENGTH)).astype("int32")
    ids[:, 0] = 2
    return ids


def logits_of(model, sources, written):
    return keras.ops.convert_to_numpy(model([sources, written], training=False))


def numpy_pair(pair):
    return [keras.ops.convert_to_numpy(tensor) for tensor in pair]


def test_the_cached_steps_give_the_logits_of_the_whole_network(network, sources, written):
    model, translator = network
    decoding = translator(model, LENGTH)
    memory, state = decoding.begin(sources)

    steps = []
    for place in range(LENGTH):
        logits, state = decoding.step(written[:, place], place, memory, state)
        steps.append(keras.ops.convert_to_numpy(logits))

    whole = logits_of(model, sources, written)
    np.testing.assert_allclose(np.stack(steps, axis=1), whole, atol=1e-4)


@pytest.mark.parametrize("beams", [1, 3])
def test_the_cached_search_writes_what_the_uncached_one_writes(network, sources, beams):
    model, translator = network
    texts, scores = numpy_pair(translator(model, LENGTH, beams)(sources))
    same_texts, same_scores = numpy_pair(Uncached(model, LENGTH, beams)(sources))

    np.testing.assert_array_equal(texts, same_texts)
    np.testing.assert_allclose(scores, same_scores, atol=1e-4)
    assert len(np.unique(texts, axis=0)) > 1


def test_one_beam_is_greedy_search(network, sources):
    model, translator = network
    decoding = translator(model, LENGTH)
    greedy, greedy_scores = numpy_pair(decoding.greedy_search(sources))
    beam, beam_scores = numpy_pair(decoding.beam_search(sources, 1))

    np.testing.assert_array_equal(beam, greedy)
    np.testing.assert_allclose(beam_scores, greedy_scores, atol=1e-5)


@pytest.mark.parametrize("beams", [1, 4])
def test_a_score_is_the_sum_of_the_log_probabilities_with_teacher_forcing(network, sources, beams):
    model, translator = network
    texts, scores = numpy_pair(translator(model, LENGTH, beams)(sources))

    inputs = np.concatenate([np.full((6, 1), 2), texts[:, :-1]], axis=1).astype("int32")
    logits = logits_of(model, sources, inputs).astype("float64")
    log_probabilities = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    of_tokens = np.take_along_axis(log_probabilities, texts[..., None], axis=-1)[..., 0]
    np.testing.assert_allclose(scores, (of_tokens * (texts != 0)).sum(axis=1), atol=1e-4)


def test_more_padding_of_the_source_changes_nothing(network, sources, written):
    model, translator = network
    padded = np.pad(sources, ((0, 0), (0, 5)))
    np.testing.assert_allclose(
        logits_of(model, padded, written), logits_of(model, sources, written), atol=1e-5
    )

    texts, _ = numpy_pair(translator(model, LENGTH)(sources))
    same_texts, _ = numpy_pair(translator(model, LENGTH)(padded))
    np.testing.assert_array_equal(same_texts, texts)


def test_the_order_of_the_source_counts(network, sources, written):
    model, _ = network
    whole, reverse = sources[5:], sources[5:, ::-1]
    difference = logits_of(model, whole, written[5:]) - logits_of(model, reverse, written[5:])
    assert abs(difference).max() > 1e-2


def test_no_place_sees_a_later_token(network, sources, written):
    model, _ = network
    changed = written.copy()
    changed[:, 3] = np.where(written[:, 3] == 4, 5, 4)
    logits, others = logits_of(model, sources, written), logits_of(model, sources, changed)

    np.testing.assert_allclose(others[:, :3], logits[:, :3], atol=1e-6)
    assert (abs(others - logits)[:, 3:].max(axis=(0, 2)) > 1e-4).all()


@pytest.mark.parametrize("size", ["source_size", "target_size", "embedding", "units"])
@pytest.mark.parametrize("name", NETWORKS)
def test_sizes_that_cannot_work_are_refused(name, size):
    build, _ = NETWORKS[name]
    with pytest.raises(ValueError, match=rf"^build_{name}: {size}=0; give an integer >= 1\.$"):
        build(**{size: 0})


@pytest.mark.parametrize("page", [seq2seq, seq2seq_attention])
def test_beams_are_refused_before_training(page, tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("\n".join(f"{number}\t{-number}" for number in range(100, 140)))
    began = []
    watch = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: began.append(logs))

    with pytest.raises(ValueError, match=r"Translator: beams=0; give an integer >= 1\.$"):
        page.run(str(path), beams=0, units=4, callbacks=[watch])
    assert not began
