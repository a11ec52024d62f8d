"""Texts per second of our decoders, compared with a loop that calls `predict` for each token.

    python benchmarks/decoding.py
    python benchmarks/decoding.py seq2seq_attention

The networks have the sizes of the recipes and their initial weights: the speed does not depend on
what they have learnt. They read the test dates and write 11 tokens for each; no text ends earlier.
The loop is the usual one of tutorials: the whole network predicts from the source and all tokens
so far, the most likely token is added, for one text at a time. A second loop does the same for a
batch of texts. All greedy ways must write the same texts, or nothing is printed. Compiling is not
timed. The ways take turns, three times; the table has the medians.
"""

import argparse
import statistics
import sys
import time

import numpy as np

import data_prep
from recipes.layers.decoding import Uncached
from recipes.scores import texts_per_second
from recipes.seq2seq.seq2seq import Translator as Seq2SeqTranslator
from recipes.seq2seq.seq2seq import build_seq2seq
from recipes.seq2seq.seq2seq_attention import AttentionTranslator, build_seq2seq_attention
from recipes.transformers.transformer_translation import (
    Translator as TransformerTranslator,
)
from recipes.transformers.transformer_translation import build_transformer_translation

NETWORKS = {
    "seq2seq": (build_seq2seq, Seq2SeqTranslator),
    "seq2seq_attention": (build_seq2seq_attention, AttentionTranslator),
    "transformer_translation": (build_transformer_translation, TransformerTranslator),
}
BATCH, ROUNDS = 256, 3
TEXTS, TEXTS_ONE_BY_ONE = 512, 3
BEAMS = 4
NO_ID = -1  # for the end id: no token has it, so every text gets its full length


def predict_each_token(model, sources, length, start):
    """Write texts greedily, with one call of `predict` for each token of these texts.

    Returns:
        Ids (texts, length).
    """
    written = np.zeros((len(sources), length + 1), "int32")
    written[:, 0] = start
    for place in range(length):
        logits = model.predict([sources, written[:, :length]], verbose=0)
        next_logits = logits[:, place]
        next_logits[:, [0, start]] = -np.inf  # neither padding nor start
        written[:, place + 1] = next_logits.argmax(axis=-1)
    return written[:, 1:]


def loop_speed(model, sources, length, start, batch_size):
    """Texts per second of the loop, `batch_size` texts at a time."""
    started = time.perf_counter()
    for first in range(0, len(sources), batch_size):
        predict_each_token(model, sources[first : first + batch_size], length, start)
    return len(sources) / (time.perf_counter() - started)


def decoder(kind, model, length, beams):
    """A Translator or Uncached that never ends a text early."""
    made = kind(model, length, beams)
    made.end = NO_ID
    return made


def measure(model, translator, sources, length, start):
    """{way of decoding: its median speed in texts per second} for one network."""
    ours = {
        "ours, not cached, greedy": decoder(Uncached, model, length, 1),
        "ours, cached, greedy": decoder(translator, model, length, 1),
        f"ours, cached, beam search of {BEAMS}": decoder(translator, model, length, BEAMS),
    }
    few, batch = sources[:TEXTS_ONE_BY_ONE], sources[:BATCH]
    expected = predict_each_token(model, batch, length, start)
    one_by_one = [predict_each_token(model, text[None], length, start)[0] for text in few]
    for name, made in ours.items():
        if made.beams == 1:
            texts, _ = made.predict(batch, batch_size=BATCH, verbose=0)
            check_equal(name, texts, expected)
    check_equal("one text at a time", np.array(one_by_one), expected[: len(few)])

    speeds = {name: [] for name in ("loop, one text at a time", f"loop, {BATCH} texts at a time")}
    speeds |= {name: [] for name in ours}
    for _ in range(ROUNDS):
        one, many = speeds["loop, one text at a time"], speeds[f"loop, {BATCH} texts at a time"]
        one.append(loop_speed(model, few, length, start, 1))
        many.append(loop_speed(model, batch, length, start, BATCH))
        for name, made in ours.items():
            speeds[name].append(texts_per_second(made, sources, BATCH))
    return {name: statistics.median(values) for name, values in speeds.items()}


def check_equal(name, texts, expected):
    """Stop unless two ways of decoding wrote the same ids."""
    different = (texts != expected).any(axis=1).sum()
    if different:
        sys.exit(f"{name}: {different} of {len(texts)} texts differ from those of the loop.")


def main():
    """Print one Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("networks", nargs="*", help=f"some of {', '.join(NETWORKS)}")
    names = parser.parse_args().networks or list(NETWORKS)
    for name in names:
        if name not in NETWORKS:
            parser.error(f"no network {name!r}; give some of {', '.join(NETWORKS)}")

    pairs = data_prep.load_text_pairs("dates", seed=0)
    ids, source_vocabulary, target_vocabulary = data_prep.encode_pairs(pairs, "characters")
    sources, length = ids.test.inputs[0][:TEXTS], ids.test.labels.shape[1]

    print(f"| dates, {length} tokens each | texts per second | ratio |")
    print("| --- | ---: | ---: |")
    for name in names:
        build, translator = NETWORKS[name]
        model = build(len(source_vocabulary), len(target_vocabulary))
        speeds = measure(model, translator, sources, length, target_vocabulary.start)
        slowest = speeds["loop, one text at a time"]
        for way, speed in speeds.items():
            print(f"| {name}: {way} | {speed:,.1f} | {speed / slowest:,.1f} |", flush=True)


if __name__ == "__main__":
    main()
