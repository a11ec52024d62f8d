"""Images as sequence frames: an LSTM of convolutions predicts the next ones.

    past (6, 24, 24, 1) -> patches -> ConvLSTM 64 -> patches -> next frames (10, 24, 24, 1)

The frames of a clip are the sequence; the label of each is the frame that follows. A ConvLSTM is an
LSTM whose state is an image: each gate is a convolution over the frame and the state around a
place, so that a movement is learnt once for all places. It reads the past, then blank frames, and
answers at every step with the next frame; the answers to the past count in training too, and teach
it how things move. As in the paper a frame is cut into patches, which become channels.

Where the network is not sure of a position it answers with the mean of all that it holds possible,
the best answer to its loss: the further ahead, the more the digits blur and fade. To repeat the
last frame stays sharp, and is wrong twice: where the digit was, and where it went.

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
from recipes.report import Report
from recipes.schedules import warmup_cosine


def build_conv_lstm(input_shape=(6, 24, 24, 1), horizon=5, filters=(64,), patch=4):
    """Build the network, not compiled.

    Args:
        input_shape: (frames, height, width, channels) of the past; pixels from 0 to 1.
        horizon: number of frames to predict beyond the past.
        filters: channels of the state of each ConvLSTM, from the first to the last.
        patch: height and width of a patch in pixels; it divides those of a frame.

    Returns:
        A keras.Model from the past (batch, *input_shape) to the frame after each step, (batch,
        frames - 1 + horizon, height, width, channels): the last `horizon` are the prediction.
    """
    time, height, width, channels = input_shape
    rows, columns, values = height // patch, width // patch, patch * patch * channels
    past = keras.Input(input_shape)
    x = layers.Reshape((time, rows, patch, columns, patch, channels))(past)
    x = layers.Permute((1, 2, 4, 3, 5, 6))(x)
    x = layers.Reshape((time, rows, columns, values))(x)
    blank = ops.repeat(ops.zeros_like(x[:, :1]), horizon - 1, axis=1)
    x = layers.Concatenate(axis=1)([x, blank])  # (batch, time - 1 + horizon, rows, columns, values)
    for count in filters:
        x = layers.ConvLSTM2D(count, 3, padding="same", return_sequences=True)(x)
    dark = keras.initializers.Constant(-2)  # most pixels are: it starts with 0.1, not with 0.5
    x = layers.Dense(values, activation="sigmoid", bias_initializer=dark)(x)
    steps = time - 1 + horizon
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
    """Train on clips, report the error of the predicted frames of test clips.

    Args:
        data: moving_digits, or a folder or CSV of animations or of folders of numbered images.
        epochs: passes over the training clips.
        batch_size: clips per training step.
        seed: draws the first weights, the order of clips and the validation part.
        learning_rate: the highest step size of Adam, reached after a third of the training.
        past: frames to read.
        horizon: frames to predict.
        image_size: height and width that frames from files are brought to, a multiple of 4.
        augmentation: also train on each clip backwards and turned upside down, four for one.
        callbacks: Keras callbacks for fit.

    Returns:
        A Report.

    Raises:
        DataError: where past, horizon or image size cannot be.
    """
    if past < 1 or horizon < 1 or image_size % 4:
        raise data_prep.DataError(
            f"past {past}, horizon {horizon}, image size {image_size}: give a frame or more to "
            f"read and to predict, and a multiple of 4 pixels."
        )
    size = (image_size, image_size)
    clips = data_prep.load_clips(data, past + horizon, image_size=size, channels=1, seed=seed)
    model = build_conv_lstm((past, *clips.input_shape[1:]), horizon)
    train, kept, test = (part.inputs for part in clips.parts().values())
    if augmentation:
        train = np.concatenate([train, train[:, ::-1]])
        train = np.concatenate([train, train[:, :, ::-1, ::-1]])
    # Warm up, then decay to zero: the last epoch is the final model, so none has to be picked.
    schedule = warmup_cosine(learning_rate, len(train), batch_size, epochs)
    model.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss="binary_crossentropy",  # of each pixel, as a probability of ink
        metrics=["mean_squared_error"],
        steps_per_execution=8,
    )
    model.fit(
        train[:, :past],
        train[:, 1:],
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(kept[:, :past], kept[:, 1:]),
        callbacks=list(callbacks),
    )
    seen, future = test[:, :past], test[:, past:]
    predicted = model.predict(seen, batch_size=64, verbose=0)[:, -horizon:]
    repeated = np.repeat(seen[:, -1:], horizon, axis=1)
    mean = np.broadcast_to(clips.train.inputs.mean(axis=(0, 1)), future.shape)
    answers = {"this recipe": predicted, "repeat the last frame": repeated, "mean frame": mean}
    found = {name: scores.frame_prediction(future, frames) for name, frames in answers.items()}
    lines = {name: [list(errors.values())[1:]] for name, errors in found.items()}
    strips = {name: frames[0] for name, frames in answers.items()}
    return Report(
        model=model,
        headline="mean squared error",
        higher_is_better=False,
        scores=found.pop("this recipe"),
        baselines=found,
        data=clips.describe(),
        pictures={
            "next_frames": visualize.plot_next_frames(seen[0], future[0], strips),
            "errors": visualize.plot_spread(
                range(1, horizon + 1), lines, "frames ahead", "mean squared error"
            ),
        },
    )
