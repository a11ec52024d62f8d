"""Pictures of networks as boxes and arrows: autoencoder, GAN, Siamese network, capsule, agent."""

import math

from matplotlib.patches import Rectangle

from visualize.errors import VisualizeError
from visualize.notes.canvas import BLUE_FILL, ORANGE_FILL, Canvas
from visualize.style import BLUE, FAINT, ORANGE

# Pairs (name, equation), as in Sabour et al. 2017.
CAPSULE_EQUATIONS = (
    ("vote", r"\hat{u}_{j|i} = W_{ij} u_i"),
    ("sum", r"s_j = \sum_i c_{ij} \hat{u}_{j|i}"),
    ("squash", r"v_j = \frac{|s_j|^2}{1 + |s_j|^2} \frac{s_j}{|s_j|}"),
    ("coupling", r"c_{ij} = \mathrm{softmax}_j(b_{ij})"),
    ("agreement", r"b_{ij} \leftarrow b_{ij} + \hat{u}_{j|i} \cdot v_j"),
)


def plot_autoencoder(units=(784, 128, 32), ax=None):
    """Plot an autoencoder as layers that narrow to the code and widen again.

    Args:
        units: units of each layer from the input to the code, 2 to 6 numbers. The decoder mirrors
            the encoder.
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure. The height of a layer grows with the logarithm of its units.

    Raises:
        VisualizeError: if the code is not the smallest layer, or there are too many layers.
    """
    units = [int(number) for number in units]
    if not 2 <= len(units) <= 6 or min(units) < 1 or min(units[:-1]) <= units[-1]:
        raise VisualizeError(
            f"units {units}: give 2 to 6 numbers from the input to the code, the code the smallest."
        )

    encoder, code, decoder = units[:-1], units[-1], units[-2::-1]
    sizes = [*encoder, code, *decoder]
    place_of_code = len(encoder)
    largest = math.log(max(units) / code)

    canvas = Canvas(ax, 1.4 * len(sizes) + 1.8, 5.1)
    middle = 2.7
    shapes = []
    for number, size in enumerate(sizes):
        fraction = math.log(size / code) / largest  # 0 for the code, 1 for the largest layer
        shape = canvas.box(
            1.6 + 1.4 * number,
            middle,
            str(size),
            width=0.75,
            height=0.7 + 2.9 * fraction,
            fill=ORANGE_FILL if number == place_of_code else BLUE_FILL,
        )
        if shapes:
            canvas.arrow(shapes[-1].right, shape.left)
        shapes.append(shape)

    # The loss compares the output with the input.
    start, end = 0.6, 1.4 * len(sizes) + 1.2
    canvas.text(start, middle, "input\n$x$")
    canvas.text(end, middle, "output\n$\\hat{x}$")
    below, bottom = middle - 0.45, 0.65
    canvas.arrow(
        (start, below),
        (start, bottom),
        (end, bottom),
        (end, below),
        color=ORANGE,
        style="--",
        head="<|-|>",
    )

    x_of_code = shapes[place_of_code].x
    x_of_encoder = (shapes[0].x + shapes[place_of_code - 1].x) / 2
    x_of_decoder = (shapes[place_of_code + 1].x + shapes[-1].x) / 2
    canvas.text(x_of_encoder, 4.8, "encoder", fontweight="bold")
    canvas.text(x_of_code, middle - 1, "code $z$", fontweight="bold")
    canvas.text(x_of_decoder, 4.8, "decoder", fontweight="bold")
    canvas.text(x_of_code, 0.35, r"loss: distance between $x$ and $\hat{x}$", color=ORANGE)
    return canvas.ax.figure


