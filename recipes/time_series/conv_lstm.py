"""Video prediction: an LSTM of convolutions predicts the next frames of a clip.

    past (6, 24, 24, 1) -> patches -> ConvLSTM 64 -> patches -> next frames (10, 24, 24, 1)

Take it for sequences of images in which something moves: radar maps, satellite images, videos. The
frames of a clip are the sequence, and the label of each frame is the frame that follows.

A ConvLSTM is an LSTM whose state is an image. Each gate is a convolution over the frame and the
state, so a movement is learnt once for all positions. The network reads the past frames, then blank
ones, and predicts the next frame at every step. Its predictions of past frames count in the loss,
too: they also teach how things move. As in the paper, each frame is cut into patches and the
pixels of a patch become channels, which makes the state smaller.

In the report: the predicted frames of one clip, and the error by number of frames ahead. Where
several positions are possible, the mean of all these images has the lowest loss. So the digits blur
and fade more with each frame ahead. A repeated last frame stays sharp, but is wrong twice: where
the digit was, and where it is now.

Reference: Shi et al., "Convolutional LSTM network: a machine learning approach for precipitation
nowcasting", 2015.
"""

if __name__ == "__main__":
    from recipes.__main__ import run_script

    run_script(__file__)

import keras
import numpy as np
from keras import layers, ops

import data_prep
import visualize
from recipes import scores
from recipes.layers.sizes import check_integers, check_shape, check_tuples
from recipes.report import Report
from recipes.schedules import warmup_cosine


def build_conv_lstm(input_shape=(6, 24, 24, 1), horizon=5, filters=(64,), patch=4):
    """Build the network, not compiled.

    Args:
        input_shape: (frames, height, width, channels) of the past; pixels from 0 to 1.
        horizon: number of frames to predict after the past.
        filters: channels of the state of each ConvLSTM, from the first to the last.
        patch: height and width of a patch in pixels, which divides height and width of a frame.

    Returns:
        A keras.Model from the past (batch, *input_shape) to the frame after each step, (batch,
        frames - 1 + horizon, height, width, channels): the last `horizon` are the prediction.

    Raises:
        ValueError: if a size is not an integer >= 1, or if the patch does not divide height and
            width.

    Example:
        import numpy as np

        clips = np.random.rand(32, 10, 32, 32, 1)  # 10 frames each

        model = build_conv_lstm(input_shape=(6, 32, 32, 1), horizon=4)
        model.compile("adam", "binary_crossentropy", metrics=["mean_squared_error"])
        past = clips[:, :6]
        next_frames = clips[:, 1:]  # after each frame of the past, and beyond it
        model.fit(past, next_frames, batch_size=16, epochs=1)
        future = model.predict(past)[:, -4:]  # (32, 4, 32, 32, 1)
    """
    check_shape("build_conv_lstm", input_shape, "frames", "height", "width", "channels")
    check_tuples("build_conv_lstm", filters=filters)
    check_integers("build_conv_lstm", horizon=horizon, patch=patch)

    time, height, width, channels = input_shape
    if height % patch or width % patch:
        raise ValueError(
            f"build_conv_lstm: patch {patch} for frames of {height} x {width}; give a patch that "
            f"divides both."
        )
    rows = height // patch
    columns = width // patch
    values = patch * patch * channels
    steps = time - 1 + horizon

    past = keras.Input(input_shape)
    x = layers.Reshape((time, rows, patch, columns, patch, channels))(past)
    x = layers.Permute((1, 2, 4, 3, 5, 6))(x)
    x = layers.Reshape((time, rows, columns, values))(x)
    blank = ops.repeat(ops.zeros_like(x[:, :1]), horizon - 1, axis=1)
    x = layers.Concatenate(axis=1)([x, blank])  # (batch, steps, rows, columns, values)

    for count in filters:
        x = layers.ConvLSTM2D(count, 3, padding="same", return_sequences=True)(x)
    # Most pixels are dark: with this bias the first predictions are about 0.1 and not 0.5.
    dark = keras.initializers.Constant(-2)
    x = layers.Dense(values, activation="sigmoid", bias_initializer=dark)(x)

    x = layers.Reshape((steps, rows, columns, patch, patch, channels))(x)
    x = layers.Permute((1, 2, 4, 3, 5, 6))(x)
    frames = layers.Reshape((steps, height, width, channels))(x)
    return keras.Model(past, frames, name="conv_lstm")


