"""Two networks that train against each other, in one Keras model with an optimizer for each."""

import keras


@keras.saving.register_keras_serializable(package="recipes")
class TwoPlayers(keras.Model):
    """A functional model whose layers "generator" and "discriminator" have an optimizer each.

    A subclass gives `train_step`. Both networks and both optimizers are in what `save` writes: a
    loaded model trains on from there.
    """

    def compile(self, generator_optimizer, discriminator_optimizer, **options):
        """Set the optimizers.

        Args:
            generator_optimizer: a keras.optimizers.Optimizer.
            discriminator_optimizer: another one.
            options: of keras.Model.compile, such as steps_per_execution.
        """
        super().compile(optimizer=generator_optimizer, **options)
        self.discriminator_optimizer = discriminator_optimizer
        self.discriminator_loss = keras.metrics.Mean(name="discriminator_loss")
        self.generator_loss = keras.metrics.Mean(name="generator_loss")
        # Built here, so that a saved state finds its place.
        generator_optimizer.build(self.drawing_variables())
        discriminator_optimizer.build(self.get_layer("discriminator").trainable_variables)

    def drawing_variables(self):
        """The weights of the generator's optimizer."""
        return self.get_layer("generator").trainable_variables

    @property
    def metrics(self):
        """The two losses, as means over the steps of an epoch."""
        return [self.discriminator_loss, self.generator_loss] if self.compiled else []

    def get_compile_config(self):
        """What `compile_from_config` needs, as part of what is saved; None before `compile`."""
        if not self.compiled:
            return None
        optimizers = {
            "generator_optimizer": self.optimizer,
            "discriminator_optimizer": self.discriminator_optimizer,
        }
        return {
            name: keras.saving.serialize_keras_object(optimizer)
            for name, optimizer in optimizers.items()
        }

    def compile_from_config(self, config):
        """Compile a loaded model with its optimizers."""
        optimizers = config.items()
        self.compile(
            **{name: keras.saving.deserialize_keras_object(value) for name, value in optimizers}
        )


class SampleGrid(keras.callbacks.Callback):
    """Keep what a generator makes of the same latent vectors as training goes on.

    Args:
        generator: the keras.Model that draws.
        latent: its inputs, as for predict.
        moments: pictures to keep at most, the first before and the last after training.

    Attributes:
        grids: {"epoch 0": images, ...}.
    """

    def __init__(self, generator, latent, moments=6):
        super().__init__()
        self.generator = generator
        self.latent = latent
        self.moments = moments
        self.grids = {}

    def on_epoch_begin(self, epoch, logs=None):
        """Keep the first picture; of a resumed run it is the one that it begins with."""
        if not self.grids:
            self._keep(epoch)

    def on_epoch_end(self, epoch, logs=None):
        """Keep a picture where its moment has come."""
        # From one to the next the same factor of epochs: most happens early.
        epochs = self.params["epochs"]
        if epoch + 1 in {
            round(epochs ** (i / (self.moments - 2))) for i in range(self.moments - 1)
        }:
            self._keep(epoch + 1)

    def _keep(self, epoch):
        images = self.generator(self.latent, training=False)
        self.grids[f"epoch {epoch}"] = keras.ops.convert_to_numpy(images)