def plot_gan(ax=None):
    """Plot a generative adversarial network: the forward pass, and what trains each network.

    Args:
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.
    """
    canvas = Canvas(ax, 11.4, 4.8)

    # The lower path generates a sample, the upper one takes a sample from the training data.
    noise = canvas.box(0.9, 1.7, "noise $z$", width=1.3, fill="white")
    generator = canvas.box(3, 1.7, "generator", width=1.6, height=0.9, fill=BLUE_FILL)
    generated = canvas.box(5.2, 1.7, "generated\nsample", width=1.5, height=0.9)
    data = canvas.box(3, 3.6, "training\ndata", width=1.6, height=0.9, fill="white")
    real = canvas.box(5.2, 3.6, "real\nsample", width=1.5, height=0.9)
    canvas.arrow(noise.right, generator.left)
    canvas.arrow(generator.right, generated.left)
    canvas.arrow(data.right, real.left)

    # The discriminator gets both.
    discriminator = canvas.box(7.6, 2.65, "discriminator", width=1.8, height=0.9, fill=BLUE_FILL)
    probability = canvas.box(
        10.2, 2.65, "probability\nof real", width=1.6, height=0.9, fill=ORANGE_FILL
    )
    canvas.arrow(real.right, (7.2, 3.6), (7.2, 3.1))
    canvas.arrow(generated.right, (7.2, 1.7), (7.2, 2.2))
    canvas.arrow(discriminator.right, probability.left)

    # Each network has its own loss.
    canvas.arrow((10.5, 2.2), (10.5, 0.6), (3, 0.6), generator.bottom, color=ORANGE, style="--")
    canvas.text(6.2, 0.3, "trains the generator: make samples that look real", color=ORANGE)
    canvas.arrow((10.2, 3.1), (10.2, 4.2), (7.9, 4.2), (7.9, 3.1), color=BLUE, style=":")
    canvas.text(8.5, 4.5, "trains the discriminator: tell real from generated", color=BLUE)
    return canvas.ax.figure


def plot_siamese(ax=None):
    """Plot a Siamese network: one tower embeds two inputs; the distance tells if they match.

    Source: Bromley et al., "Signature verification using a Siamese time delay neural network",
    1993.

    Args:
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.
    """
    canvas = Canvas(ax, 11.6, 4.6)

    embeddings = []
    for y, number in ((3.6, 1), (1.2, 2)):
        image = canvas.box(1, y, f"input $x_{number}$", width=1.4, height=0.9, fill="white")
        tower = canvas.box(3.5, y, "tower", width=1.8, height=0.9, fill=BLUE_FILL)
        embedding = canvas.box(6.1, y, f"embedding $z_{number}$", width=1.9, height=0.9)
        canvas.arrow(image.right, tower.left)
        canvas.arrow(tower.right, embedding.left)
        embeddings.append(embedding)

    # The two towers are the same network.
    canvas.arrow((3.5, 3.1), (3.5, 1.7), color=BLUE, style="--", head="<|-|>")
    canvas.text(3.65, 2.4, "the same weights", ha="left", color=BLUE)

    distance = canvas.box(
        8.5, 2.4, "distance\n$|z_1 - z_2|$", width=1.6, height=0.9, fill=ORANGE_FILL
    )
    for embedding, edge in zip(embeddings, (2.9, 1.9), strict=True):
        canvas.arrow(embedding.right, (8.5, embedding.y), (8.5, edge))
    decision = canvas.box(10.7, 2.4, "same\nclass?", width=1.2, height=0.9, fill="white")
    canvas.arrow(distance.right, decision.left)
    canvas.text(9.7, 3.2, "threshold", color=ORANGE)

    canvas.text(5.8, 0.3, "loss: small distance for one class, large for two", color=ORANGE)
    return canvas.ax.figure