def run(
    data="moving_digits",
    epochs=4,
    batch_size=16,
    seed=0,
    learning_rate=0.01,
    past=6,
    horizon=5,
    image_size=24,
    augmentation=True,
    callbacks=(),
):
    """Train on clips and report the error of the predicted frames of test clips.

    Args:
        data: moving_digits, or a folder or CSV of animations or of folders of numbered images.
        epochs: passes over the training clips.
        batch_size: clips per training step.
        seed: sets the initial weights, the order of the clips and the validation part.
        learning_rate: the peak learning rate of Adam, reached after a third of the training.
        past: frames to read.
        horizon: frames to predict.
        image_size: height and width to which frames from files are resized, a multiple of 4.
        augmentation: also train on each clip backwards and upside down: four clips from each.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.

    Raises:
        DataError: if past or horizon is below 1, or the image size is not a multiple of 4.
    """
    if past < 1 or horizon < 1 or image_size % 4:
        raise data_prep.DataError(
            f"past {past}, horizon {horizon}, image size {image_size}: give a frame or more to "
            f"read and to predict, and a multiple of 4 pixels."
        )
    size = (image_size, image_size)
    clips = data_prep.load_clips(data, past + horizon, image_size=size, channels=1, seed=seed)
    train = _augment(clips.train.inputs) if augmentation else clips.train.inputs
    validation = clips.validation.inputs
    model = build_conv_lstm((past, *clips.input_shape[1:]), horizon)

    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(train), batch_size, epochs)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss="binary_crossentropy",  # a pixel is the probability of ink
        metrics=["mean_squared_error"],
        steps_per_execution=8,  # several batches per call: faster for a small model
    )
    model.fit(
        train[:, :past],
        train[:, 1:],
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(validation[:, :past], validation[:, 1:]),
        callbacks=list(callbacks),
    )

    # The only use of the test clips.
    predicted = model.predict(clips.test.inputs[:, :past], batch_size=64, verbose=0)
    predictions = {"this recipe": predicted[:, -horizon:]} | _simple_predictions(clips, past)
    future = clips.test.inputs[:, past:]
    errors = {name: scores.frame_prediction(future, p) for name, p in predictions.items()}
    return Report(
        model=model,
        headline="mean squared error",
        higher_is_better=False,
        scores=errors["this recipe"],
        baselines={name: errors[name] for name in ("repeat the last frame", "mean frame")},
        data=clips.describe(),
        pictures=_pictures(clips, past, predictions, errors),
    )


def _augment(clips):
    """The clips, the same backwards in time, and both upside down: four times as many."""
    both_directions = np.concatenate([clips, clips[:, ::-1]])
    upside_down = both_directions[:, :, ::-1, ::-1]
    return np.concatenate([both_directions, upside_down])


def _simple_predictions(clips, past):
    """The baselines: the last frame again and again, and the mean of all training frames."""
    test = clips.test.inputs
    future = test[:, past:]
    last_frame = test[:, past - 1 : past]
    mean_frame = clips.train.inputs.mean(axis=(0, 1))
    return {
        "repeat the last frame": np.repeat(last_frame, future.shape[1], axis=1),
        "mean frame": np.broadcast_to(mean_frame, future.shape),
    }


def _pictures(clips, past, predictions, errors):
    """The first test clip with all predictions, and the errors by frames ahead."""
    first_clip = clips.test.inputs[0]
    strips = {name: frames[0] for name, frames in predictions.items()}

    lines = {}
    for name, found in errors.items():
        _, *by_step = found.values()  # the first is the mean over all steps
        lines[name] = [by_step]
    ahead = range(1, 1 + len(by_step))
    return {
        "next_frames": visualize.plot_next_frames(first_clip[:past], first_clip[past:], strips),
        "errors": visualize.plot_lines(ahead, lines, "frames ahead", "mean squared error"),
    }