def plot_capsule(ax=None):
    """Plot how three input capsules give the vector of one output capsule, with the equations.

    Source: Sabour et al., "Dynamic routing between capsules", 2017.

    Args:
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.
    """
    canvas = Canvas(ax, 12, 6.9)
    middle, gap = 4.7, 1.3  # height of the second input, and distance between the inputs

    # Each input capsule votes; the coupling is the weight of its vote in the sum.
    add = canvas.circle(7.9, middle, "+")
    for number in (1, 2, 3):
        y = middle + gap * (2 - number)
        capsule = canvas.box(1.2, y, f"$u_{number}$")
        matrix = canvas.box(3, y, f"$W_{{{number}j}}$", fill=BLUE_FILL)
        vote = canvas.box(4.8, y, f"$\\hat{{u}}_{{j|{number}}}$", fill="white")
        couple = canvas.circle(6.4, y, "×")
        canvas.arrow(capsule.right, matrix.left)
        canvas.arrow(matrix.right, vote.left)
        canvas.arrow(vote.right, couple.left)
        paths = {1: [(add.x, y), add.top], 2: [add.left], 3: [(add.x, y), add.bottom]}
        canvas.arrow(couple.right, *paths[number])
        canvas.text(6.4, y + 0.46, f"$c_{{{number}j}}$", size=0.2)

    squash = canvas.box(9.2, middle, "squash", width=1.1, fill=BLUE_FILL)
    output = canvas.box(10.8, middle, "$v_j$", fill=ORANGE_FILL)
    canvas.arrow(add.right, squash.left)
    canvas.arrow(squash.right, output.left)

    # Back from the output: votes that agree with it get more weight in the next round.
    bottom = middle - gap - 0.85
    canvas.arrow(
        output.bottom, (output.x, bottom), (6.4, bottom), (6.4, middle - gap - 0.24), color=ORANGE
    )
    canvas.text(8.7, bottom - 0.28, "votes that agree with $v_j$ count more", color=ORANGE)
    canvas.text(1.2, 6.6, "input capsules", fontweight="bold")
    canvas.text(4.8, 6.6, "votes", fontweight="bold")
    canvas.text(output.x, middle + 0.6, "output capsule", fontweight="bold")
    canvas.equations(CAPSULE_EQUATIONS[:3], 0.75, 1.65)
    canvas.equations(CAPSULE_EQUATIONS[3:], 6, 1.65)
    return canvas.ax.figure


def plot_agent_environment(ax=None):
    """Plot the loop of reinforcement learning: actions go out, states and rewards come back.

    Source: Sutton and Barto, "Reinforcement learning: an introduction", 2nd edition, figure 3.1;
    actor and critic as in chapter 13.

    Args:
        ax: matplotlib Axes to draw into; a new Figure when None.

    Returns:
        The matplotlib Figure.
    """
    canvas = Canvas(ax, 10.4, 5.4)

    # The agent is two networks: the actor chooses the action, the critic predicts the return.
    canvas.ax.add_patch(
        Rectangle((3.2, 2.55), 4, 2.1, facecolor="none", edgecolor=FAINT, linestyle="--")
    )
    canvas.text(5.2, 4.4, "agent", fontweight="bold")
    actor = canvas.box(6.2, 3.4, "actor\n$\\pi(a_t | s_t)$", width=1.6, height=1, fill=BLUE_FILL)
    critic = canvas.box(4.2, 3.4, "critic\n$v(s_t)$", width=1.6, height=1, fill=BLUE_FILL)
    environment = canvas.box(5.2, 1, "environment", width=4, height=0.9)

    # One step of the loop: the action, then the next state and the reward.
    canvas.arrow(actor.right, (9.2, 3.4), (9.2, 1), environment.right)
    canvas.text(8.3, 3.65, "action $a_t$")
    canvas.arrow(environment.left, (1.2, 1), (1.2, 3.4), (3.2, 3.4))  # for both networks
    canvas.text(2.1, 3.65, "state $s_{t+1}$")
    canvas.arrow((4.2, 1.45), critic.bottom, color=ORANGE, style="--")
    canvas.text(4.05, 2.15, "reward $r_{t+1}$", ha="right", color=ORANGE)

    # The critic's values give the advantage, which trains the actor.
    canvas.arrow(critic.right, actor.left, color=ORANGE, style="--")
    advantage = "trained by the advantage $r_{t+1} + \\gamma v(s_{t+1}) - v(s_t)$"
    canvas.text(5.2, 5, advantage, color=ORANGE)
    return canvas.ax.figure
